import type { PostToolCall, PreToolCall, ToolStatus } from '../model/event.ts';
import { isJsonObject, isTruthy, type JsonValue, parseJson } from '../model/json.ts';
import { amount, type Fields, shallow, text, turnIdIn, warn, wellFormed } from './fields.ts';

export function readPreToolCall(fields: Fields): PreToolCall {
  return toolCall(fields, 'pre_tool_call');
}

export function readPostToolCall(fields: Fields): PostToolCall {
  const { body, extra } = fields;
  const error = resultError(body.result ?? extra.result);
  const status = toolStatus(fields, error);
  return Object.assign(toolCall(fields, 'post_tool_call'), {
    durationMillis: amount(fields, 'duration_ms', body.duration_ms, extra.duration_ms),
    status,
    errorType: text(fields, 'error_type', body.error_type, extra.error_type),
    errorMessage:
      text(fields, 'error_message', body.error_message, extra.error_message) ??
      (status === 'ok' ? undefined : errorText(fields, error)),
    result: fields.content ? readResult(fields) : undefined,
  });
}

/** Spelled out, as most events are tool calls: assigning to `common` takes three times as long. */
function toolCall<H extends 'pre_tool_call' | 'post_tool_call'>(fields: Fields, hook: H) {
  const { source, line, time, body, extra } = fields;
  const sessionId = text(fields, 'session_id', body.session_id, extra.session_id);
  return {
    hook,
    source,
    line,
    time,
    sessionId,
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: turnIdIn(sessionId, text(fields, 'turn_id', body.turn_id, extra.turn_id)),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    profile: text(fields, 'profile', body.profile, extra.profile),
    toolName: toolName(fields),
    toolCallId: text(fields, 'tool_call_id', body.tool_call_id, extra.tool_call_id),
    apiRequestId: text(fields, 'api_request_id', body.api_request_id, extra.api_request_id),
    args: readArgs(fields),
  };
}

function toolName(fields: Fields): string {
  const { body, extra } = fields;
  // Hermes's plugin guide and recipes with jq write `tool`.
  const name =
    text(fields, 'tool_name', body.tool_name, extra.tool_name) ?? text(fields, 'tool', body.tool, extra.tool);
  if (name !== undefined) return name;
  warn(fields, 'missing-field', 'no tool_name or tool: the tool is called "unknown"');
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

const KEY = '"error"';
const OPENING_BRACE = 0x7b;
const COLON = 0x3a;
/** Hermes's statuses, and other words that recorders and foreign tools use for them. */
const STATUSES: ReadonlyMap<string, ToolStatus> = new Map(
  Object.entries({
    ok: 'ok success succeeded successful completed complete done passed',
    error: 'error errored failed failure fail exception',
    blocked: 'blocked denied rejected forbidden refused declined',
    cancelled: 'cancelled canceled interrupted aborted skipped',
    timeout: 'timeout timed_out timedout timed-out expired',
  } satisfies Record<ToolStatus, string>).flatMap(([status, words]) =>
    words.split(' ').map((word): [string, ToolStatus] => [word, status as ToolStatus]),
  ),
);

/**
 * The status of a tool call. A truthy error in the result overrides `ok`, and decides alone where there is no status, as
 * before 0.16. A falsy error is none in any dialect: every good terminal result has `"error": null`.
 */
function toolStatus(fields: Fields, error: JsonValue | undefined): ToolStatus {
  const derived = isTruthy(error) ? 'error' : 'ok';
  const status = text(fields, 'status', fields.body.status, fields.extra.status);
  if (status === undefined || status === 'ok') return derived;
  const known = STATUSES.get(status) ?? STATUSES.get(status.toLowerCase());
  if (known !== undefined) return known === 'ok' ? derived : known;
  warn(fields, 'unknown-status', `status is not one of Hermes's: read as ${derived} from the result`);
  return derived;
}

/** The `error` in a result that is an object, or JSON text of one; `undefined` when there is none, or null. */
function resultError(result: JsonValue | undefined): JsonValue | undefined {
  const value = typeof result === 'string' && mayHoldError(result) ? parseJson(result) : result;
  return isJsonObject(value) ? (value.error ?? undefined) : undefined;
}

/** The error as text: a string as it is, other values as JSON. */
function errorText(fields: Fields, error: JsonValue | undefined): string | undefined {
  if (error === undefined || error === '') return undefined;
  if (typeof error === 'string') return wellFormed(fields, 'error', error);
  return JSON.stringify(shallow(fields, 'error', error));
}

/**
 * False when `result` cannot be an object with an error, which saves parsing it: results can be megabytes, and nearly
 * all have `"error": null` or none. (In a string the quotes around the key would be escaped.)
 */
function mayHoldError(result: string): boolean {
  if (result.charCodeAt(afterSpace(result, 0)) !== OPENING_BRACE) return false;
  for (let at = result.indexOf(KEY); at !== -1; at = result.indexOf(KEY, at + 1)) {
    const colon = afterSpace(result, at + KEY.length);
    if (result.charCodeAt(colon) !== COLON) continue;
    if (!result.startsWith('null', afterSpace(result, colon + 1))) return true;
  }
  return false;
}

/** The first index from `from` that is not JSON white space. */
function afterSpace(text: string, from: number): number {
  let at = from;
  let code = text.charCodeAt(at);
  while (code === 32 || (code >= 9 && code <= 13)) code = text.charCodeAt(++at);
  return at;
}
