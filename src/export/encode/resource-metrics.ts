import { ValueType } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { HistogramValue, Metric, MetricPoint, MetricSnapshot } from '../../model/otel.ts';
import { toSdkAttributes } from '../sdk-attributes.ts';
import { hrTime, type SdkOrigin } from './readable-span.ts';

/** A snapshot as the SDK's exporters and serializers read it. */
export function toResourceMetrics(snapshot: MetricSnapshot, origin: SdkOrigin): ResourceMetrics {
  const metrics = snapshot.metrics.map(toMetricData);
  return { resource: origin.resource, scopeMetrics: [{ scope: origin.instrumentationScope, metrics }] };
}

const TEMPORALITY = {
  cumulative: AggregationTemporality.CUMULATIVE,
  delta: AggregationTemporality.DELTA,
} as const;

function toMetricData({ instrument, temporality, points }: Metric): MetricData {
  const { name, unit, description } = instrument;
  const aggregationTemporality = TEMPORALITY[temporality];
  if (instrument.kind === 'counter') {
    return {
      descriptor: { name, unit, description, valueType: ValueType.INT },
      aggregationTemporality,
      dataPointType: DataPointType.SUM,
      isMonotonic: true,
      dataPoints: points.flatMap((point) =>
        point.value.kind === 'sum' ? [{ ...frame(point), value: point.value.sum }] : [],
      ),
    };
  }
  return {
    descriptor: { name, unit, description, valueType: ValueType.DOUBLE },
    aggregationTemporality,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints: points.flatMap((point) =>
      point.value.kind === 'histogram'
        ? [{ ...frame(point), value: toHistogram(point.value, instrument.bounds) }]
        : [],
    ),
  };
}

function frame({ attributes, startTime, endTime }: MetricPoint) {
  return {
    attributes: toSdkAttributes(attributes),
    startTime: hrTime(startTime),
    endTime: hrTime(endTime),
  };
}

function toHistogram({ count, sum, min, max, bucketCounts }: HistogramValue, bounds: readonly number[]) {
  return { count, sum, min, max, buckets: { boundaries: [...bounds], counts: [...bucketCounts] } };
}
