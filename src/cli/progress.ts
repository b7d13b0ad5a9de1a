/** A line on standard error while something takes long, when that is a terminal. It never reaches a file or a pipe. */
import type { Io } from './io.ts';

export interface Progress {
  /** @param read what was read so far */
  tell(read: { readonly lines: number }): void;
  /** @param words how far something else is */
  say(words: string): void;
  stop(): void;
}

const FIRST_AFTER_MILLIS = 1000;
const EVERY_MILLIS = 200;

export function startProgress(io: Io, quiet: boolean): Progress {
  if (quiet || !io.stderr.isTTY) return { tell: () => {}, say: () => {}, stop: () => {} };
  let due = Date.now() + FIRST_AFTER_MILLIS;
  let shown = false;
  const say = (words: string): void => {
    if (Date.now() < due) return;
    due = Date.now() + EVERY_MILLIS;
    shown = true;
    io.stderr.write(`\r\u001b[K${words}`);
  };
  return {
    tell: ({ lines }) => say(`${lines.toLocaleString('en')} lines`),
    say,
    stop: () => {
      if (shown) io.stderr.write('\r\u001b[K');
    },
  };
}
