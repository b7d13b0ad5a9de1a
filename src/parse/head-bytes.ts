/**
 * The head of a line in its bytes, as recorders write it: `{"ts": 1795421979.9, "event": "pre_llm_call"`, with a `pid`
 * before a shell hook's `hook_event_name`. Of the lines that somebody else takes in, this is all that is ever read.
 */
import { startsWith } from '../model/bytes.ts';
import type { EpochMicros } from '../model/time.ts';
import { readerOf } from './hooks.ts';
import { parseTime } from './time.ts';

const TS = Buffer.from('{"ts":');
const PID = Buffer.from('"pid":');
const EVENT = Buffer.from('"event":');
const HOOK_EVENT_NAME = Buffer.from('"hook_event_name":');
const QUOTE = 0x22;
const COMMA = 0x2c;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const BRACE = 0x7d;
const CR = 0x0d;
/** Longer names are no hook's. */
const LONGEST_NAME = 64;

/**
 * The time of the event in a line that is no test payload, as `parseLine` would find it; `undefined` when its head alone
 * does not tell.
 */
export type TimeInBytes = (bytes: Buffer, start: number, end: number) => EpochMicros | undefined;

export function createTimeInBytes(): TimeInBytes {
  const met: Met = new Map();
  const number: NumberInBytes = { value: 0, end: 0 };
  return (bytes, start, end) => {
    // A line may be cut off behind its head.
    if (bytes[bytes[end - 1] === CR ? end - 2 : end - 1] !== BRACE) return undefined;
    const ts = value(bytes, start, TS);
    if (ts < 0) return undefined;
    readNumber(bytes, ts, number);
    const seconds = number.value;
    let at = next(bytes, number.end);
    const pid = value(bytes, at, PID);
    if (pid > 0) {
      readNumber(bytes, pid, number);
      at = next(bytes, number.end);
    }
    const hook = hookAt(bytes, at);
    return hook > 0 && isHook(met, bytes, hook) ? parseTime(seconds) : undefined;
  };
}

/** Hooks that were met before, by some letters of their names: they are few. */
type Met = Map<number, Buffer>;

/** Where the value of the field that names the hook begins; -1 when another field is there. */
function hookAt(bytes: Buffer, at: number): number {
  const event = value(bytes, at, EVENT);
  return event > 0 ? event : value(bytes, at, HOOK_EVENT_NAME);
}

/** Where the value of the field begins whose name is expected at `at`; -1 when another is there, or `at` is -1. */
function value(bytes: Buffer, at: number, name: Buffer): number {
  return at >= 0 && startsWith(bytes, at, name) ? skipSpace(bytes, at + name.length) : -1;
}

/** Where the next field begins behind a value that ends at `at`. */
function next(bytes: Buffer, at: number): number {
  return at >= 0 && bytes[at] === COMMA ? skipSpace(bytes, at + 1) : -1;
}

function skipSpace(bytes: Buffer, at: number): number {
  return bytes[at] === SPACE ? at + 1 : at;
}

/** A number in the bytes of a line. */
interface NumberInBytes {
  /** What `Number` says of the same text. */
  value: number;
  /** Behind it; -1 for anything else than digits, and digits behind a point. */
  end: number;
}

function readNumber(bytes: Buffer, start: number, number: NumberInBytes): void {
  let digits = 0;
  let scale = 0;
  let at = start;
  for (; ; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= ZERO && byte <= NINE) {
      digits = digits * 10 + (byte - ZERO);
      scale *= 10;
    } else if (byte === POINT && scale === 0) scale = 1;
    else break;
  }
  number.end = hasDigits(bytes, start, at) ? at : -1;
  // One division of two exact numbers is rounded as the text would be.
  const isExact = digits <= Number.MAX_SAFE_INTEGER;
  number.value = isExact ? digits / Math.max(1, scale) : Number(bytes.toString('latin1', start, at));
}

/** Of digits and a point in any place: true when there are some, also on both sides of the point. */
function hasDigits(bytes: Buffer, start: number, end: number): boolean {
  return end > start && bytes[start] !== POINT && bytes[end - 1] !== POINT;
}

/** True when the text that begins at `start` is the name of a hook that we know. */
function isHook(met: Met, bytes: Buffer, start: number): boolean {
  if (bytes[start] !== QUOTE) return false;
  const letters = ((bytes[start + 2] ?? 0) << 16) | ((bytes[start + 6] ?? 0) << 8) | (bytes[start + 12] ?? 0);
  const known = met.get(letters);
  if (known !== undefined && startsWith(bytes, start + 1, known)) return true;
  const name = bytes.toString('latin1', start + 1, nameEnd(bytes, start + 1));
  if (readerOf(name) === undefined) return false;
  if (met.size < MOST_MET) met.set(letters, Buffer.from(`${name}"`));
  return true;
}

/** Where the name ends; `from` when it is too long for one. */
function nameEnd(bytes: Buffer, from: number): number {
  for (let at = from; at <= from + LONGEST_NAME; at++) if (bytes[at] === QUOTE) return at;
  return from;
}

/** Some families of hooks have any number of members. */
const MOST_MET = 512;
