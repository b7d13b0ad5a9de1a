/** Exit codes: 0 done; 1 done with problems; 2 could not run (a `CliError`, told by `main`). */
import type { Account } from '../model/sink.ts';
import type { Interrupt } from './interrupts.ts';
import { lostLines, type Report } from './report.ts';

/** As a shell gives them for a process that a signal ended. */
const INTERRUPTED: Readonly<Record<Interrupt, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * An interrupt is how a live replay ends, so it is no failure there; a replay of finished files was cut short by it.
 */
export function exitCodeOf(
  report: Report,
  accounts: readonly Account[],
  flags: { readonly strict: boolean },
  interrupt: Interrupt | undefined,
  live: boolean,
): number {
  if (accounts.some(({ rejected, failed }) => rejected + failed > 0)) return 1;
  if (flags.strict && lostLines(report) > 0) return 1;
  return interrupt === undefined || live ? 0 : INTERRUPTED[interrupt];
}
