import { mean, quantiles } from './sample.ts';
import type { Series, SpanRef, TokenTotals } from './series.ts';
import type { Totals, Work } from './totals.ts';

/** A series as JSON; a figure that does not exist is left out. */
export interface SeriesJson {
  readonly count: number;
  readonly errors: number;
  readonly incomplete: number;
  readonly meanMicros?: number;
  readonly p50Micros?: number;
  readonly p95Micros?: number;
  readonly p99Micros?: number;
  readonly maxMicros?: number;
  /** True when the percentiles are within 0.5 %, not exact. */
  readonly approximate?: true;
  readonly tokens?: Omit<TokenTotals, 'largest'>;
  readonly slowest?: SpanRef;
  readonly firstError?: SpanRef;
}

/** What the tables show, unrounded: for scripts. */
export function totalsJson(totals: Totals): object {
  return {
    kinds: namedSeries(Object.entries(totals.kinds).filter(([, { count }]) => count > 0)),
    models: namedSeries([...totals.models]),
    tools: namedSeries([...totals.tools]),
    sessions: [...totals.sessions].map(([sessionId, { subagentOf, ordinary, background }]) => ({
      sessionId,
      subagentOf,
      ...workJson(ordinary),
      background: workJson(background),
    })),
  };
}

/** One series; durations in microseconds. */
export function seriesJson(series: Series): SeriesJson {
  const { count, errors, incomplete, durations, tokens, slowest, firstError } = series;
  const { largest: _, ...sums } = tokens;
  return {
    count,
    errors,
    incomplete,
    ...(durations.count === 0 ? {} : durationsJson(series)),
    ...(tokens.total === 0 ? {} : { tokens: sums }),
    ...(slowest === undefined ? {} : { slowest }),
    ...(firstError === undefined ? {} : { firstError }),
  };
}

function durationsJson({ durations }: Series): Partial<SeriesJson> {
  const [p50Micros = 0, p95Micros = 0, p99Micros = 0] = quantiles(durations, [0.5, 0.95, 0.99]);
  return {
    meanMicros: mean(durations) ?? 0,
    p50Micros,
    p95Micros,
    p99Micros,
    maxMicros: durations.max,
    ...(durations.sketch === undefined ? {} : { approximate: true }),
  };
}

function workJson({ turns, calls, tools }: Work): object {
  return { turns: seriesJson(turns), calls: seriesJson(calls), tools: seriesJson(tools) };
}

/** A list, not an object: a tool may be called `__proto__`. */
function namedSeries(series: readonly (readonly [string, Series])[]): readonly object[] {
  return series.map(([name, each]) => ({ name, ...seriesJson(each) }));
}
