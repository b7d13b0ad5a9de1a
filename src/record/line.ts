import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import { parseBody } from './body.ts';
import { HEAVY, REVIEW_OPENING } from './fields.ts';
import { type Room, roomFor, type TrimLimits, trimObject, trimText } from './trim.ts';

/**
 * One line (without its end) for one body of a shell hook: `head` in front, heavy fields dropped, strings cut, content
 * left out unless `limits.content`. What a replayer would have read from dropped content is put beside it in `extra`.
 */
export function lineOf(head: JsonObject, body: JsonObject, limits: TrimLimits): string {
  const hook = typeof body.hook_event_name === 'string' ? body.hook_event_name : '';
  const room = roomFor(hook, limits);
  const { extra, ...envelope } = body;
  const fields = { ...head, ...trimObject(withoutHeavy(envelope), room) };
  if (!isJsonObject(extra)) {
    return JSON.stringify(fields);
  }
  const kept = trimObject(withoutHeavy(extra), room);
  return JSON.stringify({
    ...fields,
    extra: { ...kept, ...reviewPrompt(extra, limits), ...outcome(hook, extra, room) },
  });
}

function withoutHeavy(fields: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !HEAVY.has(name)));
}

/** Such a turn is not the user's, and when the message is left out nothing else in the log says so. */
function reviewPrompt(extra: JsonObject, limits: TrimLimits): JsonObject {
  return limits.content || extra.user_message === undefined
    ? {}
    : { review_prompt: openingOf(extra.user_message).startsWith(REVIEW_OPENING) };
}

/** How a tool call ended, where Hermes (before 0.16) does not say and the result may be cut or left out. */
function outcome(hook: string, extra: JsonObject, room: Room): JsonObject {
  if (hook !== 'post_tool_call' || extra.status) {
    return {};
  }
  const error = errorOf(extra.result);
  if (error === undefined) {
    return { status: 'ok' };
  }
  const message = room.limits.content ? { error_message: trimText('', error, room) } : {};
  return { status: 'error', ...message };
}

/** The start of a user message: a string, or a list of content parts. '' when it is no text. */
function openingOf(message: JsonValue): string {
  const [first] = Array.isArray(message) ? message : [message];
  const text: JsonValue | undefined = isJsonObject(first) ? first.text : first;
  return typeof text === 'string' ? text : '';
}

/**
 * The error that a tool's result tells of: Hermes's own rule (0.16 and later) is a truthy `error` in a JSON object.
 * `undefined` when there is none; a successful terminal result carries `"error": null`.
 */
function errorOf(result: JsonValue | undefined): string | undefined {
  const object = typeof result === 'string' ? parseBody(result) : result;
  const error = isJsonObject(object) ? object.error : undefined;
  if (!truthy(error)) {
    return undefined;
  }
  return typeof error === 'string' ? error : JSON.stringify(error);
}

/** As Python means it: an empty list or object is no error. */
function truthy(value: JsonValue | undefined): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}
