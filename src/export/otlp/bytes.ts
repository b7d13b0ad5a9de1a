/** A buffer that grows, and where its content ends. Writers below do not look for room: `reserve` it before. */
export interface Bytes {
  buffer: Buffer;
  view: DataView;
  end: number;
}

const FIRST_CAPACITY = 64 * 1024;
/** Enough for the largest request that is usual; what one giant span needed beyond it is given back. */
const KEPT_CAPACITY = 8 * 1024 * 1024;

export function createBytes(capacity = FIRST_CAPACITY): Bytes {
  const buffer = Buffer.allocUnsafe(capacity);
  return { buffer, view: viewOf(buffer), end: 0 };
}

/** Makes room for `count` more bytes. */
export function reserve(out: Bytes, count: number): void {
  const needed = out.end + count;
  if (needed <= out.buffer.length) return;
  const grown = Buffer.allocUnsafe(Math.max(needed, out.buffer.length * 2));
  grown.set(out.buffer.subarray(0, out.end));
  out.buffer = grown;
  out.view = viewOf(grown);
}

/** Forgets the content. */
export function clear(out: Bytes): void {
  out.end = 0;
  if (out.buffer.length <= KEPT_CAPACITY) return;
  out.buffer = Buffer.allocUnsafe(FIRST_CAPACITY);
  out.view = viewOf(out.buffer);
}

function viewOf(buffer: Buffer): DataView {
  return new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
}

export function writeByte(out: Bytes, byte: number): void {
  out.buffer[out.end++] = byte;
}

/** A length, a count, an enum: at most 5 bytes. */
export function writeVarint(out: Bytes, value: number): void {
  const { buffer } = out;
  let rest = value;
  let at = out.end;
  while (rest > 0x7f) {
    buffer[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  buffer[at++] = rest;
  out.end = at;
}

/** How many bytes `writeVarint` takes. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

const TWO_TO_32 = 2 ** 32;

/** Whether OTLP's `intValue` can hold it: whole, and 64 bits with a sign. The bounds are exact doubles. */
export function isInt64(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
}

/** How many bytes `writeInt64` takes: all 10 when it is negative (two's complement). */
export function int64Size(value: number): number {
  if (value < 0) return 10;
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size += 1;
  return size;
}

/** An integer of 64 bits. Two halves of 32: each step is exact in doubles, and nothing is allocated. */
export function writeInt64(out: Bytes, value: number): void {
  if (value >= 0 && value < 0x8000_0000) {
    writeVarint(out, value);
    return;
  }
  const { buffer } = out;
  const upper = Math.floor(value / TWO_TO_32);
  let low = (value - upper * TWO_TO_32) >>> 0;
  let high = upper >>> 0;
  let at = out.end;
  while (high !== 0 || low > 0x7f) {
    buffer[at++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  buffer[at++] = low;
  out.end = at;
}

/** Microseconds as nanoseconds in 8 bytes. The product does not fit a double, its two halves do. */
export function writeNanos(out: Bytes, micros: number): void {
  const upper = Math.floor(micros / TWO_TO_32);
  const low = (micros - upper * TWO_TO_32) * 1000;
  out.view.setUint32(out.end, low % TWO_TO_32, true);
  out.view.setUint32(out.end + 4, upper * 1000 + Math.floor(low / TWO_TO_32), true);
  out.end += 8;
}

export function writeDouble(out: Bytes, value: number): void {
  out.view.setFloat64(out.end, value, true);
  out.end += 8;
}

export function writeUint32(out: Bytes, value: number): void {
  out.view.setUint32(out.end, value, true);
  out.end += 4;
}

/** Makes no room for `block` either. */
export function writeBlock(out: Bytes, block: Uint8Array): void {
  out.buffer.set(block, out.end);
  out.end += block.length;
}

/** The first `size` bytes of an id in hex: a multiple of 4. The caller vouches for the digits: ids are branded. */
export function writeHex(out: Bytes, hex: string, size: number): void {
  const { view, end } = out;
  for (let at = 0; at < size; at += 4) view.setUint32(end + at, hexWord(hex, 2 * at));
  out.end = end + size;
}

/** 8 digits from `from` on, as an integer of 32 bits with a sign. */
export function hexWord(hex: string, from: number): number {
  let word = 0;
  for (let at = from; at < from + 8; at += 1) word = (word << 4) | digit(hex.charCodeAt(at));
  return word;
}

/** `0`–`9` are 0x30–0x39, `a`–`f` 0x61–0x66, `A`–`F` 0x41–0x46. Without a branch: digits of a hash cannot be predicted. */
function digit(code: number): number {
  return (code & 0xf) + 9 * (code >> 6);
}
