import { type Bytes, reserve, varintSize, writeByte, writeVarint } from './bytes.ts';

/** Up to here a loop over the characters beats the calls into native code (measured on Node 20). */
export const SHORT_CHARS = 96;

/** Tag (of one byte), length and content of `size` bytes. */
export function fieldSize(size: number): number {
  return 1 + varintSize(size) + size;
}

/** Bytes of `text` in UTF-8; a lone surrogate counts 3, as the U+FFFD that it becomes. */
export function textSize(text: string): number {
  return Buffer.byteLength(text);
}

/** A text with its tag and its length; makes its own room. */
export function writeText(out: Bytes, tag: number, text: string): void {
  if (text.length <= SHORT_CHARS && writeShortAscii(out, tag, text)) return;
  const size = textSize(text);
  reserve(out, fieldSize(size));
  writeByte(out, tag);
  writeVarint(out, size);
  // As many bytes as characters: ASCII, which needs no conversion.
  out.end += out.buffer.write(text, out.end, size, size === text.length ? 'latin1' : 'utf8');
}

/**
 * What most texts are: at most `SHORT_CHARS` long, and ASCII.
 * @returns `false`, and nothing is written, when a short text is not ASCII.
 */
export function writeShortAscii(out: Bytes, tag: number, text: string): boolean {
  const { length } = text;
  reserve(out, 2 + length);
  const { buffer, end } = out;
  const start = end + 2;
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    seen |= code;
    buffer[start + i] = code;
  }
  if (seen > 0x7f) return false;
  buffer[end] = tag;
  buffer[end + 1] = length;
  out.end = start + length;
  return true;
}
