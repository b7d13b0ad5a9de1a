/** One field of a protobuf message: a varint as a number, a length-delimited one as its bytes, others skipped as `undefined`. */
export interface Field {
  readonly number: number;
  readonly value: number | Uint8Array | undefined;
}

/** Reads a message's fields one level deep. Throws `RangeError` on bytes that are no protobuf message. */
export function* protobufFields(bytes: Uint8Array): Generator<Field> {
  let position = 0;

  function varint(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 70; factor *= 0x80) {
      const byte = bytes[position];
      if (byte === undefined) break;
      position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new RangeError('no protobuf: a number without end');
  }

  function take(length: number): Uint8Array {
    const end = position + length;
    if (end > bytes.length) throw new RangeError('no protobuf: a field longer than its message');
    const value = bytes.subarray(position, end);
    position = end;
    return value;
  }

  function value(wireType: number): Field['value'] {
    switch (wireType) {
      case 0:
        return varint();
      case 2:
        return take(varint());
      case 1:
        return void take(8);
      case 5:
        return void take(4);
      default:
        throw new RangeError(`no protobuf: wire type ${wireType}`);
    }
  }

  while (position < bytes.length) {
    const tag = varint();
    const number = Math.floor(tag / 8);
    if (number === 0) throw new RangeError('no protobuf: field number 0');
    yield { number, value: value(tag % 8) };
  }
}
