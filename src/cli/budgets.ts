/** Budgets of a run (`--fail-on`) and its summary for a job page (`--summary markdown`): both need the totals. */
import type { AgentSpan } from '../model/span.ts';
import type { Budget, BudgetResult } from '../view/budget.ts';
import { CliError } from './cli-error.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';
import { writeTo } from './write-to.ts';

export interface Budgets {
  add(span: AgentSpan): void;
  check(): readonly BudgetResult[];
  /** Broken budgets on standard error, the summary on standard output. */
  tell(results: readonly BudgetResult[], io: Io): Promise<void>;
}

/** Checks budgets over the spans of a whole log, and tells the broken ones. @returns false when one is broken. */
export async function checkBudgetsOf(
  spans: readonly AgentSpan[],
  budgets: Budgets | undefined,
  io: Io,
): Promise<boolean> {
  if (budgets === undefined) return true;
  for (const span of spans) budgets.add(span);
  const results = budgets.check();
  await budgets.tell(results, io);
  return !results.some(({ broken }) => broken);
}

/** `undefined` when neither budgets nor a summary were asked for: then no totals are kept. */
export async function openBudgets(
  flags: Pick<ReplayFlags, 'failOn' | 'summary'>,
): Promise<Budgets | undefined> {
  if (flags.failOn.length === 0 && flags.summary === 'none') return undefined;
  const [{ createTotals, addSpan }, { checkBudgets, parseBudget }, { withoutSecrets }] = await Promise.all([
    import('../view/totals.ts'),
    import('../view/budget.ts'),
    import('../view/without-secrets.ts'),
  ]);
  const budgets: readonly Budget[] = flags.failOn.map((text) => {
    const parsed = parseBudget(text);
    if (parsed.kind === 'problem') throw new CliError(`--fail-on: ${parsed.message}`);
    return parsed.budget;
  });
  const totals = createTotals({ perSession: true });
  return {
    add: (span) => addSpan(totals, withoutSecrets(span)),
    check: () => checkBudgets(totals, budgets),
    tell: async (results, io) => {
      for (const { broken, message } of results) if (broken) io.stderr.write(`hermes-otel: ${message}\n`);
      if (flags.summary === 'none') return;
      const { renderSummaryMarkdown } = await import('../view/totals-tables.ts');
      await writeTo(io.stdout)(renderSummaryMarkdown(totals, results));
    },
  };
}
