import type { HistogramValue, Instrument, PointValue, SumValue } from '../../model/otel.ts';
import { exactSum } from './exact-sum.ts';

/** The value of two stretches of the log together, or of two shares of it; both are of this instrument. */
export function mergeValues(instrument: Instrument, earlier: PointValue, later: PointValue): PointValue {
  return earlier.kind === 'sum'
    ? addSums(earlier, later)
    : later.kind === 'histogram'
      ? addHistograms(instrument, earlier, later)
      : mismatch();
}

function addSums(earlier: SumValue, later: PointValue): SumValue {
  return later.kind === 'sum' ? { kind: 'sum', sum: earlier.sum + later.sum } : mismatch();
}

function addHistograms(
  instrument: Instrument,
  earlier: HistogramValue,
  later: HistogramValue,
): HistogramValue {
  return {
    kind: 'histogram',
    count: earlier.count + later.count,
    sum: exactSum(instrument, earlier.sum, later.sum),
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
