import type { SubagentStart, SubagentStop } from '../model/event.ts';
import { amount, contentText, type Fields, text } from './fields.ts';

/** A shell hook drops `parent_session_id` and puts its value where every other hook has its own session id. */
function parentSessionId(fields: Fields): string | undefined {
  return text(fields, 'parent_session_id') ?? text(fields, 'session_id');
}

export function readSubagentStart(fields: Fields): SubagentStart {
  return {
    hook: 'subagent_start',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: parentSessionId(fields),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    parentTurnId: text(fields, 'parent_turn_id'),
    parentSubagentId: text(fields, 'parent_subagent_id'),
    childSessionId: text(fields, 'child_session_id'),
    childSubagentId: text(fields, 'child_subagent_id'),
    childRole: text(fields, 'child_role'),
    childGoal: contentText(fields, 'child_goal'),
  };
}

export function readSubagentStop(fields: Fields): SubagentStop {
  return {
    hook: 'subagent_stop',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: parentSessionId(fields),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    parentTurnId: text(fields, 'parent_turn_id'),
    childSessionId: text(fields, 'child_session_id'),
    childRole: text(fields, 'child_role'),
    childStatus: text(fields, 'child_status'),
    durationMillis: amount(fields, 'duration_ms'),
    childSummary: contentText(fields, 'child_summary'),
  };
}
