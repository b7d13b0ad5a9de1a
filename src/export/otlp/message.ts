import { type Bytes, reserve, varintSize, writeByte, writeVarint } from './bytes.ts';

/**
 * Begins a message inside a message: its tag, and one byte for its length, which is enough for most.
 * @returns where its content begins; `closeMessage` wants it back.
 */
export function openMessage(out: Bytes, tag: number): number {
  reserve(out, 2);
  writeByte(out, tag);
  out.end += 1;
  return out.end;
}

/** Writes the length now that it is known, and moves the content where it needs more than the one byte. */
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
