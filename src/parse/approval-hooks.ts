import type { PostApprovalResponse, PreApprovalRequest } from '../model/event.ts';
import { common, type Fields, text } from './fields.ts';

export function readPreApprovalRequest(fields: Fields): PreApprovalRequest {
  return approval(fields, 'pre_approval_request');
}

export function readPostApprovalResponse(fields: Fields): PostApprovalResponse {
  const { body, extra } = fields;
  return Object.assign(approval(fields, 'post_approval_response'), {
    choice: text(fields, 'choice', body.choice, extra.choice),
    decidedBy: text(fields, 'decided_by', body.decided_by, extra.decided_by),
  });
}

function approval<H extends 'pre_approval_request' | 'post_approval_response'>(fields: Fields, hook: H) {
  const { body, extra } = fields;
  return Object.assign(common(fields, hook), {
    surface: text(fields, 'surface', body.surface, extra.surface),
    sessionKey: text(fields, 'session_key', body.session_key, extra.session_key),
    toolCallId: text(fields, 'tool_call_id', body.tool_call_id, extra.tool_call_id),
    patternKey: text(fields, 'pattern_key', body.pattern_key, extra.pattern_key),
    command: text(fields, 'command', body.command, extra.command),
  });
}
