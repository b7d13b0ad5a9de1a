import type { PostApprovalResponse, PreApprovalRequest } from '../model/event.ts';
import { type Fields, text } from './fields.ts';

export function readPreApprovalRequest(fields: Fields): PreApprovalRequest {
  const { body, extra } = fields;
  return {
    hook: 'pre_approval_request',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    profile: text(fields, 'profile', body.profile, extra.profile),
    surface: text(fields, 'surface', body.surface, extra.surface),
    sessionKey: text(fields, 'session_key', body.session_key, extra.session_key),
    toolCallId: text(fields, 'tool_call_id', body.tool_call_id, extra.tool_call_id),
    patternKey: text(fields, 'pattern_key', body.pattern_key, extra.pattern_key),
    command: text(fields, 'command', body.command, extra.command),
  };
}

export function readPostApprovalResponse(fields: Fields): PostApprovalResponse {
  const { body, extra } = fields;
  return {
    hook: 'post_approval_response',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    profile: text(fields, 'profile', body.profile, extra.profile),
    surface: text(fields, 'surface', body.surface, extra.surface),
    sessionKey: text(fields, 'session_key', body.session_key, extra.session_key),
    toolCallId: text(fields, 'tool_call_id', body.tool_call_id, extra.tool_call_id),
    patternKey: text(fields, 'pattern_key', body.pattern_key, extra.pattern_key),
    command: text(fields, 'command', body.command, extra.command),
    choice: text(fields, 'choice', body.choice, extra.choice),
    decidedBy: text(fields, 'decided_by', body.decided_by, extra.decided_by),
  };
}
