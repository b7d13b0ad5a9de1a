/** Statistics of spans of one kind, model or tool: counts, durations, tokens, and the spans that stand out. */
import { LogCollapsingLowestDenseDDSketch } from '@datadog/sketches-js';
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
 * Values of one kind and their percentiles. Up to `EXACT_LIMIT` values are kept and percentiles are exact (nearest
 * rank, so a value that occurred). Beyond that, a DDSketch with bounded memory gives percentiles within 0.5 %. Count,
 * mean and maximum are always exact.
 */
export interface Sample {
  count: number;
  sum: number;
  max: number;
  /** Unordered; empty once the sketch is in use. */
  values: number[];
  sketch: LogCollapsingLowestDenseDDSketch | undefined;
}

export const EXACT_LIMIT = 10_000;

/** 4096 bins of 1 % cover everything from a microsecond to many years. */
const SKETCH = { relativeAccuracy: 0.005, binLimit: 4096 };

export function createSample(): Sample {
  return { count: 0, sum: 0, max: 0, values: [], sketch: undefined };
}

/** Adds a value that is not negative. */
export function addValue(sample: Sample, value: number): void {
  sample.count += 1;
  sample.sum += value;
  sample.max = Math.max(sample.max, value);
  if (sample.sketch !== undefined) sample.sketch.accept(value);
  else sample.values.push(value);
  if (sample.values.length > EXACT_LIMIT) summarise(sample);
}

/** Percentiles by their fraction (0.95), in the given order; each `undefined` when there are no values. */
export function quantiles(sample: Sample, fractions: readonly number[]): readonly (number | undefined)[] {
  if (sample.count === 0) return fractions.map(() => undefined);
  const { sketch } = sample;
  if (sketch !== undefined) return fractions.map((fraction) => sketch.getValueAtQuantile(fraction));
  const sorted = sample.values.toSorted((a, b) => a - b);
  return fractions.map((fraction) => sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]);
}

/** `undefined` when there are no values. */
export function mean(sample: Sample): number | undefined {
  return sample.count === 0 ? undefined : sample.sum / sample.count;
}

function summarise(sample: Sample): void {
  const sketch = new LogCollapsingLowestDenseDDSketch(SKETCH);
  for (const value of sample.values) sketch.accept(value);
  sample.sketch = sketch;
  sample.values = [];
}
