/**
 * Bodies in the forms of other loggers, rewritten to a flat body of Hermes's fields: an envelope around the fields or
 * around the whole hook body, names in camel case, a log driver's line. Off the hot path: called only for a body without
 * a known name or without any id.
 */
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../model/json.ts';
import { isKnownHook } from './hooks.ts';

/** Objects that loggers put a hook's fields, or the whole body, into. */
const INNER = [
  'data',
  'payload',
  'body',
  'kwargs',
  'event',
  'fields',
  'context',
  'params',
  'hook',
  'record',
  'jsonPayload',
];
/** Texts that log drivers put a whole line into: Docker, journald, Fluent Bit, cloud loggers. */
const TEXTS = ['log', 'message', 'msg', 'MESSAGE', 'line', 'body', '_raw', 'textPayload'];
/** Other keys of the name. They count only with the name of a known hook. */
const NAMES = [
  'event_name',
  'hook_name',
  'event_type',
  'hook_event',
  'hookEventName',
  'hookName',
  'eventName',
  'eventType',
  'hookType',
  'type',
  'name',
  'kind',
];
const IDS = ['session_id', 'task_id', 'turn_id', 'parent_session_id', 'child_session_id', 'session_key'];
/** Other keys of fields, where Hermes's own key is missing. */
const ALIASES: readonly (readonly [string, string])[] = [
  ['session', 'session_id'],
  ['task', 'task_id'],
  ['turn', 'turn_id'],
  ['tool', 'tool_name'],
];
const OWN_TIMES = ['ts', 'timestamp', 'time'];
const OTHER_TIMES = ['@timestamp', 'datetime', 'date', '__REALTIME_TIMESTAMP'];
const TIMES = [...OWN_TIMES, ...OTHER_TIMES];

/** A body is rewritten at most this often: a log driver's line can hold an envelope that holds the fields. */
export const MOST_LEVELS = 4;

/** The body one level down, or with Hermes's names; `undefined` when it is in neither form. */
export function reshape(body: JsonObject): JsonObject | undefined {
  return unwrapped(body) ?? renamed(body);
}

/** The name of the hook of an unwrapped body. */
export function nameOf(body: JsonObject): string | undefined {
  const name = body.hook_event_name ?? body.event ?? body.hook;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function unwrapped(body: JsonObject): JsonObject | undefined {
  for (const key of INNER) {
    const inner = body[key];
    if (isJsonObject(inner) && isHookBody(inner, body)) return merged(body, key, inner);
  }
  if (nameOf(body) !== undefined) return undefined;
  for (const key of TEXTS) {
    const inner = objectIn(body[key]);
    if (inner !== undefined) return merged(body, key, inner);
  }
  return undefined;
}

/** True for the whole body of a hook, or for the fields of the hook that `outer` names. */
function isHookBody(inner: JsonObject, outer: JsonObject): boolean {
  if (isKnownHook(nameOf(inner))) return true;
  const names = Object.keys(inner).map(snakeCase);
  return isKnownHook(nameOf(outer) ?? otherName(outer)) && IDS.some((id) => names.includes(id));
}

/** The inner fields first; from outside the time and what else the inner object lacks. */
function merged(outer: JsonObject, key: string, inner: JsonObject): JsonObject {
  const { [key]: _, ...rest } = outer;
  const hasTime = TIMES.some((name) => inner[name] !== undefined);
  const around = hasTime
    ? Object.entries(rest).filter(([name]) => !TIMES.includes(name))
    : Object.entries(rest);
  return { ...Object.fromEntries(around), ...inner };
}

/** The object in a text such as Docker's `{"log": "{…}\n"}`. */
function objectIn(text: JsonValue | undefined): JsonObject | undefined {
  if (typeof text !== 'string' || !text.trimStart().startsWith('{')) return undefined;
  const value = parseJson(text);
  return isJsonObject(value) ? value : undefined;
}

/** With Hermes's names for keys in camel case and for other keys; `undefined` when no key changes. */
function renamed(body: JsonObject): JsonObject | undefined {
  const fields = new Map(Object.entries(body));
  const name = nameOf(body) === undefined ? otherName(body) : undefined;
  if (name !== undefined) fields.set('event', name);
  for (const key of Object.keys(body)) rename(fields, key, snakeCase(key));
  for (const [key, own] of ALIASES) rename(fields, key, own);
  if (!OWN_TIMES.some((key) => fields.has(key))) for (const key of OTHER_TIMES) rename(fields, key, 'ts');
  const changed = [...fields.keys()].some((key) => !Object.hasOwn(body, key));
  return changed ? Object.fromEntries(fields) : undefined;
}

function rename(fields: Map<string, JsonValue | undefined>, key: string, own: string): void {
  if (key === own || !fields.has(key) || isSent(fields.get(own))) return;
  fields.set(own, fields.get(key));
  fields.delete(key);
}

function otherName(body: JsonObject): string | undefined {
  for (const key of NAMES) {
    const name = body[key];
    if (typeof name === 'string' && isKnownHook(name)) return name;
  }
  return undefined;
}

function isSent(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

function snakeCase(key: string): string {
  return /^[a-z][A-Za-z0-9]*[A-Z][A-Za-z0-9]*$/.test(key)
    ? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    : key;
}
