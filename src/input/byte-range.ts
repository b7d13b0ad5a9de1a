import type { ByteChunks, ByteSource, OpenOptions } from './byte-source.ts';
import { fileSource } from './file-source.ts';

// A part of a file for somebody who looks at lines: those that begin in it, whole.

const LF = 0x0a;

export interface ByteRange {
  readonly from: number;
  readonly to: number;
  /** Nothing behind it is read, though a line that begins in the range may go on there; default: where the file ends. */
  readonly until?: number | undefined;
  /** When `open` is not told otherwise. */
  readonly chunkBytes?: number | undefined;
}

/** The lines of an uncompressed file that begin at `from` or behind it, and before `to`. */
export function linesBetween(path: string, range: ByteRange): ByteSource {
  return { name: path, reopenable: true, open: (options) => wholeLines(path, range, options) };
}

async function* wholeLines(path: string, range: ByteRange, options?: OpenOptions): ByteChunks {
  const { from, to, until, chunkBytes } = range;
  // The byte before tells whether a line begins right at `from`.
  let position = Math.max(0, from - 1);
  let inside = from === 0;
  const file = fileSource(path, { from: position, to: from < to ? until : from, chunkBytes });
  const chunks = file.open(options);
  try {
    for (let next = await chunks.next(); ; next = await chunks.next()) {
      if (next.done === true) return next.value;
      const { start, end, isLast } = cut(next.value, inside, to - position);
      if (start < end) yield next.value.subarray(start, end);
      if (isLast) return undefined;
      inside ||= next.value.subarray(0, start).includes(LF);
      position += next.value.length;
    }
  } finally {
    await chunks.return(undefined);
  }
}

/**
 * The part of a chunk that is wanted.
 * @param inside whether it begins with a line that is wanted
 * @param to lines that begin here or later are not wanted; may lie before or behind the chunk
 */
function cut(chunk: Buffer, inside: boolean, to: number): { start: number; end: number; isLast: boolean } {
  const start = inside ? 0 : chunk.indexOf(LF) + 1 || chunk.length;
  if (!inside && start >= to) return { start, end: start, isLast: true };
  // A line that begins before `to` ends with the first line end behind that.
  const lineEnd = to - 1 < chunk.length ? chunk.indexOf(LF, Math.max(start, to - 1)) : -1;
  return { start, end: lineEnd < 0 ? chunk.length : lineEnd + 1, isLast: lineEnd >= 0 };
}
