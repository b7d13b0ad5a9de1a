import { type Bytes, isInt64, reserve, writeBlock, writeByte } from './bytes.ts';

/** A piece of JSON that is always the same, as bytes. */
export type Piece = Uint8Array;

export function piece(text: string): Piece {
  return Buffer.from(text);
}

export function writePiece(out: Bytes, constant: Piece): void {
  reserve(out, constant.length);
  writeBlock(out, constant);
}

/** A list; each item is written by `write`. */
export function writeList<T>(out: Bytes, items: readonly T[], write: (out: Bytes, item: T) => void): void {
  let before = OPEN_LIST;
  for (const item of items) {
    writePiece(out, before);
    write(out, item);
    before = COMMA;
  }
  writePiece(out, items.length === 0 ? EMPTY_LIST : CLOSE_LIST);
}

const OPEN_LIST = piece('[');
const COMMA = piece(',');
const CLOSE_LIST = piece(']');
const EMPTY_LIST = piece('[]');

/** Text of ASCII characters only, as it is: digits, hex. */
export function writeAscii(out: Bytes, text: string): void {
  reserve(out, text.length);
  out.end += out.buffer.write(text, out.end, 'latin1');
}

/** Characters that stand in JSON as they are, and take one byte. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** Up to here a loop over the characters beats the calls into native code (measured on Node 20). */
const SHORT_CHARS = 24;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A JSON string. A lone surrogate becomes an escape, as it has no UTF-8 form. */
export function writeQuoted(out: Bytes, text: string): void {
  if (text.length <= SHORT_CHARS && writeShortPlain(out, text)) return;
  if (PLAIN.test(text)) writeLongPlain(out, text);
  else writeEscaped(out, text);
}

function writeLongPlain(out: Bytes, text: string): void {
  reserve(out, text.length + 2);
  writeByte(out, QUOTE);
  out.end += out.buffer.write(text, out.end, 'latin1');
  writeByte(out, QUOTE);
}

function writeEscaped(out: Bytes, text: string): void {
  const quoted = JSON.stringify(text);
  const size = Buffer.byteLength(quoted);
  reserve(out, size);
  out.end += out.buffer.write(quoted, out.end, size, 'utf8');
}

/** @returns `false`, and nothing is written, when a character of the short `text` needs an escape or more than a byte. */
function writeShortPlain(out: Bytes, text: string): boolean {
  const { length } = text;
  reserve(out, length + 2);
  const { buffer, end } = out;
  const start = end + 1;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return false;
    buffer[start + i] = code;
  }
  buffer[end] = QUOTE;
  buffer[start + length] = QUOTE;
  out.end = start + length + 1;
  return true;
}

const ZERO = 0x30;

/** A whole number from 0 to 2^31 as decimal digits, with zeros in front up to `width`. */
function writeDigits(out: Bytes, value: number, width: number): void {
  let count = 1;
  for (let power = 10; power <= value; power *= 10) count += 1;
  if (count < width) count = width;
  reserve(out, count);
  const { buffer, end } = out;
  let rest = value;
  for (let at = end + count - 1; at >= end; at--) {
    const tens = (rest / 10) | 0;
    buffer[at] = ZERO + (rest - tens * 10);
    rest = tens;
  }
  out.end = end + count;
}

const SMALL = 2 ** 31;

/** An integer of 64 bits as decimal digits. Beyond 2^53 a double prints rounded: `BigInt` knows its digits. */
export function writeInteger(out: Bytes, value: number): void {
  if (value >= 0 && value < SMALL) writeDigits(out, value, 1);
  else writeAscii(out, Number.isSafeInteger(value) ? `${value}` : `${BigInt(value)}`);
}

const HALF = 10 ** 8;
const THREE_ZEROS = piece('000');

/** Microseconds as decimal nanoseconds: three zeros, nothing to round. Two halves of eight digits are integers of 32 bits. */
export function writeNanoDigits(out: Bytes, micros: number): void {
  const upper = Math.floor(micros / HALF);
  if (upper < 1 || upper >= SMALL) {
    writeInteger(out, micros);
    if (micros === 0) return;
  } else {
    writeDigits(out, upper, 1);
    writeDigits(out, micros - upper * HALF, 8);
  }
  writePiece(out, THREE_ZEROS);
}

/** JSON has no word for what is not finite; proto3's mapping spells it as a string. */
export function writeDoubleText(out: Bytes, value: number): void {
  if (!Number.isFinite(value)) writeAscii(out, `"${value}"`);
  else if (Object.is(value, -0)) writeAscii(out, '-0');
  else if (value >= 0 && value < SMALL && isInt64(value)) writeDigits(out, value, 1);
  else writeAscii(out, `${value}`);
}
