import type { Diagnostic } from '../model/diagnostic.ts';
import type { JsonObject, JsonValue } from '../model/json.ts';
import type { LineRef } from '../model/line.ts';
import type { EpochMicros } from '../model/time.ts';
import { parseTime } from './time.ts';

/**
 * The fields of one hook call, whichever envelope they came in, read by name and by type. A field of the wrong type
 * is left out with a warning. Nothing here knows which hook has which field.
 *
 * Plain property reads are own-property reads here: `JSON.parse` makes a `__proto__` key an own property and leaves
 * the prototype alone, and no name in Hermes's contract is a name of `Object.prototype`.
 */
export interface Fields extends LineRef {
  /** Hermes's name of the hook. */
  readonly hook: string;
  readonly body: JsonObject;
  /** The `extra` object of a shell hook or webhook, else an empty object. */
  readonly extra: JsonObject;
  /** True when content was asked for. */
  readonly content: boolean;
  /** The recorder's time: 0 until it is read, and for good when there is none. */
  time: EpochMicros;
  /** `undefined` as long as there is none: most lines never need the list. */
  diagnostics: Diagnostic[] | undefined;
}

type Found = JsonValue | undefined;

/** `undefined` for '' too: Hermes writes '' for an id it does not have. */
export function text(fields: Fields, key: string, top: Found, inner?: Found): string | undefined {
  const value = top ?? inner;
  if (typeof value === 'string') return value === '' ? undefined : wellFormed(fields, key, value);
  return value === undefined || value === null ? undefined : wrongType(fields, key, value, 'a string');
}

/** As `text`, for what people and tools said: `undefined` unless content was asked for. */
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

/** A finite number from 0, in the field's own unit. */
export function amount(fields: Fields, key: string, top: Found, inner?: Found): number | undefined {
  const value = top ?? inner;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  return value === undefined || value === null ? undefined : wrongType(fields, key, value, 'a number from 0');
}

/** A duration that Hermes gives in float seconds. */
export function secondsAsMicros(fields: Fields, key: string, top: Found, inner?: Found): number | undefined {
  const seconds = amount(fields, key, top, inner);
  return seconds === undefined ? undefined : Math.round(seconds * 1e6);
}

/** A point in time in any notation that `parseTime` reads. */
export function moment(fields: Fields, key: string, top: Found, inner?: Found): EpochMicros | undefined {
  const value = top ?? inner;
  if (value === undefined || value === null) return undefined;
  const time = parseTime(value);
  if (time === undefined) warn(fields, 'bad-time', `${key} is no time between 1971 and 2255: left out`);
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

/** Half a surrogate pair, which only an escape such as `\ud800` can bring, is no text that a receiver takes. */
export function wellFormed(fields: Fields, key: string, value: string): string {
  if (value.isWellFormed()) return value;
  warn(fields, 'lone-surrogate', `${key} holds half a surrogate pair: read as U+FFFD`);
  return value.toWellFormed();
}

function kindOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : 'a number too large';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
