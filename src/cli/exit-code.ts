/** Exit codes: 0 done; 1 done with problems; 2 could not run (a `CliError`, told by `main`). */
import type { Account } from '../model/sink.ts';
import type { BudgetResult } from '../view/budget.ts';
import type { Interrupt, Interrupts } from './interrupts.ts';
import { lostLines, type Report } from './report.ts';

/** As a shell gives them for a process that a signal ended. */
const INTERRUPTED: Readonly<Record<Interrupt, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface Ending {
  readonly report: Report;
  readonly accounts: readonly Account[];
  readonly results: readonly BudgetResult[];
  readonly flags: { readonly strict: boolean };
  readonly interrupt: Interrupt | undefined;
  /** An interrupt is how a live replay ends, so it is no failure there; a replay of finished files was cut short by it. */
  readonly live: boolean;
}

/** The exit code of a command that was cut short; `undefined` when it was not. */
export function endedBy({ received }: Pick<Interrupts, 'received'>, live: boolean): number | undefined {
  const interrupt = received();
  return interrupt === undefined || live ? undefined : INTERRUPTED[interrupt];
}

export function exitCodeOf({ report, accounts, results, flags, interrupt, live }: Ending): number {
  if (interrupt !== undefined && !live) return INTERRUPTED[interrupt];
  const undelivered = accounts.some(({ rejected, failed }) => rejected + failed > 0);
  const lost = flags.strict && lostLines(report) > 0;
  return undelivered || lost || results.some(({ broken }) => broken) ? 1 : 0;
}
