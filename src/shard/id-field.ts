/** One id field in the bytes of a line. What cannot be read without unescaping or decoding is left to the caller. */
import { startsWith } from '../model/bytes.ts';

const QUOTE = 0x22;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const BACKSLASH = 0x5c;
const FIRST_NON_ASCII = 0x80;

/** The value is no text, or ''. */
export const NO_VALUE = -1;
/** The value can only be read as text. */
export const ODD_VALUE = -2;

/** @param after the offset behind the name's closing quote. @returns where the value begins; `NO_VALUE` when it is no text. */
export function valueStart(bytes: Uint8Array, after: number, lineEnd: number): number {
  let at = skipBlanks(bytes, after);
  if (bytes[at] !== COLON) return NO_VALUE;
  at = skipBlanks(bytes, at + 1);
  return at < lineEnd && bytes[at] === QUOTE ? at + 1 : NO_VALUE;
}

/** @returns where the value that begins at `start` ends; `NO_VALUE` for '', `ODD_VALUE` when it is not plain ASCII. */
export function valueEnd(bytes: Uint8Array, start: number, lineEnd: number): number {
  for (let at = start; at < lineEnd; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at === start ? NO_VALUE : at;
    if (byte === BACKSLASH || byte >= FIRST_NON_ASCII) return ODD_VALUE;
  }
  return ODD_VALUE;
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === SPACE || bytes[at] === TAB) at++;
  return at;
}

/** True when `bytes` hold `text` (ASCII) up to `end`. */
export function endsWith(bytes: Uint8Array, end: number, text: Uint8Array): boolean {
  const start = end - text.length;
  return start >= 0 && startsWith(bytes, start, text);
}
