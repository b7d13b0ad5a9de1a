/** A progress line on standard error. Printed only to a terminal, and only when something takes longer than a second. */
import { inThousands } from '../model/units.ts';
import type { Io } from './io.ts';

/** Prints sentences about a run on standard error, unless it is quiet. */
export function noticesTo({ stderr }: Pick<Io, 'stderr'>, quiet: boolean): (sentence: string) => void {
  return (sentence) => {
    if (!quiet) stderr.write(`hermes-otel: ${sentence}\n`);
  };
}

const FIRST_AFTER_MILLIS = 1000;
const EVERY_MILLIS = 200;

export function startProgress(io: Io, quiet: boolean) {
  const isShown = !quiet && io.stderr.isTTY;
  let due = Date.now() + FIRST_AFTER_MILLIS;
  let shown = false;
  const show = (words: string): void => {
    if (!isShown || Date.now() < due) return;
    due = Date.now() + EVERY_MILLIS;
    shown = true;
    io.stderr.write(`\r\u001b[K${words}`);
  };
  return {
    /** Shows what was read so far. */
    update: ({ lines }: { readonly lines: number }): void => show(`${inThousands(lines)} lines`),
    /** Shows how far something else is, in words. */
    show,
    /** Removes the line. */
    stop: (): void => {
      if (shown) io.stderr.write('\r\u001b[K');
    },
  };
}
