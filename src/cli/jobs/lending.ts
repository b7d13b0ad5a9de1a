/**
 * Bytes that another thread works on until it says that it is done. In memory that both see, used again and again: handing
 * over fresh memory for each line makes the other thread collect garbage most of its time.
 */
export interface Lending {
  /** Copies `bytes`, so that the lender may go on with its own, and keeps the copy until `use` is over. */
  lend<T>(bytes: Uint8Array, use: (lent: Uint8Array) => Promise<T>): Promise<T>;
}

const LEAST_BYTES = 64 * 1024;

export function createLending(): Lending {
  const free: Uint8Array[] = [];

  /** Room that is too small is let go. */
  function roomFor(bytes: number): Uint8Array {
    const room = free.pop();
    if (room !== undefined && room.length >= bytes) return room;
    return new Uint8Array(new SharedArrayBuffer(Math.max(LEAST_BYTES, 2 * bytes)));
  }

  return {
    async lend(bytes, use) {
      const room = roomFor(bytes.length);
      room.set(bytes);
      try {
        return await use(room.subarray(0, bytes.length));
      } finally {
        free.push(room);
      }
    },
  };
}
