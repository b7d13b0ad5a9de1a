import { type Bytes, clear, createBytes, reserve, writeBlock } from './bytes.ts';
import type { RequestBody } from './encoder.ts';
import { writeAscii } from './text.ts';

/** What stands around the items of a request, in ASCII. */
export interface Frame<Item> {
  /** @param previous the item before; `undefined` for the first one */
  before(item: Item, previous: Item | undefined): string;
  /** The end of a request that is not empty. */
  readonly tail: string;
}

/** Requests whose items are written one after the other. */
export function joined<Item>(
  write: (out: Bytes, item: Item) => void,
  { before, tail }: Frame<NoInfer<Item>>,
): RequestBody<Item> {
  const out = createBytes(0);
  let previous: Item | undefined;
  return {
    add(item, maxBytes) {
      const start = out.end;
      writeAscii(out, before(item, previous));
      write(out, item);
      if (out.end + tail.length <= maxBytes) {
        previous = item;
        return true;
      }
      out.end = start;
      return false;
    },
    sizeBytes: () => (out.end === 0 ? 0 : out.end + tail.length),
    finish() {
      if (out.end > 0) writeAscii(out, tail);
      const body = Buffer.from(out.buffer.subarray(0, out.end));
      clear(out);
      previous = undefined;
      return body;
    },
  };
}

/** Whole requests of the SDK, one after the other: that is how protobuf itself merges messages whose fields are lists. */
export function serialized<Item>(encode: (item: Item) => Uint8Array | undefined): RequestBody<Item> {
  const write = (out: Bytes, item: Item) => {
    const bytes = encode(item) ?? new Uint8Array();
    reserve(out, bytes.length);
    writeBlock(out, bytes);
  };
  return joined(write, { before: () => '', tail: '' });
}
