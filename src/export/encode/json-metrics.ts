import type { Attributes, AttributeValue, Metric, MetricPoint, MetricSnapshot } from '../../model/otel.ts';
import type { EpochMicros } from '../../model/time.ts';
import type { Origin } from './request-encoder.ts';

// Metric points in OTLP/JSON as the specification has it: 64-bit integers as decimal strings, enums as numbers. The
// SDK's own JSON writes integers as JSON numbers and cannot keep a whole double a double, so this mapping is ours. Spans,
// of which there are many, are written without an object in between: ../otlp/.

function jsonResource({ resource }: Origin): object {
  return { attributes: jsonAttributes(resource.attributes) };
}

function jsonScope({ scope }: Origin): object {
  return { name: scope.name, version: scope.version };
}

/** One element of `resourceMetrics`. */
export function jsonResourceMetrics(snapshot: MetricSnapshot, origin: Origin): object {
  const metrics = snapshot.metrics.map(jsonMetric);
  return { resource: jsonResource(origin), scopeMetrics: [{ scope: jsonScope(origin), metrics }] };
}

const TEMPORALITY = { delta: 1, cumulative: 2 } as const;

function jsonMetric({ instrument, temporality, points }: Metric): object {
  const { name, description, unit } = instrument;
  const dataPoints = points.map((point) => jsonPoint(point, instrument.bounds));
  const aggregationTemporality = TEMPORALITY[temporality];
  return instrument.kind === 'counter'
    ? { name, description, unit, sum: { dataPoints, aggregationTemporality, isMonotonic: true } }
    : { name, description, unit, histogram: { dataPoints, aggregationTemporality } };
}

function jsonPoint(
  { attributes, startTime, endTime, value }: MetricPoint,
  bounds: readonly number[],
): object {
  const common = {
    attributes: jsonAttributes(attributes),
    startTimeUnixNano: nanos(startTime),
    timeUnixNano: nanos(endTime),
  };
  if (value.kind === 'sum') return { ...common, asInt: int64(value.sum) };
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

/** Microseconds as a decimal string of nanoseconds: no arithmetic, nothing to round. */
function nanos(time: EpochMicros): string {
  return time === 0 ? '0' : `${time}000`;
}

function jsonAttributes(attributes: Attributes): object[] {
  const list: object[] = [];
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) list.push({ key, value: anyValue(value) });
  }
  return list;
}

function anyValue(value: AttributeValue): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return isInt64(value) ? { intValue: int64(value) } : doubleValue(value);
  return 'double' in value ? doubleValue(value.double) : { arrayValue: { values: value.map(anyValue) } };
}

function doubleValue(value: number): object {
  // JSON has no word for these; protobuf's JSON mapping spells them as strings.
  return { doubleValue: Number.isFinite(value) ? value : String(value) };
}

/** Every digit, also above 2^53, where `String` rounds. */
function int64(value: number): string {
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

function isInt64(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63;
}
