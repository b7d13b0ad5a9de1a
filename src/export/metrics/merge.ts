import type { HistogramValue, PointValue, SumValue } from '../../model/metric.ts';

/** The value of two stretches of the log together. The caller vouches that both are of the same instrument. */
export function mergeValues(earlier: PointValue, later: PointValue): PointValue {
  return earlier.kind === 'sum'
    ? addSums(earlier, later)
    : later.kind === 'histogram'
      ? addHistograms(earlier, later)
      : mismatch();
}

function addSums(earlier: SumValue, later: PointValue): SumValue {
  return later.kind === 'sum' ? { kind: 'sum', sum: earlier.sum + later.sum } : mismatch();
}

function addHistograms(earlier: HistogramValue, later: HistogramValue): HistogramValue {
  return {
    kind: 'histogram',
    count: earlier.count + later.count,
    sum: earlier.sum + later.sum,
    min: Math.min(earlier.min, later.min),
    max: Math.max(earlier.max, later.max),
    bucketCounts: earlier.bucketCounts.map((count, bucket) => count + (later.bucketCounts[bucket] ?? 0)),
  };
}

function mismatch(): never {
  throw new TypeError('a sum and a histogram cannot be one series');
}

/** How many measurements a value stands for; a counter only knows their sum. */
export function measurementsIn(value: PointValue): number {
  return value.kind === 'sum' ? value.sum : value.count;
}
