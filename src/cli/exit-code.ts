/** Exit codes: 0 done; 1 done with problems; 2 could not run (`main` makes it of an error). */
import { lostLines, type ReplayReport } from '../replay/report.ts';
import type { Interrupt, Interrupts } from './interrupts.ts';

/** As a shell gives them for a process that a signal ended. */
const INTERRUPTED: Readonly<Record<Interrupt, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** The exit code of a command that was cut short; `undefined` when it was not. */
export function endedBy({ received }: Pick<Interrupts, 'received'>, live: boolean): number | undefined {
  const interrupt = received();
  return interrupt === undefined || live ? undefined : INTERRUPTED[interrupt];
}

/** An interrupt is how a live replay ends, so it is no failure there; it cuts a replay of finished files short. */
export function exitCodeOf(report: ReplayReport, strict: boolean, interrupt: Interrupt | undefined): number {
  if (interrupt !== undefined && !report.live) return INTERRUPTED[interrupt];
  const undelivered = report.accounts.some(({ rejected, failed }) => rejected + failed > 0);
  const lost = strict && lostLines(report) > 0;
  return undelivered || lost || report.budgets.some(({ broken }) => broken) ? 1 : 0;
}
