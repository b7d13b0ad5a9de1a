/** A progress line on standard error. Printed only to a terminal, and only when something takes longer than a second. */
import { inThousands } from '../model/units.ts';
import type { Io } from './io.ts';

export interface Progress {
  /** @param read what was read so far */
  update(read: { readonly lines: number }): void;
  /** @param words how far something else is */
  show(words: string): void;
  stop(): void;
}

/** Prints sentences about a run on standard error, unless it is quiet. */
export function noticesTo({ stderr }: Pick<Io, 'stderr'>, quiet: boolean): (sentence: string) => void {
  return (sentence) => {
    if (!quiet) stderr.write(`hermes-otel: ${sentence}\n`);
  };
}

const FIRST_AFTER_MILLIS = 1000;
const EVERY_MILLIS = 200;

export function startProgress(io: Io, quiet: boolean): Progress {
  if (quiet || !io.stderr.isTTY) return { update: () => {}, show: () => {}, stop: () => {} };
  let due = Date.now() + FIRST_AFTER_MILLIS;
  let shown = false;
  const show = (words: string): void => {
    if (Date.now() < due) return;
    due = Date.now() + EVERY_MILLIS;
    shown = true;
    io.stderr.write(`\r\u001b[K${words}`);
  };
  return {
    update: ({ lines }) => show(`${inThousands(lines)} lines`),
    show,
    stop: () => {
      if (shown) io.stderr.write('\r\u001b[K');
    },
  };
}
