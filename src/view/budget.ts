/** Budgets: `--fail-on 'turn_p95>60s'` parsed into a value and checked against the totals of a log. */
import type { Tokens } from '../model/figures.ts';
import type { AgentSpanKind } from '../model/span.ts';
import { plural } from '../model/units.ts';
import { shown, type Visible } from '../model/visible.ts';
import { mean, quantiles, type Series, type SpanRef } from './series.ts';
import type { Totals } from './totals.ts';

type Comparison = '>' | '>=' | '<' | '<=';

/** A condition that must not hold. */
export interface Budget {
  /** As the user wrote it, without the blanks around its parts. */
  readonly text: Visible;
  /** Without its tool or model. */
  readonly metric: string;
  readonly comparison: Comparison;
  /** In the unit of the metric; of a relative budget, the factor by which the baseline is multiplied. */
  readonly limit: number;
  /** True for a change against a baseline: `tokens>+20%`. */
  readonly relative: boolean;
  readonly measure: Measure<Totals>;
}

export type ParsedBudget =
  | { readonly kind: 'budget'; readonly budget: Budget }
  /** One sentence for people. */
  | { readonly kind: 'problem'; readonly message: Visible };

export interface BudgetResult {
  readonly budget: Budget;
  /** In the unit of the metric; `undefined` when nothing of that kind happened, which does not break a budget. */
  readonly value: number | undefined;
  readonly broken: boolean;
  /** Of a broken budget: the span that contributes most to its value. `undefined` when no single span does. */
  readonly span: SpanRef | undefined;
  /** One sentence for people, with the value and the span. */
  readonly message: Visible;
}

/** Microseconds, a whole number, a share from 0 to 1, or US dollars. */
type Unit = 'duration' | 'count' | 'rate' | 'dollars';

interface Reading {
  /** `undefined` when nothing of that kind happened, or when it is unknown. */
  readonly value: number | undefined;
  /** The span that contributes most: the longest, the first that failed, the one with the most tokens. */
  readonly span?: SpanRef | undefined;
  /** Calls of unknown price, which the value leaves out. */
  readonly unpriced?: number | undefined;
}

/** A figure of `T` that a budget can limit. */
export interface Measure<T> {
  readonly unit: Unit;
  readonly read: (of: T) => Reading;
}

const FORM = /^(?:((?:tool|model):\S+)\s+)?([a-z][a-z0-9_]*)\s*(>=|<=|>|<)\s*(.+)$/;
const CHANGE = /^([+-]\d+(?:\.\d+)?)%$/;
const DURATION = /^(\d+(?:\.\d+)?)(us|µs|ms|s|m|h)$/;

const MICROS_PER_UNIT: Readonly<Record<string, number>> = {
  us: 1,
  µs: 1,
  ms: 1000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
};

const COMPARE: Readonly<Record<Comparison, (value: number, limit: number) => boolean>> = {
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
};

/** How a limit of each unit is written, read and shown. */
const UNITS: Readonly<
  Record<
    Unit,
    {
      readonly rule: string;
      readonly example: string;
      readonly parse: (text: string) => number | undefined;
      readonly show: (value: number) => string;
    }
  >
> = {
  duration: {
    rule: 'a duration with its unit (us, ms, s, m, h)',
    example: '>60s',
    parse: (text) => {
      const [, number, unit = ''] = DURATION.exec(text) ?? [];
      return number === undefined ? undefined : Number(number) * (MICROS_PER_UNIT[unit] ?? Number.NaN);
    },
    // Not rounded: 60.01 s breaks a budget of 60 s, and "1m00s" would not show why.
    show: (micros) => `${Math.round(micros) / 1_000_000}s`,
  },
  count: {
    rule: 'a whole number',
    example: '>0',
    parse: (text) => {
      const value = /^\d+$/.test(text) ? Number(text) : undefined;
      return Number.isSafeInteger(value) ? value : undefined;
    },
    show: String,
  },
  rate: {
    rule: 'a percentage',
    example: '>5%',
    parse: (text) => (/^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : undefined),
    show: (share) => `${Number((100 * share).toFixed(2))}%`,
  },
  dollars: {
    rule: 'an amount of US dollars',
    example: '>0.50',
    parse: (text) => (/^\$?\d+(\.\d+)?$/.test(text) ? Number(text.replace('$', '')) : undefined),
    show: (dollars) => `$${Number(dollars.toFixed(6))}`,
  },
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

const TOKENS: Readonly<Record<string, (tokens: Tokens) => number>> = {
  tokens: ({ input, output }) => input + output,
  input_tokens: ({ input }) => input,
  uncached_tokens: ({ input, cached }) => input - cached,
  cached_tokens: ({ cached }) => cached,
  output_tokens: ({ output }) => output,
};

type Measures<T> = Readonly<Record<string, Measure<T>>>;

/** What the spans of one kind, one tool, one model and the whole log have in common. */
type Summary = Omit<Series, 'durations' | 'largest' | 'slowest'>;

const ERROR_MEASURES: Measures<Summary> = {
  errors: { unit: 'count', read: ({ errors, firstError }) => ({ value: errors, span: firstError }) },
  error_rate: {
    unit: 'rate',
    read: ({ errors, count, firstError }) => ({ value: share(errors, count), span: firstError }),
  },
};

const AMOUNT_MEASURES: Measures<Summary> = {
  incomplete: { unit: 'count', read: (of) => ({ value: of.incomplete, span: of.firstIncomplete }) },
  ...Object.fromEntries(
    Object.entries(TOKENS).map(([name, amount]): [string, Measure<Summary>] => [
      name,
      { unit: 'count', read: ({ tokens, heaviest }) => ({ value: amount(tokens), span: heaviest }) },
    ]),
  ),
  cost: { unit: 'dollars', read: ({ cost, heaviest }) => ({ value: cost, span: heaviest }) },
};

/** Of the spans of one kind, one tool or one model. */
const SPAN_MEASURES: Measures<Series> = {
  ...ERROR_MEASURES,
  mean: durationMeasure(({ durations }) => mean(durations)),
  p50: durationMeasure(({ durations }) => quantiles(durations, [0.5])[0]),
  p95: durationMeasure(({ durations }) => quantiles(durations, [0.95])[0]),
  p99: durationMeasure(({ durations }) => quantiles(durations, [0.99])[0]),
  max: durationMeasure(({ durations }) => (durations.count === 0 ? undefined : durations.max)),
};

/** Of one tool or one model, behind `tool:NAME` or `model:NAME`. */
const SCOPED_MEASURES: Measures<Series> = {
  ...SPAN_MEASURES,
  count: { unit: 'count', read: ({ count }) => ({ value: count }) },
  ...AMOUNT_MEASURES,
};

/** Of the whole log, by the name that a flag uses. */
export const LOG_MEASURES: Measures<Totals> = {
  ...Object.fromEntries(KIND_NAMES.flatMap(([kind, name]) => kindMeasures(kind, name))),
  sessions: { unit: 'count', read: ({ sessionCount }) => ({ value: sessionCount.count }) },
  calls: { unit: 'count', read: ({ work }) => ({ value: work.calls }) },
  ...Object.fromEntries(
    Object.entries({ ...ERROR_MEASURES, ...AMOUNT_MEASURES }).map(([name, { unit, read }]) => [
      name,
      { unit, read: (totals: Totals) => read(summaryOf(totals)) },
    ]),
  ),
  cost: {
    unit: 'dollars',
    read: (totals) => {
      const { cost, withoutPrice, heaviest } = summaryOf(totals);
      return { value: cost, span: heaviest, unpriced: withoutPrice };
    },
  },
};

/** The whole log. What can fail is counted: sessions and approvals cannot. */
function summaryOf(totals: Totals): Summary {
  const { work, kinds } = totals;
  const { api_call: calls, auxiliary_call: auxiliary } = kinds;
  return {
    ...work,
    count: work.turns + work.calls + work.tools + work.subagents,
    firstError: first(totals, 'firstError'),
    firstIncomplete: first(totals, 'firstIncomplete'),
    heaviest: (calls.largest >= auxiliary.largest ? calls : auxiliary).heaviest,
  };
}

/**
 * Parses `turn_p95>60s`, `error_rate>5%`, `cost>1`, `tool:terminal errors>0`: a metric, a comparison, and a limit in the
 * metric's unit. `tokens>+20%` is a change against a baseline, a problem where there is none.
 */
export function parseBudget(given: string, { hasBaseline = false } = {}): ParsedBudget {
  const [, scope = '', metric, comparison, limitText = ''] = FORM.exec(given.trim()) ?? [];
  if (metric === undefined || !isComparison(comparison)) {
    return problem(
      shown`"${given}" is not a budget: write one like turn_p95>60s, errors>0 or tokens>100000.`,
    );
  }
  const measure = measureOf(scope, metric);
  if (measure === undefined) return problem(unknownMetric(metric, scope));
  const text = shown`${scope === '' ? '' : `${scope} `}${metric}${comparison}${limitText}`;
  const [, change] = CHANGE.exec(limitText) ?? [];
  if (change !== undefined && !hasBaseline) {
    return problem(shown`${text} is a change against a baseline: only "diff" compares two logs.`);
  }
  const limit = change === undefined ? UNITS[measure.unit].parse(limitText) : 1 + Number(change) / 100;
  if (limit === undefined) return problem(wrongLimit(metric, measure.unit, limitText));
  return {
    kind: 'budget',
    budget: { text, metric, comparison, limit, relative: change !== undefined, measure },
  };
}

/** The result of each budget, in the order given. `baseline`: what relative budgets are compared with. */
export function checkBudgets(
  totals: Totals,
  budgets: readonly Budget[],
  baseline?: Totals,
): readonly BudgetResult[] {
  return budgets.map((budget) => {
    const { comparison, measure, relative } = budget;
    const { value, span, unpriced } = measure.read(totals);
    const before = relative && baseline !== undefined ? measure.read(baseline).value : undefined;
    const limit = relative ? before && before * budget.limit : budget.limit;
    const broken = value !== undefined && limit !== undefined && COMPARE[comparison](value, limit);
    const verdict = sentence(budget, broken, { value, unpriced, before });
    const message = broken && span !== undefined ? shown`${verdict} (${where(span)})` : verdict;
    return { budget, value, broken, span: broken ? span : undefined, message };
  });
}

interface Found extends Omit<Reading, 'span'> {
  /** Of a relative budget: the baseline's value. */
  readonly before: number | undefined;
}

function sentence({ text, metric, relative, measure }: Budget, broken: boolean, found: Found): Visible {
  const { value, before, unpriced = 0 } = found;
  if (value === undefined) return shown`budget ${text} holds: nothing to measure`;
  if (relative && before === undefined) return shown`budget ${text} holds: nothing to compare with`;
  const { show } = UNITS[measure.unit];
  const was = before === undefined ? '' : `, ${show(before)} before`;
  const without = unpriced === 0 ? '' : `, without ${plural(unpriced, 'call')} of unknown price`;
  const verdict = broken ? 'is broken' : 'holds';
  return shown`budget ${text} ${verdict}: ${metric} is ${show(value)}${was}${without}`;
}

function where({ name, sessionId, traceId, spanId }: SpanRef): Visible {
  return shown`${name} in session ${sessionId}, trace ${traceId}, span ${spanId}`;
}

/** `scope`: `tool:NAME`, `model:NAME`, or empty for the whole log. */
function measureOf(scope: string, name: string): Measure<Totals> | undefined {
  if (scope === '') return Object.hasOwn(LOG_MEASURES, name) ? LOG_MEASURES[name] : undefined;
  const measure = Object.hasOwn(SCOPED_MEASURES, name) ? SCOPED_MEASURES[name] : undefined;
  if (measure === undefined) return undefined;
  const group = scope.startsWith('tool:') ? 'tools' : 'models';
  const key = scope.slice(scope.indexOf(':') + 1);
  const read = (totals: Totals) => {
    const series = totals[group].get(key);
    return series === undefined ? { value: undefined } : measure.read(series);
  };
  return { unit: measure.unit, read };
}

function isComparison(text: string | undefined): text is Comparison {
  return text !== undefined && Object.hasOwn(COMPARE, text);
}

function unknownMetric(name: string, scope: string): Visible {
  const scopedNames = Object.keys(SCOPED_MEASURES).join(', ');
  if (scope !== '')
    return shown`There is no metric "${name}" of one tool or model: there are ${scopedNames}.`;
  const kinds = KIND_NAMES.map(([, word]) => word).join(', ');
  const tokens = Object.keys(TOKENS).join(', ');
  return shown`There is no metric "${name}" to budget: there are errors, error_rate, incomplete, ${tokens}, cost, and for each of ${kinds} its number (turns), its errors (turn_errors, turn_error_rate) and its durations (turn_mean, turn_p50, turn_p95, turn_p99, turn_max); for one tool or model, as in tool:terminal errors>0, there are ${scopedNames}.`;
}

function wrongLimit(name: string, unit: Unit, text: string): Visible {
  const { rule, example } = UNITS[unit];
  return shown`${name} is limited by ${rule}, not "${text}": write ${name}${example}.`;
}

function problem(message: Visible): ParsedBudget {
  return { kind: 'problem', message };
}

function share(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : part / whole;
}

/** `turns`, `turn_errors`, `turn_mean` … of one kind of span. */
function kindMeasures(kind: AgentSpanKind, name: string): readonly (readonly [string, Measure<Totals>])[] {
  return [
    [`${name}s`, { unit: 'count', read: ({ kinds }) => ({ value: kinds[kind].count }) }],
    ...Object.entries(SPAN_MEASURES).map(
      ([measure, { unit, read: of }]) =>
        [`${name}_${measure}`, { unit, read: ({ kinds }: Totals) => of(kinds[kind]) }] as const,
    ),
  ];
}

function durationMeasure(value: (series: Series) => number | undefined): Measure<Series> {
  return { unit: 'duration', read: (series) => ({ value: value(series), span: series.slowest }) };
}

/** The call or the tool first: the turn and the session around it failed because of it. */
function first({ kinds }: Totals, culprit: 'firstError' | 'firstIncomplete'): SpanRef | undefined {
  return [kinds.api_call, kinds.tool_call, ...Object.values(kinds)].find((series) => series[culprit])?.[
    culprit
  ];
}
