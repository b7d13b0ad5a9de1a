/** A line on standard error while logs are read for long, when that is a terminal. It never reaches a file or a pipe. */
import type { Io } from './io.ts';

export interface Progress {
  /** @param read what was read so far */
  tell(read: { readonly lines: number }): void;
  stop(): void;
}

const FIRST_AFTER_MILLIS = 1000;
const EVERY_MILLIS = 200;

export function startProgress(io: Io, quiet: boolean): Progress {
  if (quiet || !io.stderr.isTTY) return { tell: () => {}, stop: () => {} };
  let due = Date.now() + FIRST_AFTER_MILLIS;
  let shown = false;
  return {
    tell: ({ lines }) => {
      if (Date.now() < due) return;
      due = Date.now() + EVERY_MILLIS;
      shown = true;
      io.stderr.write(`\r\u001b[K${lines.toLocaleString('en')} lines`);
    },
    stop: () => {
      if (shown) io.stderr.write('\r\u001b[K');
    },
  };
}
