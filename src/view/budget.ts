/** Budgets: `--fail-on 'turn_p95>60s'` → a value, and what a log makes of it. */
import { BUDGET_METRICS, type BudgetMetric } from './budget-metrics.ts';
import type { SpanRef } from './series.ts';
import type { Totals } from './totals.ts';
import { shown, type Visible } from './visible.ts';

type Comparison = '>' | '>=' | '<' | '<=';

/** A condition that must not hold. */
export interface Budget {
  /** As the user wrote it, without spaces. */
  readonly text: Visible;
  readonly metric: string;
  readonly comparison: Comparison;
  /** Microseconds, or a count. */
  readonly limit: number;
}

export type ParsedBudget =
  | { readonly kind: 'budget'; readonly budget: Budget }
  /** One sentence for people. */
  | { readonly kind: 'problem'; readonly message: Visible };

export interface BudgetResult {
  readonly budget: Budget;
  /** Microseconds, or a count; `undefined` when nothing of that kind happened, and then it is not broken. */
  readonly value: number | undefined;
  readonly broken: boolean;
  /** Of a broken budget: the span that weighs most in its value. `undefined` where no single span does. */
  readonly span: SpanRef | undefined;
  /** One sentence for people, with the value and the span. */
  readonly message: Visible;
}

const FORM = /^([a-z][a-z0-9_]*)(>=|<=|>|<)(.+)$/;
const DURATION = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)$/;
const COUNT = /^\d+$/;

const MICROS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['us', 1],
  ['µs', 1],
  ['ms', 1000],
  ['s', 1_000_000],
  ['m', 60_000_000],
  ['h', 3_600_000_000],
]);

const COMPARE: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

/** `turn_p95>60s`, `errors>0`, `tokens>100000`: a metric, a comparison, and a duration with its unit or a whole number. */
export function parseBudget(text: string): ParsedBudget {
  const written = text.replaceAll(' ', '');
  const [, name, comparison, limitText] = FORM.exec(written) ?? [];
  if (name === undefined || !isComparison(comparison) || limitText === undefined) {
    return problem(shown`"${text}" is not a budget: write one like turn_p95>60s, errors>0 or tokens>100000.`);
  }
  const metric = BUDGET_METRICS.get(name);
  if (metric === undefined) return problem(unknownMetric(name));
  const limit = metric.unit === 'duration' ? parseDuration(limitText) : parseCount(limitText);
  if (limit === undefined) return problem(wrongLimit(name, metric, limitText));
  return { kind: 'budget', budget: { text: shown`${written}`, metric: name, comparison, limit } };
}

/** What the totals make of each budget, in the order given. */
export function checkBudgets(totals: Totals, budgets: readonly Budget[]): readonly BudgetResult[] {
  return budgets.map((budget) => check(totals, budget));
}

function check(totals: Totals, budget: Budget): BudgetResult {
  const metric = BUDGET_METRICS.get(budget.metric);
  const { value, span } = metric?.read(totals) ?? { value: undefined, span: undefined };
  const broken = value !== undefined && COMPARE[budget.comparison](value, budget.limit);
  const culprit = broken ? span : undefined;
  const message = sentence(budget, metric, value, broken, culprit);
  return { budget, value, broken, span: culprit, message };
}

function sentence(
  { text, metric: name }: Budget,
  metric: BudgetMetric | undefined,
  value: number | undefined,
  broken: boolean,
  span: SpanRef | undefined,
): Visible {
  if (value === undefined) return shown`budget ${text} holds: nothing to measure`;
  // Unrounded: 60.01 s breaks a budget of 60 s, and must not be called "1m00s".
  const figure = metric?.unit === 'duration' ? `${Math.round(value) / 1_000_000}s` : value;
  const verdict = shown`budget ${text} ${broken ? 'is broken' : 'holds'}: ${name} is ${figure}`;
  if (span === undefined) return verdict;
  return shown`${verdict} (${span.name} in session ${span.sessionId}, trace ${span.traceId}, span ${span.spanId})`;
}

function parseDuration(text: string): number | undefined {
  const [, number, unit] = DURATION.exec(text) ?? [];
  const micros = unit === undefined ? undefined : MICROS_PER_UNIT.get(unit);
  return micros === undefined ? undefined : Number(number) * micros;
}

function parseCount(text: string): number | undefined {
  const value = COUNT.test(text) ? Number(text) : undefined;
  return Number.isSafeInteger(value) ? value : undefined;
}

function isComparison(text: string | undefined): text is Comparison {
  return text !== undefined && Object.hasOwn(COMPARE, text);
}

function unknownMetric(name: string): Visible {
  const kinds = 'session, turn, call, tool, subagent, auxiliary, approval';
  return shown`There is no metric "${name}" to budget: there are errors, incomplete, tokens, input_tokens, output_tokens, cached_tokens, and for each of ${kinds} its number (turns), its errors (turn_errors) and its durations (turn_mean, turn_p50, turn_p95, turn_p99, turn_max).`;
}

function wrongLimit(name: string, { unit }: BudgetMetric, text: string): Visible {
  if (unit === 'count') return shown`${name} is limited by a whole number, not "${text}": write ${name}>0.`;
  return shown`${name} is limited by a duration with its unit (us, ms, s, m, h), not "${text}": write ${name}>60s.`;
}

function problem(message: Visible): ParsedBudget {
  return { kind: 'problem', message };
}
