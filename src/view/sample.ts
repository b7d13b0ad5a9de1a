import { LogCollapsingLowestDenseDDSketch } from '@datadog/sketches-js';

/**
 * Values of one kind and their percentiles. Up to `EXACT_LIMIT` values are kept and percentiles are exact (nearest
 * rank: a value that occurred); beyond, a DDSketch takes over, whose percentiles are within 0.5 % of such a value, in
 * bounded memory however long the run. Count, mean and maximum are always exact.
 */
export interface Sample {
  count: number;
  sum: number;
  max: number;
  /** Unordered; emptied when the sketch takes over. */
  values: number[];
  sketch: LogCollapsingLowestDenseDDSketch | undefined;
}

export const EXACT_LIMIT = 10_000;

/** 4096 bins of 1 % hold everything from a microsecond to many years. */
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

/** Percentiles by their fraction (0.95), in the order asked for; `undefined` each when there are no values. */
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
