import {
  type HrTime,
  type Attributes as SdkAttributes,
  type AttributeValue as SdkValue,
  SpanStatusCode,
  TraceFlags,
  ValueType,
} from '@opentelemetry/api';
import { resourceFromAttributes, type Resource as SdkResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type {
  Attributes,
  AttributeValue,
  HistogramValue,
  Metric,
  MetricPoint,
  MetricSnapshot,
  Origin,
  OtelSpan,
  StatusCode,
} from '../model/otel.ts';
import type { SpanId, TraceId } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';

// Spans and metrics in the form that the SDK's exporters and serializers read.

/** An origin as the SDK's objects. Make it once per run: the SDK groups spans by the identity of these two. */
export interface SdkOrigin {
  readonly resource: SdkResource;
  readonly instrumentationScope: ReadableSpan['instrumentationScope'];
}

export function toSdkOrigin({ resource, scope }: Origin): SdkOrigin {
  return {
    resource: resourceFromAttributes(toSdkAttributes(resource.attributes)),
    instrumentationScope: { name: scope.name, version: scope.version },
  };
}

export function toReadableSpan(span: OtelSpan, origin: SdkOrigin): ReadableSpan {
  const context = spanContext(span.traceId, span.spanId);
  return {
    ...origin,
    name: span.name,
    // The SDK counts kinds from 0, OTLP from 1.
    kind: span.kind - 1,
    spanContext: () => context,
    ...(span.parentSpanId === undefined
      ? {}
      : { parentSpanContext: spanContext(span.traceId, span.parentSpanId) }),
    startTime: hrTime(span.startTime),
    endTime: hrTime(span.endTime),
    duration: hrTime(span.endTime - span.startTime),
    ended: true,
    status: {
      code: SDK_STATUS[span.status.code],
      ...(span.status.message === undefined ? {} : { message: span.status.message }),
    },
    attributes: toSdkAttributes(span.attributes),
    events: span.events.map(({ time, name, attributes }) => ({
      name,
      time: hrTime(time),
      attributes: toSdkAttributes(attributes),
    })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({
      context: spanContext(traceId, spanId),
      attributes: toSdkAttributes(attributes),
    })),
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const SDK_STATUS: Record<StatusCode, SpanStatusCode> = {
  0: SpanStatusCode.UNSET,
  1: SpanStatusCode.OK,
  2: SpanStatusCode.ERROR,
};

function spanContext(traceId: TraceId, spanId: SpanId) {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

/** Always a pair of seconds and nanoseconds: the SDK guesses the unit of a bare number. */
export function hrTime(time: EpochMicros | number): HrTime {
  const seconds = Math.floor(time / 1e6);
  return [seconds, (time - seconds * 1e6) * 1000];
}

/**
 * The SDK distinguishes integers and doubles by their value alone, so a double that happens to be whole becomes an integer
 * on the SDK's path. Our own encoders keep it a double.
 */
export function toSdkAttributes(attributes: Attributes): SdkAttributes {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, toSdkValue(value)]));
}

function toSdkValue(value: AttributeValue): SdkValue {
  if (typeof value !== 'object') return value;
  return 'double' in value ? value.double : [...value];
}

export function toResourceMetrics(snapshot: MetricSnapshot, origin: SdkOrigin): ResourceMetrics {
  const metrics = snapshot.metrics.map(toMetricData);
  return { resource: origin.resource, scopeMetrics: [{ scope: origin.instrumentationScope, metrics }] };
}

const SDK_TEMPORALITY = {
  cumulative: AggregationTemporality.CUMULATIVE,
  delta: AggregationTemporality.DELTA,
} as const;

function toMetricData({ instrument, temporality, points }: Metric): MetricData {
  const { name, unit, description, sums } = instrument;
  const isCounter = instrument.kind === 'counter';
  const valueType = isCounter && sums !== 'double' ? ValueType.INT : ValueType.DOUBLE;
  const common = {
    descriptor: { name, unit, description, valueType },
    aggregationTemporality: SDK_TEMPORALITY[temporality],
  };
  if (isCounter) {
    const dataPoints = points.flatMap(({ value, ...point }) =>
      value.kind === 'sum' ? [{ ...frame(point), value: value.sum }] : [],
    );
    return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  }
  const dataPoints = points.flatMap(({ value, ...point }) =>
    value.kind === 'histogram' ? [{ ...frame(point), value: toHistogram(value, instrument.bounds) }] : [],
  );
  return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints };
}

function frame({ attributes, startTime, endTime }: Omit<MetricPoint, 'value'>) {
  return {
    attributes: toSdkAttributes(attributes),
    startTime: hrTime(startTime),
    endTime: hrTime(endTime),
  };
}

function toHistogram({ count, sum, min, max, bucketCounts }: HistogramValue, bounds: readonly number[]) {
  const buckets = { boundaries: [...bounds], counts: [...bucketCounts] };
  return { count, sum, buckets, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}
