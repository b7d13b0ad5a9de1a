import type { PostToolCall, PreToolCall } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { isDeep } from './depth.ts';
import { amount, type Fields, field, text, warn, wellFormed } from './fields.ts';
import { errorText, resultError, toolStatus } from './tool-outcome.ts';

export function readPreToolCall(fields: Fields): PreToolCall {
  return {
    hook: 'pre_tool_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    toolName: toolName(fields),
    toolCallId: text(fields, 'tool_call_id'),
    apiRequestId: text(fields, 'api_request_id'),
    args: readArgs(fields),
  };
}

export function readPostToolCall(fields: Fields): PostToolCall {
  const error = resultError(field(fields, 'result'));
  const status = toolStatus(fields, error);
  return {
    hook: 'post_tool_call',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id'),
    taskId: text(fields, 'task_id'),
    turnId: text(fields, 'turn_id'),
    model: text(fields, 'model'),
    platform: text(fields, 'platform'),
    toolName: toolName(fields),
    toolCallId: text(fields, 'tool_call_id'),
    apiRequestId: text(fields, 'api_request_id'),
    args: readArgs(fields),
    durationMillis: amount(fields, 'duration_ms'),
    status,
    errorType: text(fields, 'error_type'),
    errorMessage: text(fields, 'error_message') ?? (status === 'ok' ? undefined : errorText(error)),
    result: fields.content ? readResult(fields) : undefined,
  };
}

function toolName(fields: Fields): string {
  const name = text(fields, 'tool_name');
  if (name !== undefined) return name;
  warn(fields, 'missing-field', 'tool_name is missing: the tool is called "unknown"');
  return 'unknown';
}

function readArgs(fields: Fields): JsonValue | undefined {
  const args = field(fields, 'args') ?? field(fields, 'tool_input');
  if (args === undefined || args === null) return undefined;
  return shallow(fields, 'args', args);
}

function readResult(fields: Fields): string | undefined {
  const result = field(fields, 'result');
  if (typeof result === 'string') return wellFormed(result);
  if (result === undefined || result === null) return undefined;
  return shallow(fields, 'result', result) === undefined ? undefined : JSON.stringify(result);
}

/** What is nested too deeply cannot be written out again: `JSON.stringify` would run out of stack. */
function shallow(fields: Fields, key: string, value: JsonValue): JsonValue | undefined {
  if (!isDeep(value)) return value;
  warn(fields, 'too-deep', `${key} is nested too deeply: left out`);
  return undefined;
}
