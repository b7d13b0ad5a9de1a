import type { PostApprovalResponse, PreApprovalRequest } from '../model/event.ts';
import { contentText, type Fields, text } from './fields.ts';

export function readPreApprovalRequest(fields: Fields): PreApprovalRequest {
  return {
    hook: 'pre_approval_request',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    surface: text(fields, 'surface'),
    sessionKey: text(fields, 'session_key'),
    toolCallId: text(fields, 'tool_call_id'),
    patternKey: text(fields, 'pattern_key'),
    command: contentText(fields, 'command'),
  };
}

export function readPostApprovalResponse(fields: Fields): PostApprovalResponse {
  return {
    hook: 'post_approval_response',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    surface: text(fields, 'surface'),
    sessionKey: text(fields, 'session_key'),
    toolCallId: text(fields, 'tool_call_id'),
    patternKey: text(fields, 'pattern_key'),
    command: contentText(fields, 'command'),
    choice: text(fields, 'choice'),
    decidedBy: text(fields, 'decided_by'),
  };
}
