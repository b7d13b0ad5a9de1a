import * as fs from 'node:fs';
import { isJsonObject, isTruthy, type JsonObject, type JsonValue, parseJson } from '../model/json.ts';
import { errorCode } from '../model/system-error.ts';
import {
  HEAVY,
  MESSAGES,
  RECENT_MESSAGES,
  REVIEW_OPENING,
  type Room,
  roomFor,
  TOOL_CHARS,
  type TrimLimits,
  trimObject,
  trimText,
} from './fields.ts';

/**
 * One line (without a line break) for one body of a shell hook: `head` first, heavy fields removed, strings truncated, and
 * content removed unless `limits.content`. What a replay needs to know of removed content is added to `extra`.
 */
export function lineOf(head: JsonObject, body: JsonObject, limits: TrimLimits): string {
  const hook = typeof body.hook_event_name === 'string' ? body.hook_event_name : '';
  const room = roomFor(hook, limits);
  const { extra, ...envelope } = body;
  const fields = { ...head, ...trimObject(withoutHeavy(envelope), room) };
  if (!isJsonObject(extra)) return JSON.stringify(fields);
  const kept = trimObject(withoutHeavy(extra), room);
  return JSON.stringify({
    ...fields,
    extra: {
      ...kept,
      ...reviewPrompt(extra, limits),
      ...outcome(hook, extra, room),
      ...conversation(extra, limits),
    },
  });
}

function withoutHeavy(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !HEAVY.has(name)));
}

/** Request and response of a model, within limits of their own: they take no room from the other fields. */
function conversation(extra: JsonObject, limits: TrimLimits): JsonObject {
  if (!limits.content || !limits.messages) return {};
  const names = [...MESSAGES].filter((name) => extra[name] !== undefined && extra[name] !== null);
  return Object.assign(
    {},
    ...names.map((name) => trimObject({ [name]: recent(extra[name]) }, roomFor('', limits))),
  );
}

/** A request with its newest messages and the names of its tools; anything else as it is. */
function recent(request: JsonValue | undefined): JsonValue | undefined {
  if (!isJsonObject(request) || !isJsonObject(request.body)) return request;
  const body: Record<string, JsonValue | undefined> = { ...request.body };
  for (const name of ['messages', 'input']) {
    const list = body[name];
    if (Array.isArray(list)) {
      body[name] = list.slice(-RECENT_MESSAGES);
    }
  }
  if (Array.isArray(body.tools)) {
    body.tools = body.tools.map(named);
  }
  return { body };
}

/** A tool without its schema: all schemas are 40 KB, with each request. */
function named(tool: JsonValue): JsonObject {
  const definition = isJsonObject(tool) && isJsonObject(tool.function) ? tool.function : tool;
  const { name, description } = isJsonObject(definition) ? definition : {};
  return {
    ...(typeof name === 'string' && name !== '' && { name: name.slice(0, TOOL_CHARS) }),
    ...(typeof description === 'string' &&
      description !== '' && { description: description.slice(0, TOOL_CHARS) }),
  };
}

/** Marks turns of Hermes's background review, which only the message distinguishes from the user's turns. */
function reviewPrompt(extra: JsonObject, limits: TrimLimits): JsonObject {
  return limits.content || extra.user_message === undefined
    ? {}
    : { review_prompt: openingOf(extra.user_message).startsWith(REVIEW_OPENING) };
}

/** How a tool call ended. Hermes before 0.16 does not report it, and the result may be truncated or removed. */
function outcome(hook: string, extra: JsonObject, room: Room): JsonObject {
  if (hook !== 'post_tool_call' || extra.status) return {};
  const error = errorOf(extra.result);
  if (error === undefined) return { status: 'ok' };
  const message = room.limits.content ? { error_message: trimText('', error, room) } : {};
  return { status: 'error', ...message };
}

/** The first text of a user message, which is a string or a list of content parts; '' when it is not text. */
function openingOf(message: JsonValue): string {
  const [first] = Array.isArray(message) ? message : [message];
  const text: JsonValue | undefined = isJsonObject(first) ? first.text : first;
  return typeof text === 'string' ? text : '';
}

/**
 * The error in a tool's result, by the rule of Hermes 0.16 and later: a truthy `error` in a JSON object.
 * `undefined` without one; a successful terminal result has `"error": null`.
 */
function errorOf(result: JsonValue | undefined): string | undefined {
  const object = typeof result === 'string' ? parseBody(result) : result;
  const error = isJsonObject(object) ? object.error : undefined;
  if (!isTruthy(error)) return undefined;
  return typeof error === 'string' ? error : JSON.stringify(error);
}

/** A JSON string, or one of the numbers that Python's `json` writes although JSON does not have them. */
const STRING_OR_PYTHON_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/gs;

/** The body that Hermes wrote to standard input; `undefined` when it is not a JSON object. */
export function parseBody(text: string): JsonObject | undefined {
  const value =
    parseJson(text) ??
    parseJson(text.replace(STRING_OR_PYTHON_NUMBER, (found) => (found.startsWith('"') ? found : 'null')));
  return isJsonObject(value) ? value : undefined;
}

/** The largest body seen of Hermes is below 1 MB. Beyond this limit the input is not from Hermes. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;
const RETRY_MILLIS = 5;
const MAX_RETRIES = 1000;

/**
 * Reads the descriptor to its end, as text; `undefined` for a terminal, which has no end, and beyond the limit.
 * Synchronous, because the agent waits and a stream costs several milliseconds.
 */
export function readBody(fd: number): string | undefined {
  if (fs.fstatSync(fd).isCharacterDevice()) return undefined;
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for (let chunk = readChunk(fd); chunk.length > 0; chunk = readChunk(fd)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BODY_BYTES) return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The next bytes; none at the end, or after five seconds of silence. */
function readChunk(fd: number): Buffer {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let retries = 0; retries < MAX_RETRIES; retries += 1) {
    try {
      return chunk.subarray(0, fs.readSync(fd, chunk));
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLIS);
    }
  }
  return chunk.subarray(0, 0);
}
