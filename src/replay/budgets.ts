/** The totals of a run, and the budgets that are checked against them. */
import type { AgentSpan } from '../model/span.ts';
import type { Budget, BudgetResult } from '../view/budget.ts';
import type { ReplayOptions } from './options.ts';
import { ReplayError } from './replay-error.ts';

export type Budgets = NonNullable<Awaited<ReturnType<typeof openBudgets>>>;

/** `undefined` when neither budgets nor totals are wanted: then none are kept. Throws a `ReplayError` for a bad budget. */
export async function openBudgets({
  budgets: texts = [],
  totals: wanted = false,
}: Pick<ReplayOptions, 'budgets' | 'totals'>) {
  if (texts.length === 0 && !wanted) return undefined;
  const { createTotals, addSpan } = await import('../view/totals.ts');
  const { checkBudgets, parseBudget } = await import('../view/budget.ts');
  const { withShortTexts } = await import('../view/presentable.ts');
  const budgets: readonly Budget[] = texts.map((text) => {
    const parsed = parseBudget(text);
    if (parsed.kind === 'problem') throw new ReplayError('invalid-option', parsed.message);
    return parsed.budget;
  });
  // No budget is about one session: a follower with budgets alone keeps nothing of each.
  const totals = createTotals({ perSession: wanted });
  return {
    totals,
    add: (span: AgentSpan) => addSpan(totals, withShortTexts(span)),
    check: (): readonly BudgetResult[] => checkBudgets(totals, budgets),
  };
}
