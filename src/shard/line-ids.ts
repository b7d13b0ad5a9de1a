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

/** @returns the id of each line of `pieces`, one after the other; `undefined` for lines that came after the look. */
export function readIds(pieces: readonly Int32Array[]): () => number | undefined {
  let piece = 0;
  let line = 0;
  return () => {
    for (; piece < pieces.length; piece += 1, line = 0) {
      const id = pieces[piece]?.[line];
      line += 1;
      if (id !== undefined) return id;
    }
    return undefined;
  };
}
