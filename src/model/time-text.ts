import type { JsonValue } from './json.ts';
import { type EpochMicros, epochMicros } from './time.ts';

/** 1990-01-01. Anything earlier is a zero, a duration or a mistaken unit. */
const EARLIEST_MICROS = 631_152_000e6;
/** No time has a longer text. */
const LONGEST_TEXT = 40;
const DECIMAL = /^\d+(?:\.\d+)?$/;
/** Groups: year, month, day, hour, minute, second, fraction, sign of the zone, its hours, its minutes. */
const ISO =
  /^(\d{4})-?(\d\d)-?(\d\d)[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)?$/;

/**
 * A time in any notation of a recorder: epoch seconds, milliseconds, microseconds or nanoseconds, distinguished by
 * magnitude, as a number or its digits in a string; or ISO 8601, where a time without a zone is read as UTC (local-time.ts
 * moves it). `undefined` for anything else, and outside of 1990 to 2255.
 */
export function parseTime(value: JsonValue): EpochMicros | undefined {
  if (typeof value === 'number') return inRange(microsOf(value));
  if (typeof value !== 'string' || value.length > LONGEST_TEXT) return undefined;
  const trimmed = value.trim();
  return inRange(DECIMAL.test(trimmed) ? microsOf(Number(trimmed)) : microsOfIso(trimmed));
}

/** True for a time in ISO 8601 without a zone, which may be local time. */
export function isZoneless(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string') return false;
  const trimmed = value.trim();
  return !DECIMAL.test(trimmed) && !/(?:[Zz]|[+-]\d\d:?(?:\d\d)?)$/.test(trimmed);
}

function inRange(micros: number): EpochMicros | undefined {
  return micros >= EARLIEST_MICROS && micros <= Number.MAX_SAFE_INTEGER ? epochMicros(micros) : undefined;
}

/** Each bound is between the year 2255 in one unit and the year 1990 in the next smaller one. */
function microsOf(value: number): number {
  if (value < 2e10) return value * 1e6;
  if (value < 2e13) return value * 1e3;
  if (value < 2e16) return value;
  return value / 1e3;
}

/** Epoch microseconds of an ISO 8601 date and time, in UTC where it has no zone; NaN for other text. */
export function microsOfIso(text: string): number {
  const match = ISO.exec(text);
  if (match === null) return Number.NaN;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [hour, minute, second] = [Number(match[4]), Number(match[5]), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60) return Number.NaN;
  const zoneMinutes = Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0);
  const offsetMinutes = match[8] === '-' ? -zoneMinutes : zoneMinutes;
  const seconds = startOfDay(year, month, day) / 1e3 + hour * 3600 + (minute - offsetMinutes) * 60 + second;
  return seconds * 1e6 + Number(`0.${match[7] ?? 0}`) * 1e6;
}

// biome-ignore lint/style/noRestrictedGlobals: arithmetic on a calendar; it reads no clock.
const { UTC } = Date;

/** In milliseconds; NaN for a day that does not exist. */
function startOfDay(year: number, month: number, day: number): number {
  const start = UTC(year, month - 1, day);
  // Date.UTC moves the days beyond a month into the next one, and years below 100 into the 20th century.
  const exists = year >= 100 && month >= 1 && month <= 12 && day >= 1 && start < UTC(year, month, 1);
  return exists ? start : Number.NaN;
}
