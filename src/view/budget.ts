/** Budgets: `--fail-on 'turn_p95>60s'` parsed into a value and checked against the totals of a log. */
import type { Tokens } from '../model/figures.ts';
import type { AgentSpanKind } from '../model/span.ts';
import { mean, quantiles, type Series, type SpanRef } from './series.ts';
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
  /** Microseconds, or a count; `undefined` when nothing of that kind happened, which does not break a budget. */
  readonly value: number | undefined;
  readonly broken: boolean;
  /** Of a broken budget: the span that contributes most to its value. `undefined` when no single span does. */
  readonly span: SpanRef | undefined;
  /** One sentence for people, with the value and the span. */
  readonly message: Visible;
}

/** A figure that a budget can limit. */
interface BudgetMetric {
  readonly unit: 'duration' | 'count';
  readonly read: (totals: Totals) => Reading;
}

interface Reading {
  /** Microseconds, or a count. `undefined` when nothing of that kind happened. */
  readonly value: number | undefined;
  /** The span that contributes most: the longest, the first that failed, the one with the most tokens. */
  readonly span: SpanRef | undefined;
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

const KIND_NAMES: readonly (readonly [AgentSpanKind, string])[] = [
  ['session', 'session'],
  ['turn', 'turn'],
  ['api_call', 'call'],
  ['tool_call', 'tool'],
  ['subagent', 'subagent'],
  ['auxiliary_call', 'auxiliary'],
  ['approval', 'approval'],
];

const STATISTICS: readonly (readonly [string, (series: Series) => number | undefined])[] = [
  ['mean', ({ durations }) => mean(durations)],
  ['p50', ({ durations }) => quantiles(durations, [0.5])[0]],
  ['p95', ({ durations }) => quantiles(durations, [0.95])[0]],
  ['p99', ({ durations }) => quantiles(durations, [0.99])[0]],
  ['max', ({ durations }) => (durations.count === 0 ? undefined : durations.max)],
];

/** By the name that a flag uses. */
export const BUDGET_METRICS: ReadonlyMap<string, BudgetMetric> = new Map([
  ['errors', overAll(({ errors }) => errors, 'firstError')],
  ['incomplete', overAll(({ incomplete }) => incomplete, 'firstIncomplete')],
  ['tokens', tokens(({ input, output }) => input + output)],
  ['input_tokens', tokens(({ input }) => input)],
  ['uncached_tokens', tokens(({ input, cached }) => input - cached)],
  ['cached_tokens', tokens(({ cached }) => cached)],
  ['output_tokens', tokens(({ output }) => output)],
  ...KIND_NAMES.flatMap(([kind, name]) => ofKind(kind, name)),
  ['sessions', counted(({ sessionCount }) => sessionCount.count)],
  ['calls', counted(({ work }) => work.calls)],
]);

/** Parses `turn_p95>60s`, `errors>0`, `tokens>100000`: a metric, a comparison, and a duration with its unit or a whole number. */
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

/** The result of each budget, in the order given. */
export function checkBudgets(totals: Totals, budgets: readonly Budget[]): readonly BudgetResult[] {
  return budgets.map((budget) => {
    const metric = BUDGET_METRICS.get(budget.metric);
    const { value, span } = metric?.read(totals) ?? { value: undefined, span: undefined };
    const broken = value !== undefined && COMPARE[budget.comparison](value, budget.limit);
    const result = { budget, value, broken, span: broken ? span : undefined };
    return { ...result, message: sentence(result, metric?.unit) };
  });
}

function sentence({ budget, value, broken, span }: Omit<BudgetResult, 'message'>, unit?: string): Visible {
  const { text, metric: name } = budget;
  if (value === undefined) return shown`budget ${text} holds: nothing to measure`;
  // Not rounded: 60.01 s breaks a budget of 60 s, and "1m00s" would not show why.
  const figure = unit === 'duration' ? `${Math.round(value) / 1_000_000}s` : value;
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
  const kinds = KIND_NAMES.map(([, word]) => word).join(', ');
  return shown`There is no metric "${name}" to budget: there are errors, incomplete, tokens, input_tokens, uncached_tokens, cached_tokens, output_tokens, and for each of ${kinds} its number (turns), its errors (turn_errors) and its durations (turn_mean, turn_p50, turn_p95, turn_p99, turn_max).`;
}

function wrongLimit(name: string, { unit }: BudgetMetric, text: string): Visible {
  if (unit === 'count') return shown`${name} is limited by a whole number, not "${text}": write ${name}>0.`;
  return shown`${name} is limited by a duration with its unit (us, ms, s, m, h), not "${text}": write ${name}>60s.`;
}

function problem(message: Visible): ParsedBudget {
  return { kind: 'problem', message };
}

function counted(read: (totals: Totals) => number): BudgetMetric {
  return { unit: 'count', read: (totals) => ({ value: read(totals), span: undefined }) };
}

/** `turns`, `turn_errors`, `turn_mean` … of one kind of span. */
function ofKind(kind: AgentSpanKind, name: string): readonly (readonly [string, BudgetMetric])[] {
  const metric = (unit: BudgetMetric['unit'], read: (series: Series) => Reading): BudgetMetric => ({
    unit,
    read: ({ kinds }) => read(kinds[kind]),
  });
  return [
    [`${name}s`, metric('count', (series) => ({ value: series.count, span: undefined }))],
    [`${name}_errors`, metric('count', ({ errors, firstError }) => ({ value: errors, span: firstError }))],
    ...STATISTICS.map(
      ([statistic, read]) =>
        [
          `${name}_${statistic}`,
          metric('duration', (series) => ({ value: read(series), span: series.slowest })),
        ] as const,
    ),
  ];
}

function overAll(read: (series: Series) => number, culprit: 'firstError' | 'firstIncomplete'): BudgetMetric {
  return {
    unit: 'count',
    read: ({ kinds }) => ({
      value: Object.values(kinds).reduce((sum, series) => sum + read(series), 0),
      // The call or the tool first: the turn and the session around it failed because of it.
      span: [kinds.api_call, kinds.tool_call, ...Object.values(kinds)].find((series) => series[culprit])?.[
        culprit
      ],
    }),
  };
}

function tokens(read: (tokens: Tokens) => number): BudgetMetric {
  return {
    unit: 'count',
    read: ({ work, kinds: { api_call: calls, auxiliary_call: auxiliary } }) => ({
      value: read(work.tokens),
      span: (calls.largest >= auxiliary.largest ? calls : auxiliary).heaviest,
    }),
  };
}
