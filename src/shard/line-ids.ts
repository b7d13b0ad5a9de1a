/**
 * What the first look keeps of each line: an id that it names, by which the second look knows whose it is without reading
 * it again. Four bytes a line, in memory that threads share.
 */

/** The line names no id. */
export const NO_ID = -1;

export interface LineIds {
  /** Of the next line. */
  add(id: number): void;
  /** Of all lines so far, in order. */
  all(): Int32Array<SharedArrayBuffer>;
}

const FIRST_LINES = 4096;

export function createLineIds(): LineIds {
  let ids = new Int32Array(FIRST_LINES);
  let lines = 0;
  return {
    add(id) {
      if (lines === ids.length) {
        const grown = new Int32Array(lines * 2);
        grown.set(ids);
        ids = grown;
      }
      ids[lines++] = id;
    },
    all() {
      const shared = new Int32Array(new SharedArrayBuffer(lines * Int32Array.BYTES_PER_ELEMENT));
      shared.set(ids.subarray(0, lines));
      return shared;
    },
  };
}

/** The ids of a log's lines, read one after the other, beside the lines. */
export interface IdReader {
  /** Of the next line; `undefined` for a line that came after the look. */
  next(): number | undefined;
  /** The piece of the log in which that line is. */
  piece(): number;
  /** Goes on with the first line of another piece. */
  seek(piece: number): void;
}

/** @param pieces all of a log, in order */
export function readIds(pieces: readonly Int32Array[]): IdReader {
  let piece = 0;
  let line = 0;
  return {
    next() {
      for (; piece < pieces.length; piece += 1, line = 0) {
        const id = pieces[piece]?.[line];
        line += 1;
        if (id !== undefined) return id;
      }
      return undefined;
    },
    piece: () => piece,
    seek(to) {
      piece = to;
      line = 0;
    },
  };
}

/** How many of the lines have each id, as a flat list of id and count, in order of first sight. */
export function countIds(ids: Int32Array): Int32Array<ArrayBuffer> {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return Int32Array.from([...counts].flat());
}
