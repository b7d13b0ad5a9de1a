import type { SubagentStart, SubagentStop } from '../model/event.ts';
import { amount, common, contentText, type Fields, text, turnIdIn } from './fields.ts';

/** The fields of both hooks. */
function subagent<H extends 'subagent_start' | 'subagent_stop'>(fields: Fields, hook: H) {
  const { body, extra } = fields;
  const sessionId = parentSessionId(fields);
  const parentTurnId = text(fields, 'parent_turn_id', body.parent_turn_id, extra.parent_turn_id);
  return Object.assign(common(fields, hook, sessionId), {
    parentTurnId: turnIdIn(sessionId, parentTurnId),
    childSessionId: text(fields, 'child_session_id', body.child_session_id, extra.child_session_id),
    childRole: text(fields, 'child_role', body.child_role, extra.child_role),
  });
}

/** The parent's session. A shell hook has it in `session_id`, instead of `parent_session_id`. */
function parentSessionId(fields: Fields): string | undefined {
  const { body, extra } = fields;
  return (
    text(fields, 'parent_session_id', body.parent_session_id, extra.parent_session_id) ??
    text(fields, 'session_id', body.session_id, extra.session_id)
  );
}

export function readSubagentStart(fields: Fields): SubagentStart {
  const { body, extra } = fields;
  return Object.assign(subagent(fields, 'subagent_start'), {
    childSubagentId: text(fields, 'child_subagent_id', body.child_subagent_id, extra.child_subagent_id),
    childGoal: contentText(fields, 'child_goal', body.child_goal, extra.child_goal),
  });
}

export function readSubagentStop(fields: Fields): SubagentStop {
  const { body, extra } = fields;
  return Object.assign(subagent(fields, 'subagent_stop'), {
    childStatus: text(fields, 'child_status', body.child_status, extra.child_status),
    durationMillis: amount(fields, 'duration_ms', body.duration_ms, extra.duration_ms),
    childSummary: contentText(fields, 'child_summary', body.child_summary, extra.child_summary),
  });
}
