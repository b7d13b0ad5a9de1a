import type { PostToolCall, PreToolCall } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { shallow } from './depth.ts';
import { amount, type Fields, text, warn, wellFormed } from './fields.ts';
import { errorText, resultError, toolStatus } from './tool-outcome.ts';

export function readPreToolCall(fields: Fields): PreToolCall {
  const { body, extra } = fields;
  return {
    hook: 'pre_tool_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    toolName: toolName(fields),
    toolCallId: text(fields, 'tool_call_id', body.tool_call_id, extra.tool_call_id),
    apiRequestId: text(fields, 'api_request_id', body.api_request_id, extra.api_request_id),
    args: readArgs(fields),
  };
}

export function readPostToolCall(fields: Fields): PostToolCall {
  const { body, extra } = fields;
  const error = resultError(body.result ?? extra.result);
  const status = toolStatus(fields, error);
  return {
    hook: 'post_tool_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    toolName: toolName(fields),
    toolCallId: text(fields, 'tool_call_id', body.tool_call_id, extra.tool_call_id),
    apiRequestId: text(fields, 'api_request_id', body.api_request_id, extra.api_request_id),
    args: readArgs(fields),
    durationMillis: amount(fields, 'duration_ms', body.duration_ms, extra.duration_ms),
    status,
    errorType: text(fields, 'error_type', body.error_type, extra.error_type),
    errorMessage:
      text(fields, 'error_message', body.error_message, extra.error_message) ??
      (status === 'ok' ? undefined : errorText(fields, error)),
    result: fields.content ? readResult(fields) : undefined,
  };
}

function toolName(fields: Fields): string {
  const { body, extra } = fields;
  const name = text(fields, 'tool_name', body.tool_name, extra.tool_name);
  if (name !== undefined) return name;
  warn(fields, 'missing-field', 'tool_name is missing: the tool is called "unknown"');
  return 'unknown';
}

function readArgs(fields: Fields): JsonValue | undefined {
  const { body, extra } = fields;
  const args = body.args ?? body.tool_input ?? extra.args ?? extra.tool_input ?? body.args_digest;
  if (args === undefined || args === null) return undefined;
  return shallow(fields, 'args', args);
}

function readResult(fields: Fields): string | undefined {
  const result = fields.body.result ?? fields.extra.result;
  if (typeof result === 'string') return result === '' ? undefined : wellFormed(fields, 'result', result);
  if (result === undefined || result === null) return undefined;
  return JSON.stringify(shallow(fields, 'result', result));
}
