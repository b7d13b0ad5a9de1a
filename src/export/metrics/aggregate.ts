import { type Attributes as SdkAttributes, ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  type Histogram,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import type { PointValue } from '../../model/metric.ts';
import type { Attributes, Instrument, Measurement } from '../../model/otel.ts';
import { fromWhole, toWhole } from './exact-sum.ts';
import { createLabelTokens, type LabelToken, type LabelTokens } from './label-tokens.ts';
import { OVERFLOW } from './overflow.ts';

// The SDK's meter, used for what it is good at: sums, buckets, extremes. It runs in delta temporality and its times
// (always "now") are thrown away: what a point means in log time is decided in meter.ts. It gets a token instead of the
// labels: it spends three quarters of its time on building keys from them.

/** What one series gained since the last collection. */
export interface Gain {
  readonly instrument: Instrument;
  readonly attributes: Attributes;
  readonly value: PointValue;
}

export interface Aggregator {
  record(measurements: readonly Measurement[]): void;
  /** Everything recorded since the last call. Nothing may be recorded until the promise settles. */
  collect(): Promise<readonly Gain[]>;
}

/** @param seriesLimit series per instrument and collection; what is above folds into `otel.metric.overflow`. */
export function createAggregator(instruments: readonly Instrument[], seriesLimit: number): Aggregator {
  const reader = new DeltaReader(seriesLimit);
  const provider = new MeterProvider({
    readers: [reader],
    views: instruments
      .filter((instrument) => instrument.kind === 'histogram')
      .map((instrument) => ({
        instrumentName: instrument.name,
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { boundaries: instrument.bounds.map((bound) => toWhole(instrument, bound)) },
        },
        // A view does not take the reader's limit over: without this it folds above 2000.
        aggregationCardinalityLimit: seriesLimit + 1,
      })),
  });
  const meter = provider.getMeter('hermes-otel');
  const byName = new Map(instruments.map((instrument) => [instrument.name, instrument]));
  const recorders = new Map(instruments.map((instrument) => [instrument.name, recorder(meter, instrument)]));
  let tokens = createLabelTokens();
  return {
    record(measurements) {
      for (const { instrument, value, attributes } of measurements) {
        const add = recorders.get(instrument);
        if (add === undefined) throw new TypeError(`a measurement names no listed instrument: ${instrument}`);
        add(value, tokens.tokenOf(attributes));
      }
    },
    async collect() {
      const { resourceMetrics } = await reader.collect();
      const gains = resourceMetrics.scopeMetrics
        .flatMap((scope) => scope.metrics)
        .flatMap((metric) => gainsOf(metric, byName.get(metric.descriptor.name), tokens));
      // Labels that a log never repeats must not stay for ever.
      if (tokens.size() > seriesLimit) tokens = createLabelTokens();
      return gains;
    },
  };
}

class DeltaReader extends MetricReader {
  constructor(seriesLimit: number) {
    super({
      aggregationTemporalitySelector: () => AggregationTemporality.DELTA,
      // The SDK counts the overflow series itself as one of the limit.
      cardinalitySelector: () => seriesLimit + 1,
    });
  }
  protected override async onShutdown(): Promise<void> {}
  protected override async onForceFlush(): Promise<void> {}
}

type Add = (value: number, labels: LabelToken) => void;

function recorder(meter: ReturnType<MeterProvider['getMeter']>, instrument: Instrument): Add {
  const { name, unit, description } = instrument;
  if (instrument.kind === 'histogram') {
    const histogram = meter.createHistogram(name, { unit, description, valueType: ValueType.DOUBLE });
    return (value, labels) => histogram.record(toWhole(instrument, value), labels);
  }
  const counter = meter.createCounter(name, { unit, description, valueType: ValueType.INT });
  return (value, labels) => {
    // The SDK would cut the fraction off, or drop a negative value, with no more than a line in its debug log.
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${name} counts whole things: ${value}`);
    counter.add(value, labels);
  };
}

function gainsOf(metric: MetricData, instrument: Instrument | undefined, tokens: LabelTokens): Gain[] {
  if (instrument === undefined) return [];
  // The series that the SDK folds others into is the only one without a token.
  const attributesOf = ({ series }: SdkAttributes) => tokens.labelsOf(series) ?? OVERFLOW;
  if (metric.dataPointType === DataPointType.SUM) {
    return metric.dataPoints.map(({ attributes, value }) => ({
      instrument,
      attributes: attributesOf(attributes),
      value: { kind: 'sum', sum: value },
    }));
  }
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    return metric.dataPoints
      .filter(({ value }) => value.count > 0)
      .map(({ attributes, value }) => ({
        instrument,
        attributes: attributesOf(attributes),
        value: histogram(instrument, value),
      }));
  }
  return [];
}

function histogram(
  instrument: Instrument,
  { count, sum = 0, min = 0, max = 0, buckets }: Histogram,
): PointValue {
  const value = (whole: number) => fromWhole(instrument, whole);
  return {
    kind: 'histogram',
    count,
    sum: value(sum),
    min: value(min),
    max: value(max),
    bucketCounts: buckets.counts,
  };
}
