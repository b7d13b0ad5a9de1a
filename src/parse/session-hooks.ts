import type { SessionEnd, SessionFinalize, SessionReset, SessionStart } from '../model/event.ts';
import { type Fields, flag, text } from './fields.ts';

export function readSessionStart(fields: Fields): SessionStart {
  const { body, extra } = fields;
  return {
    hook: 'on_session_start',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
  };
}

export function readSessionEnd(fields: Fields): SessionEnd {
  const { body, extra } = fields;
  return {
    hook: 'on_session_end',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    completed: flag(fields, 'completed', body.completed, extra.completed),
    interrupted: flag(fields, 'interrupted', body.interrupted, extra.interrupted),
    failed: flag(fields, 'failed', body.failed, extra.failed),
    turnExitReason: text(fields, 'turn_exit_reason', body.turn_exit_reason, extra.turn_exit_reason),
    reason: text(fields, 'reason', body.reason, extra.reason),
  };
}

export function readSessionFinalize(fields: Fields): SessionFinalize {
  const { body, extra } = fields;
  return {
    hook: 'on_session_finalize',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    reason: text(fields, 'reason', body.reason, extra.reason),
  };
}

export function readSessionReset(fields: Fields): SessionReset {
  const { body, extra } = fields;
  return {
    hook: 'on_session_reset',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    reason: text(fields, 'reason', body.reason, extra.reason),
    oldSessionId: text(fields, 'old_session_id', body.old_session_id, extra.old_session_id),
  };
}
