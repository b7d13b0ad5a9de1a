/** Statistics of spans of one kind, model or tool: counts, durations, tokens, and the spans that stand out. */
import { addToWork, countedOf, createWork, type Work } from '../model/figures.ts';
import type { AgentSpan, SpanId, TraceId } from '../model/span.ts';
import type { Visible } from '../model/visible.ts';
import { labelOf } from './label.ts';

/** Names a span in a report. */
export interface SpanRef {
  readonly name: Visible;
  readonly sessionId: string;
  readonly traceId: TraceId;
  readonly spanId: SpanId;
}

/** Statistics of spans of one kind, model or tool. Spans whose end is not in the log have no duration. */
export interface Series extends Work {
  count: number;
  /** Microseconds, of spans whose end is in the log. */
  readonly durations: Sample;
  /** Tokens of `heaviest`. */
  largest: number;
  /** The longest. */
  slowest: SpanRef | undefined;
  firstError: SpanRef | undefined;
  firstIncomplete: SpanRef | undefined;
  /** The one with the most tokens. */
  heaviest: SpanRef | undefined;
}

export function createSeries(): Series {
  return {
    ...createWork(),
    count: 0,
    durations: createSample(),
    largest: 0,
    slowest: undefined,
    firstError: undefined,
    firstIncomplete: undefined,
    heaviest: undefined,
  };
}

export function countSpan(series: Series, span: AgentSpan): void {
  const counted = countedOf(span);
  addToWork(series, counted);
  series.count += 1;
  if (counted.error) series.firstError ??= refOf(span);
  if (counted.incomplete) series.firstIncomplete ??= refOf(span);
  else countDuration(series, span);
  const total = (counted.tokens?.input ?? 0) + (counted.tokens?.output ?? 0);
  if (total <= series.largest) return;
  series.largest = total;
  series.heaviest = refOf(span);
}

function countDuration(series: Series, span: AgentSpan): void {
  const micros = span.endTime - span.startTime;
  if (series.slowest === undefined || micros > series.durations.max) series.slowest = refOf(span);
  addValue(series.durations, micros);
}

function refOf(span: AgentSpan): SpanRef {
  const { sessionId, traceId, spanId } = span;
  return { name: labelOf(span), sessionId, traceId, spanId };
}

/**
 * Durations of one kind and their percentiles (nearest rank, so a value that occurred). Percentiles are of the latest
 * `MAX_VALUES`: a follower may run for years. Count, mean and maximum are of all.
 */
export interface Sample {
  count: number;
  sum: number;
  max: number;
  /** The latest ones, in any order. */
  readonly values: number[];
}

export const MAX_VALUES = 100_000;

export function createSample(): Sample {
  return { count: 0, sum: 0, max: 0, values: [] };
}

/** Adds a value that is not negative, in place of the oldest when there is no more room. */
export function addValue(sample: Sample, value: number): void {
  sample.values[sample.count % MAX_VALUES] = value;
  sample.count += 1;
  sample.sum += value;
  sample.max = Math.max(sample.max, value);
}

/** Percentiles by their fraction (0.95), in the given order; each `undefined` when there are no values. */
export function quantiles({ values }: Sample, fractions: readonly number[]): readonly (number | undefined)[] {
  const sorted = Float64Array.from(values).sort();
  return fractions.map((fraction) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]);
}

/** True when the percentiles are of the latest values only. */
export function isOfLatest({ count, values }: Sample): boolean {
  return count > values.length;
}

/** `undefined` when there are no values. */
export function mean(sample: Sample): number | undefined {
  return sample.count === 0 ? undefined : sample.sum / sample.count;
}
