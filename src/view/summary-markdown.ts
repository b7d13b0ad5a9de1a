import type { BudgetResult } from './budget.ts';
import { code } from './markdown.ts';
import type { Totals } from './totals.ts';
import { renderHeadline, renderTotalsMarkdown } from './totals-markdown.ts';

/** A run for a job's summary: a headline, what became of each budget (broken ones first), and the tables. */
export function renderSummaryMarkdown(totals: Totals, budgets: readonly BudgetResult[]): string {
  const lines = budgets
    .toSorted((a, b) => Number(b.broken) - Number(a.broken))
    .map(({ broken, message }) => `- ${broken ? '**broken**' : 'holds'}: ${code(message)}`);
  const parts = [`### Hermes: ${renderHeadline(totals)}`, lines.join('\n'), renderTotalsMarkdown(totals)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
