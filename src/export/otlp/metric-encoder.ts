import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type {
  Attributes,
  AttributeValue,
  Instrument,
  Metric,
  MetricPoint,
  MetricSnapshot,
  Origin,
} from '../../model/otel.ts';
import type { EpochMicros } from '../../model/time.ts';
import { part, pointsIn } from '../metrics/points.ts';
import { toResourceMetrics, toSdkOrigin } from '../readable.ts';
import { isInt64 } from './bytes.ts';
import type { Encoder, RequestBody } from './encoder.ts';
import { headsBy } from './trace-request.ts';

export function metricEncoder(origin: Origin): Encoder<MetricSnapshot> {
  return {
    signal: 'metric points',
    weight: pointsIn,
    newRequest: (contentType) =>
      contentType === 'application/json' ? jsonRequest(origin) : protobufRequest(origin),
    shrink(snapshot) {
      const total = pointsIn(snapshot);
      if (total < 2) return undefined;
      const middle = Math.ceil(total / 2);
      return { items: [part(snapshot, 0, middle), part(snapshot, middle, total)], loss: undefined };
    },
  };
}

/** Requests joined one after the other: that is how protobuf itself merges messages whose fields are lists. */
function protobufRequest(origin: Origin): RequestBody<MetricSnapshot> {
  const sdkOriginOf = headsBy(toSdkOrigin);
  const encode = (snapshot: MetricSnapshot) => {
    const sdkOrigin = sdkOriginOf(snapshot.origin ?? origin);
    return (
      ProtobufMetricsSerializer.serializeRequest(toResourceMetrics(snapshot, sdkOrigin)) ?? new Uint8Array()
    );
  };
  return joined(encode, { head: '', separator: '', tail: '' });
}

/** One `resourceMetrics` element for each snapshot. */
function jsonRequest(origin: Origin): RequestBody<MetricSnapshot> {
  const encode = (snapshot: MetricSnapshot) =>
    Buffer.from(JSON.stringify(jsonResourceMetrics(snapshot, snapshot.origin ?? origin)));
  return joined(encode, { head: '{"resourceMetrics":[', separator: ',', tail: ']}' });
}

interface Frame {
  readonly head: string;
  readonly separator: string;
  readonly tail: string;
}

export function joined<Item>(
  encode: (item: Item) => Uint8Array,
  { head, separator, tail }: Frame,
): RequestBody<Item> {
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    add(item, maxBytes) {
      const bytes = encode(item);
      const before = parts.length === 0 ? head : separator;
      const needed =
        size - (parts.length === 0 ? 0 : tail.length) + before.length + bytes.length + tail.length;
      if (needed > maxBytes) return false;
      parts.push(Buffer.from(before), bytes);
      size = needed;
      return true;
    },
    sizeBytes: () => size,
    finish() {
      const body = Buffer.concat([...parts, Buffer.from(parts.length === 0 ? '' : tail)]);
      parts = [];
      size = 0;
      return body;
    },
  };
}

// Metric points in OTLP/JSON as the specification has it: 64-bit integers as decimal strings, enums as numbers. The
// SDK's JSON writes integers as JSON numbers and turns a whole double into an integer, so this mapping is ours.

function jsonResourceMetrics(snapshot: MetricSnapshot, { resource, scope }: Origin): object {
  return {
    resource: { attributes: jsonAttributes(resource.attributes) },
    scopeMetrics: [
      { scope: { name: scope.name, version: scope.version }, metrics: snapshot.metrics.map(jsonMetric) },
    ],
  };
}

const TEMPORALITY = { delta: 1, cumulative: 2 } as const;

function jsonMetric({ instrument, temporality, points }: Metric): object {
  const { name, description, unit } = instrument;
  const dataPoints = points.map((point) => jsonPoint(point, instrument));
  const aggregationTemporality = TEMPORALITY[temporality];
  return instrument.kind === 'counter'
    ? { name, description, unit, sum: { dataPoints, aggregationTemporality, isMonotonic: true } }
    : { name, description, unit, histogram: { dataPoints, aggregationTemporality } };
}

function jsonPoint(
  { attributes, startTime, endTime, value }: MetricPoint,
  { bounds, sums }: Instrument,
): object {
  const common = {
    attributes: jsonAttributes(attributes),
    startTimeUnixNano: nanos(startTime),
    timeUnixNano: nanos(endTime),
  };
  if (value.kind === 'sum') {
    return sums === 'double' ? { ...common, asDouble: value.sum } : { ...common, asInt: int64(value.sum) };
  }
  return {
    ...common,
    count: String(value.count),
    sum: value.sum,
    bucketCounts: value.bucketCounts.map(String),
    explicitBounds: bounds,
    min: value.min,
    max: value.max,
  };
}

/** Microseconds as decimal nanoseconds: three zeros, nothing to round. */
export function nanos(time: EpochMicros): string {
  return time === 0 ? '0' : `${time}000`;
}

export function jsonAttributes(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return isInt64(value) ? { intValue: int64(value) } : doubleValue(value);
  return 'double' in value ? doubleValue(value.double) : { arrayValue: { values: value.map(anyValue) } };
}

/** JSON has no word for what is not finite; protobuf's JSON mapping writes it as a string. */
function doubleValue(value: number): object {
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

/** `String` rounds above 2^53; `BigInt` keeps every digit. */
function int64(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}
