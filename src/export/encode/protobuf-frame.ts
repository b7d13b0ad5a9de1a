/** Where a length-delimited field lies in a buffer: its tag at `start`, its content from `contentStart` to `end`. */
export interface LengthDelimited {
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

const LENGTH_DELIMITED = 2;

/** The field whose tag is at `start`. The caller vouches that a whole length-delimited field begins there. */
export function fieldAt(bytes: Uint8Array, start: number): LengthDelimited {
  let position = start + 1;
  let length = 0;
  let factor = 1;
  for (;;) {
    const byte = bytes[position];
    if (byte === undefined) throw new RangeError('the protobuf message ends inside a length');
    position += 1;
    length += (byte & 0x7f) * factor;
    if (byte < 0x80) return { start, contentStart: position, end: position + length };
    factor *= 0x80;
  }
}

/** A length-delimited field with a number below 16, its content made of `parts`. */
export function writeFrame(fieldNumber: number, parts: readonly Uint8Array[]): Uint8Array {
  const header: number[] = [fieldNumber * 8 + LENGTH_DELIMITED];
  let length = parts.reduce((sum, part) => sum + part.length, 0);
  for (; length >= 0x80; length = Math.floor(length / 0x80)) header.push((length % 0x80) + 0x80);
  header.push(length);
  return Buffer.concat([Uint8Array.from(header), ...parts]);
}
