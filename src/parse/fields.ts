import type { Diagnostic } from '../model/diagnostic.ts';
import type { EventBase, HookName } from '../model/event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import type { LineRef } from '../model/line.ts';
import type { EpochMicros } from '../model/time.ts';
import { parseTime } from '../model/time-text.ts';

/**
 * The fields of one hook call, read by name and type from any envelope. A field of the wrong type is left out with a
 * warning. The readers of hooks choose the fields.
 *
 * Readers are object literals with plain property reads, assigned to the fields that all hooks have. Both are measured:
 * spreading those takes fifty times as long as `Object.assign`, reading by computed key half as long again. Plain reads
 * see own properties only: `JSON.parse` makes a `__proto__` key an own property, and no field of Hermes has a name of
 * `Object.prototype`.
 */
export interface Fields extends LineRef {
  /** Hermes's name of the hook. */
  readonly hook: string;
  readonly body: JsonObject;
  /** The `extra` object of a shell hook or webhook, else an empty object. */
  readonly extra: JsonObject;
  /** `ParseOptions.content`. */
  readonly content: boolean;
  /** The recorder's time, 0 when the line has none. */
  time: EpochMicros;
  /** `undefined` until the first one: most lines need no list. */
  diagnostics: Diagnostic[] | undefined;
}

/** The fields that all hooks have. */
export function common<H extends HookName>(
  fields: Fields,
  hook: H,
  sessionId = text(fields, 'session_id', fields.body.session_id, fields.extra.session_id),
): EventBase & { readonly hook: H } {
  const { source, line, time, body, extra } = fields;
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
  };
}

type Found = JsonValue | undefined;

/** Shorter ids without a colon are counters, such as `1` or `turn-3`. */
const SHORTEST_TURN_ID = 16;

/** The id of a turn. A counter names another turn in each session, so the session's id is put before it. */
export function turnIdIn(sessionId: string | undefined, id: string | undefined): string | undefined {
  if (id === undefined || sessionId === undefined || id.length >= SHORTEST_TURN_ID) return id;
  return id.includes(':') ? id : `${sessionId}:${id}`;
}

/** A string; `undefined` for '' too, which Hermes writes for a missing id. */
export function text(fields: Fields, key: string, top: Found, inner?: Found): string | undefined {
  const value = top ?? inner;
  if (typeof value === 'string') return value === '' ? undefined : wellFormed(fields, key, value);
  return value === undefined || value === null ? undefined : wrongType(fields, key, value, 'a string');
}

/** As `text`, for content: `undefined` unless `fields.content`. */
export function contentText(fields: Fields, key: string, top: Found, inner?: Found): string | undefined {
  return fields.content ? text(fields, key, top, inner) : undefined;
}

export function flag(fields: Fields, key: string, top: Found, inner?: Found): boolean | undefined {
  const value = top ?? inner;
  if (typeof value === 'boolean') return value;
  return value === undefined || value === null ? undefined : wrongType(fields, key, value, 'true or false');
}

/** A whole number from 0. */
export function count(fields: Fields, key: string, top: Found, inner?: Found): number | undefined {
  const value = top ?? inner;
  if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) return value;
  return value === undefined || value === null
    ? undefined
    : wrongType(fields, key, value, 'a whole number from 0');
}

/** More than any duration or price in its unit; twelve digits stay exact in microseconds. */
const LARGEST_AMOUNT = 1e12;

/** A number from 0, in the field's own unit. */
export function amount(fields: Fields, key: string, top: Found, inner?: Found): number | undefined {
  const value = top ?? inner;
  if (typeof value === 'number' && value >= 0 && value <= LARGEST_AMOUNT) return value;
  return value === undefined || value === null
    ? undefined
    : wrongType(fields, key, value, 'a number from 0 to 1e12');
}

/** A duration in seconds, as microseconds. */
export function secondsAsMicros(fields: Fields, key: string, top: Found, inner?: Found): number | undefined {
  const seconds = amount(fields, key, top, inner);
  return seconds === undefined ? undefined : Math.round(seconds * 1e6);
}

/** A time in any notation of `parseTime`. */
export function moment(fields: Fields, key: string, top: Found, inner?: Found): EpochMicros | undefined {
  const value = top ?? inner;
  if (value === undefined || value === null) return undefined;
  const time = parseTime(value);
  if (time === undefined) warn(fields, 'bad-time', `${key} is not a time between 1990 and 2255: left out`);
  return time;
}

export function warn(fields: Fields, code: string, message: string): void {
  fields.diagnostics ??= [];
  fields.diagnostics.push({
    severity: 'warning',
    code,
    message: `${fields.hook}: ${message}`,
    at: { source: fields.source, line: fields.line },
  });
}

export function wrongType(fields: Fields, key: string, value: JsonValue, expected: string): undefined {
  warn(fields, 'wrong-type', `${key} is ${kindOf(value)}, not ${expected}: left out`);
  return undefined;
}

/** Replaces half surrogate pairs (from escapes such as `\ud800`), which receivers refuse, with U+FFFD. */
export function wellFormed(fields: Fields, key: string, value: string): string {
  if (value.isWellFormed()) return value;
  warn(fields, 'lone-surrogate', `${key} has half a surrogate pair: read as U+FFFD`);
  return value.toWellFormed();
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number too large';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Far more levels than tool arguments have, far fewer than the stack of `JSON.stringify` allows. */
const DEEPEST = 100;

/** `value`, or `undefined` with a warning when its nesting would overflow the stack of `JSON.stringify`. */
export function shallow<V extends JsonValue>(fields: Fields, key: string, value: V): V | undefined {
  if (!isDeep(value)) return value;
  warn(fields, 'too-deep', `${key} is nested more than ${DEEPEST} levels deep: left out`);
  return undefined;
}

export function isDeep(value: JsonValue | undefined, levels = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (isJsonObject(value)) return hasDeep(value, levels - 1);
  return value.some((inner) => isDeep(inner, levels - 1));
}

/** Uses `for…in`, which allocates no list, as the arguments of every tool call come through here. */
function hasDeep(object: JsonObject, levels: number): boolean {
  for (const key in object) {
    const inner = object[key];
    if (typeof inner === 'object' && isDeep(inner, levels)) return true;
  }
  return false;
}
