import {
  type Attributes as SdkAttributes,
  type AttributeValue as SdkValue,
  ValueType,
} from '@opentelemetry/api';
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  MeterProvider,
  type MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import type { Gain } from '../../../src/export/metrics/aggregate.ts';
import { toSdkAttributes } from '../../../src/export/sdk-attributes.ts';
import type { Attributes, AttributeValue, Instrument, Measurement } from '../../../src/model/otel.ts';

// The SDK's meter in delta temporality, as what our own aggregation must be equal to.

export interface SdkAggregator {
  record(measurements: readonly Measurement[]): void;
  collect(): Promise<readonly Gain[]>;
}

/** @param seriesLimit series per instrument and collection; what is above folds into `otel.metric.overflow`. */
export function sdkAggregator(instruments: readonly Instrument[], seriesLimit: number): SdkAggregator {
  const reader = new DeltaReader(seriesLimit);
  const provider = new MeterProvider({
    readers: [reader],
    views: instruments
      .filter((instrument) => instrument.kind === 'histogram')
      .map((instrument) => ({
        instrumentName: instrument.name,
        aggregation: {
          type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM,
          options: { boundaries: [...instrument.bounds] },
        },
        // A view does not take the reader's limit over: without this it folds above 2000.
        aggregationCardinalityLimit: seriesLimit + 1,
      })),
  });
  const meter = provider.getMeter('hermes-otel');
  const byName = new Map(instruments.map((instrument) => [instrument.name, instrument]));
  const recorders = new Map(instruments.map((instrument) => [instrument.name, recorder(meter, instrument)]));
  return {
    record(measurements) {
      for (const { instrument, value, attributes } of measurements) {
        const add = recorders.get(instrument);
        if (add === undefined) throw new TypeError(`a measurement names no listed instrument: ${instrument}`);
        add(value, toSdkAttributes(attributes));
      }
    },
    async collect() {
      const { resourceMetrics } = await reader.collect();
      return resourceMetrics.scopeMetrics
        .flatMap((scope) => scope.metrics)
        .flatMap((metric) => gainsOf(metric, byName.get(metric.descriptor.name)));
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

type Add = (value: number, attributes: SdkAttributes) => void;

function recorder(meter: ReturnType<MeterProvider['getMeter']>, instrument: Instrument): Add {
  const { name, unit, description } = instrument;
  if (instrument.kind === 'histogram') {
    const histogram = meter.createHistogram(name, { unit, description, valueType: ValueType.DOUBLE });
    return (value, attributes) => histogram.record(value, attributes);
  }
  const counter = meter.createCounter(name, { unit, description, valueType: ValueType.INT });
  return (value, attributes) => {
    // The SDK would cut the fraction off, or drop a negative value, with no more than a line in its debug log.
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`${name} counts whole things: ${value}`);
    counter.add(value, attributes);
  };
}

function gainsOf(metric: MetricData, instrument: Instrument | undefined): Gain[] {
  if (instrument === undefined) return [];
  if (metric.dataPointType === DataPointType.SUM) {
    return metric.dataPoints.map((point) => ({
      instrument,
      attributes: fromSdkAttributes(point.attributes),
      value: { kind: 'sum', sum: point.value },
    }));
  }
  if (metric.dataPointType === DataPointType.HISTOGRAM) {
    return metric.dataPoints
      .filter(({ value }) => value.count > 0)
      .map(({ attributes, value }) => ({
        instrument,
        attributes: fromSdkAttributes(attributes),
        value: {
          kind: 'histogram',
          count: value.count,
          sum: value.sum ?? 0,
          min: value.min ?? 0,
          max: value.max ?? 0,
          bucketCounts: value.buckets.counts,
        },
      }));
  }
  return [];
}

/** The way back, for what the SDK aggregated: lists of strings stay lists, a number with a fraction is a double. */
function fromSdkAttributes(attributes: SdkAttributes): Attributes {
  const out: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    const ours = fromSdkValue(value);
    if (ours !== undefined) out[key] = ours;
  }
  return out;
}

function fromSdkValue(value: SdkValue | undefined): AttributeValue | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? value : { double: value };
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' ? undefined : value;
}
