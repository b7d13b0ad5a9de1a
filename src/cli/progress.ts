/** A line on standard error while a long replay runs, when that is a terminal. It never reaches a file or a pipe. */
import type { Io } from './io.ts';
import type { Report } from './report.ts';

export interface Progress {
  tell(report: Report): void;
  stop(): void;
}

const FIRST_AFTER_MILLIS = 1000;
const EVERY_MILLIS = 200;

export function startProgress(io: Io, quiet: boolean): Progress {
  if (quiet || !io.stderr.isTTY) return { tell: () => {}, stop: () => {} };
  let due = Date.now() + FIRST_AFTER_MILLIS;
  let shown = false;
  return {
    tell: (report) => {
      if (Date.now() < due) return;
      due = Date.now() + EVERY_MILLIS;
      shown = true;
      io.stderr.write(`\r\u001b[K${report.lines.toLocaleString('en')} lines`);
    },
    stop: () => {
      if (shown) io.stderr.write('\r\u001b[K');
    },
  };
}
