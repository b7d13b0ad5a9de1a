/** Where the frames of zstd end (RFC 8878, 3.1), by their heads alone: nothing is decompressed. */
import { corrupt } from './byte-source.ts';

export function createZstdFrames() {
  let field = FRAME;
  let left = field.size;
  let head: Buffer[] = [];
  return {
    /** The offsets behind frames that end in these bytes. Throws a `ReadFailure` where something else follows on a frame. */
    *ends(bytes: Buffer): Generator<number, void, undefined> {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + left);
        if (field.size <= LONGEST_HEAD) head.push(part);
        at += part.length;
        left -= part.length;
        if (left > 0) continue;
        field = field.next(Buffer.concat(head));
        [left, head] = [field.size, []];
        if (field === FRAME) yield at;
      }
    },
    /** True when a frame has begun and has not ended. */
    isInside: () => field !== FRAME || head.length > 0,
  };
}

/** Bytes that stand together. `next` is what follows on them; it gets them where they are few. */
interface Field {
  readonly size: number;
  readonly next: (bytes: Buffer) => Field;
}

const LONGEST_HEAD = 16;
const ZSTD_MAGIC = 0xfd2fb528;
/** Its last four bits are free. */
const SKIPPABLE_MAGIC = 0x184d2a50;

/** How a frame begins. */
const FRAME: Field = {
  size: 4,
  next: (bytes) => {
    const magic = bytes.readUInt32LE();
    if (magic === ZSTD_MAGIC) return DESCRIPTOR;
    if (magic - (magic % 16) !== SKIPPABLE_MAGIC) throw corrupt('something else is behind a frame');
    return { size: 4, next: (size) => then(size.readUInt32LE(), FRAME) };
  },
};

const DESCRIPTOR: Field = {
  size: 1,
  next: (bytes) => {
    const flags = bytes.readUInt8();
    const isSingle = (flags & 0x20) !== 0;
    const contentSize = flags < 0x40 ? Number(isSingle) : 1 << (flags >> 6);
    const dictionary = (flags & 3) === 3 ? 4 : flags & 3;
    return then(Number(!isSingle) + dictionary + contentSize, block((flags & 4) === 0 ? 0 : 4));
  },
};

function block(checksumBytes: number): Field {
  return {
    size: 3,
    next: (bytes) => {
      const head = bytes.readUIntLE(0, 3);
      const isRepeatedByte = ((head >> 1) & 3) === 1;
      const isLast = (head & 1) === 1;
      const after = isLast ? then(checksumBytes, FRAME) : block(checksumBytes);
      return then(isRepeatedByte ? 1 : head >> 3, after);
    },
  };
}

/** So many bytes that need not be looked at, then `after`. */
function then(size: number, after: Field): Field {
  return size === 0 ? after : { size, next: () => after };
}
