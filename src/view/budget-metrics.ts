/** The figures that a budget can limit: names for flags, and where in the totals each is found. */
import type { AgentSpanKind } from '../model/span.ts';
import { mean, quantiles } from './sample.ts';
import type { Series, SpanRef, TokenTotals } from './series.ts';
import type { Totals } from './totals.ts';

export interface BudgetMetric {
  readonly unit: 'duration' | 'count';
  readonly read: (totals: Totals) => Reading;
}

export interface Reading {
  /** Microseconds, or a count. `undefined` when nothing of that kind happened. */
  readonly value: number | undefined;
  /** The span that weighs most in it: the longest, the first that failed, the one with the most tokens. */
  readonly span: SpanRef | undefined;
}

const KIND_NAMES: readonly (readonly [AgentSpanKind, string])[] = [
  ['session', 'session'],
  ['turn', 'turn'],
  ['api_call', 'call'],
  ['tool_call', 'tool'],
  ['subagent', 'subagent'],
  ['auxiliary_call', 'auxiliary'],
  ['approval', 'approval'],
];

const DURATIONS: readonly (readonly [string, (series: Series) => number | undefined])[] = [
  ['mean', ({ durations }) => mean(durations)],
  ['p50', ({ durations }) => quantiles(durations, [0.5])[0]],
  ['p95', ({ durations }) => quantiles(durations, [0.95])[0]],
  ['p99', ({ durations }) => quantiles(durations, [0.99])[0]],
  ['max', ({ durations }) => (durations.count === 0 ? undefined : durations.max)],
];

/** By name. */
export const BUDGET_METRICS: ReadonlyMap<string, BudgetMetric> = new Map([
  ['errors', overAll(({ errors }) => errors, 'firstError')],
  ['incomplete', overAll(({ incomplete }) => incomplete, 'firstIncomplete')],
  ['tokens', tokens(({ total }) => total)],
  ['input_tokens', tokens(({ input }) => input)],
  ['output_tokens', tokens(({ output }) => output)],
  ['cached_tokens', tokens(({ cached }) => cached)],
  ...KIND_NAMES.flatMap(([kind, name]) => ofKind(kind, name)),
]);

function ofKind(kind: AgentSpanKind, name: string): readonly (readonly [string, BudgetMetric])[] {
  return [
    [`${name}s`, { unit: 'count', read: ({ kinds }) => ({ value: kinds[kind].count, span: undefined }) }],
    [
      `${name}_errors`,
      { unit: 'count', read: ({ kinds }) => ({ value: kinds[kind].errors, span: kinds[kind].firstError }) },
    ],
    ...DURATIONS.map(([statistic, read]) => {
      const metric: BudgetMetric = {
        unit: 'duration',
        read: ({ kinds }) => ({ value: read(kinds[kind]), span: kinds[kind].slowest }),
      };
      return [`${name}_${statistic}`, metric] as const;
    }),
  ];
}

function overAll(read: (series: Series) => number, culprit: 'firstError' | 'firstIncomplete'): BudgetMetric {
  return {
    unit: 'count',
    read: ({ kinds }) => ({
      value: Object.values(kinds).reduce((sum, series) => sum + read(series), 0),
      // A call or a tool says more than the turn or the session that failed with it.
      span: [kinds.api_call, kinds.tool_call, ...Object.values(kinds)].find((series) => series[culprit])?.[
        culprit
      ],
    }),
  };
}

function tokens(read: (tokens: TokenTotals) => number): BudgetMetric {
  return {
    unit: 'count',
    read: ({ kinds: { api_call: calls, auxiliary_call: auxiliary } }) => ({
      value: read(calls.tokens) + read(auxiliary.tokens),
      span: (calls.tokens.largest >= auxiliary.tokens.largest ? calls : auxiliary).heaviest,
    }),
  };
}
