/**
 * The head of a line in its bytes, as recorders write it: `{"ts": 1795421979.9, "event": "pre_llm_call"`, with a `pid`
 * before a shell hook's `hook_event_name`. Of the lines that somebody else takes in, this is all that is ever read.
 */
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
/** A whole number of more digits is never exact. */
const MOST_DIGITS = 16;
/** Longer names are no hook's. */
const LONGEST_NAME = 64;

/**
 * The time of the event in a line that is no test payload, as `parseLine` would find it; `undefined` when its head alone
 * does not tell.
 */
export type TimeInBytes = (bytes: Buffer, start: number, end: number) => EpochMicros | undefined;

export function createTimeInBytes(): TimeInBytes {
  /** Hooks that were met before, by a number of their names: they are few. */
  const met: Met = new Map();
  return (bytes, start, end) => {
    // A line may be cut off behind its head.
    if (bytes[bytes[end - 1] === CR ? end - 2 : end - 1] !== BRACE) return undefined;
    const ts = value(bytes, start, TS);
    const tsEnd = numberEnd(bytes, ts);
    let at = next(bytes, tsEnd);
    const pid = value(bytes, at, PID);
    if (pid > 0) at = next(bytes, digitsEnd(bytes, pid));
    const hook = hookAt(bytes, at);
    return hook > 0 && isHook(met, bytes, hook) ? parseTime(seconds(bytes, ts, tsEnd)) : undefined;
  };
}

type Met = Map<number, Buffer>;

/** Where the value of the field that names the hook begins; -1 when another field is there. */
function hookAt(bytes: Buffer, at: number): number {
  const event = value(bytes, at, EVENT);
  return event > 0 ? event : value(bytes, at, HOOK_EVENT_NAME);
}

/** Where the value of the field begins whose name is expected at `at`; -1 when another is there, or `at` is -1. */
function value(bytes: Buffer, at: number, name: Buffer): number {
  if (at < 0) return -1;
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return -1;
  return skipSpace(bytes, at + name.length);
}

/** Where the next field begins behind a value that ends at `at`. */
function next(bytes: Buffer, at: number): number {
  return at >= 0 && bytes[at] === COMMA ? skipSpace(bytes, at + 1) : -1;
}

function skipSpace(bytes: Buffer, at: number): number {
  return bytes[at] === SPACE ? at + 1 : at;
}

function digitsEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (isDigit(bytes[at])) at++;
  return at === start ? -1 : at;
}

/** The end of digits, and of digits behind a point; -1 for anything else. */
function numberEnd(bytes: Buffer, start: number): number {
  const end = start < 0 ? -1 : digitsEnd(bytes, start);
  return end >= 0 && bytes[end] === POINT ? digitsEnd(bytes, end + 1) : end;
}

function isDigit(byte = 0): boolean {
  return byte >= ZERO && byte <= NINE;
}

/** What `Number` says of the same text. */
function seconds(bytes: Buffer, start: number, end: number): number {
  const asText = () => Number(bytes.toString('latin1', start, end));
  if (end - start > MOST_DIGITS + 1) return asText();
  let digits = 0;
  let scale = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === POINT) scale = 1;
    else {
      digits = digits * 10 + byte - ZERO;
      scale *= 10;
    }
  }
  if (digits > Number.MAX_SAFE_INTEGER) return asText();
  // One division of two exact numbers is rounded as the text would be.
  return scale === 0 ? digits : digits / scale;
}

/** True when the text that begins at `start` is the name of a hook that we know. */
function isHook(met: Met, bytes: Buffer, start: number): boolean {
  if (bytes[start] !== QUOTE) return false;
  let hash = 0;
  let end = start + 1;
  for (; bytes[end] !== QUOTE; end++) {
    if (end - start > LONGEST_NAME) return false;
    hash = (Math.imul(hash, 31) + (bytes[end] ?? 0)) | 0;
  }
  const known = met.get(hash);
  if (known !== undefined && isSame(bytes, start + 1, end, known)) return true;
  const name = bytes.toString('latin1', start + 1, end);
  if (readerOf(name) === undefined) return false;
  if (met.size < MOST_MET) met.set(hash, Buffer.from(name));
  return true;
}

/** Some families of hooks have any number of members. */
const MOST_MET = 512;

function isSame(bytes: Buffer, start: number, end: number, name: Buffer): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) if (bytes[start + i] !== name[i]) return false;
  return true;
}
