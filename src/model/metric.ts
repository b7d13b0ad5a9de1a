import type { Attributes, Instrument } from './otel.ts';
import type { EpochMicros } from './time.ts';

export type Temporality = 'cumulative' | 'delta';

/** What the instruments hold at one moment of the log's clock, as plain data: what `export` makes and sends. */
export interface MetricSnapshot {
  /** In the order in which the convention lists its instruments; only those with points. */
  readonly metrics: readonly Metric[];
}

export interface Metric {
  readonly instrument: Instrument;
  readonly temporality: Temporality;
  readonly points: readonly MetricPoint[];
}

/** One series of one instrument. Both times are log time. */
export interface MetricPoint {
  readonly attributes: Attributes;
  /** Cumulative: the first event of the log. Delta: the end of this series' point before. */
  readonly startTime: EpochMicros;
  readonly endTime: EpochMicros;
  readonly value: PointValue;
}

export type PointValue = SumValue | HistogramValue;

/** The value of a counter: a whole number. */
export interface SumValue {
  readonly kind: 'sum';
  readonly sum: number;
}

export interface HistogramValue {
  readonly kind: 'histogram';
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly max: number;
  /** One more than the instrument has bounds; bounds are inclusive upper bounds. */
  readonly bucketCounts: readonly number[];
}
