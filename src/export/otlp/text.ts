import { type Bytes, reserve, varintSize, writeByte, writeVarint } from './bytes.ts';

/** Up to this length a loop over the characters beats the calls into native code (measured on Node 20). */
export const SHORT_CHARS = 96;

/** Size of a field with a one-byte tag and content of `size` bytes. */
export function fieldSize(size: number): number {
  return 1 + varintSize(size) + size;
}

/** Bytes of `text` in UTF-8. A lone surrogate counts 3, as the U+FFFD that replaces it. */
export function textSize(text: string): number {
  return Buffer.byteLength(text);
}

/** Writes a text field: tag, length, content. Reserves its own room. */
export function writeText(out: Bytes, tag: number, text: string): void {
  if (text.length <= SHORT_CHARS && writeShortAscii(out, tag, text)) return;
  const size = textSize(text);
  reserve(out, fieldSize(size));
  writeByte(out, tag);
  writeVarint(out, size);
  // As many bytes as characters means ASCII, which needs no conversion.
  out.end += out.buffer.write(text, out.end, size, size === text.length ? 'latin1' : 'utf8');
}

/**
 * The fast path for most texts: at most `SHORT_CHARS` characters, all ASCII.
 * @returns `false`, and writes nothing, when the text is not ASCII.
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

/**
 * Begins a message inside a message: its tag, and one byte for its length, which is enough for most.
 * @returns the position where its content begins, for `closeMessage`.
 */
export function openMessage(out: Bytes, tag: number): number {
  reserve(out, 2);
  writeByte(out, tag);
  out.end += 1;
  return out.end;
}

/** Writes the length that is now known, and moves the content when the length needs more than one byte. */
export function closeMessage(out: Bytes, start: number): void {
  const size = out.end - start;
  if (size < 0x80) {
    out.buffer[start - 1] = size;
    return;
  }
  const shift = varintSize(size) - 1;
  reserve(out, shift);
  out.buffer.copyWithin(start + shift, start, out.end);
  out.end = start - 1;
  writeVarint(out, size);
  out.end += size;
}
