import type { SessionEnd, SessionFinalize, SessionReset, SessionStart } from '../model/event.ts';
import { type Fields, flag, text } from './fields.ts';

export function readSessionStart(fields: Fields): SessionStart {
  return {
    hook: 'on_session_start',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
  };
}

export function readSessionEnd(fields: Fields): SessionEnd {
  return {
    hook: 'on_session_end',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    completed: flag(fields, 'completed'),
    interrupted: flag(fields, 'interrupted'),
    failed: flag(fields, 'failed'),
    turnExitReason: text(fields, 'turn_exit_reason'),
    reason: text(fields, 'reason'),
  };
}

export function readSessionFinalize(fields: Fields): SessionFinalize {
  return {
    hook: 'on_session_finalize',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    reason: text(fields, 'reason'),
  };
}

export function readSessionReset(fields: Fields): SessionReset {
  return {
    hook: 'on_session_reset',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    reason: text(fields, 'reason'),
    oldSessionId: text(fields, 'old_session_id'),
  };
}
