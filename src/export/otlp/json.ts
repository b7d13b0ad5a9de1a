import { boundedCache } from '../../model/bounded-cache.ts';
import type {
  Attributes,
  AttributeValue,
  Instrument,
  Metric,
  MetricPoint,
  MetricSnapshot,
  Origin,
  OtelLink,
  OtelLog,
  OtelSpan,
  OtelSpanEvent,
} from '../../model/otel.ts';
import { isInt64 } from './bytes.ts';
import { joined, type RequestBody } from './encoder.ts';
import { headsBy, SPAN_FLAGS } from './trace-request.ts';

// OTLP requests in JSON: proto3's JSON mapping, except that ids are hex and enums are numbers. Our own, because the SDK's
// JSON writes 64-bit integers as JSON numbers and turns a whole double into an integer. Texts alone need `JSON.stringify`:
// ids, numbers and names of fields hold nothing to escape.

/** `ExportTraceServiceRequest`s, one after the other: one group for each run of spans of one origin. */
export function createJsonTraceRequest(origin: Origin): RequestBody<OtelSpan> {
  const headOf = headsBy((from) => `${originJson(from, 'scopeSpans')},"spans":[`);
  const originOf = (span: OtelSpan) => span.origin ?? origin;
  return joined((span, previous) => {
    const from = originOf(span);
    if (previous === undefined) return Buffer.from(`{"resourceSpans":[${headOf(from)}${spanJson(span)}`);
    const between = originOf(previous) === from ? ',' : `]}]},${headOf(from)}`;
    return Buffer.from(between + spanJson(span));
  }, ']}]}]}');
}

/** `ExportMetricsServiceRequest`s: one group for each snapshot. */
export function createJsonMetricRequest(origin: Origin): RequestBody<MetricSnapshot> {
  const headOf = headsBy((from) => `${originJson(from, 'scopeMetrics')},"metrics":`);
  return groups(
    'resourceMetrics',
    ({ metrics, origin: from = origin }) => `${headOf(from)}${listJson(metrics, metricJson)}}]}`,
  );
}

/** `ExportLogsServiceRequest`s: one group for each span that has records. */
export function createJsonLogRequest(origin: Origin): RequestBody<OtelSpan> {
  const headOf = headsBy((from) => `${originJson(from, 'scopeLogs')},"logRecords":`);
  return groups('resourceLogs', (span) => {
    const records = listJson(span.logs ?? [], (log) => logJson(log, span));
    return `${headOf(span.origin ?? origin)}${records}}]}`;
  });
}

function groups<Item>(name: string, groupJson: (item: Item) => string): RequestBody<Item> {
  const begin = `{"${name}":[`;
  return joined(
    (item, previous) => Buffer.from((previous === undefined ? begin : ',') + groupJson(item)),
    ']}',
  );
}

/** The beginning of a group: its resource and its scope. */
function originJson({ resource, scope }: Origin, scopes: string): string {
  const scopeJson = `{"name":${quoted(scope.name)},"version":${quoted(scope.version)}}`;
  return `{"resource":{"attributes":${attributesJson(resource.attributes)}},"${scopes}":[{"scope":${scopeJson}`;
}

function spanJson(span: OtelSpan): string {
  const { traceId, spanId, parentSpanId, name, kind, startTime, endTime, events, links } = span;
  const parent = parentSpanId === undefined ? '' : `"parentSpanId":"${parentSpanId}",`;
  const ids = `"traceId":"${traceId}","spanId":"${spanId}",${parent}"flags":${SPAN_FLAGS}`;
  const times = `"startTimeUnixNano":"${nanos(startTime)}","endTimeUnixNano":"${nanos(endTime)}"`;
  const attributes = `"attributes":${attributesJson(span.attributes)}`;
  const eventList = events.length === 0 ? '' : `"events":${listJson(events, eventJson)},`;
  const linkList = links.length === 0 ? '' : `"links":${listJson(links, linkJson)},`;
  return `{${ids},"name":${quoted(name)},"kind":${kind},${times},${attributes},${eventList}${linkList}"status":${statusJson(span.status)}}`;
}

/** Fields with their default are left out. */
function statusJson({ code, message }: OtelSpan['status']): string {
  if (message === undefined) return code === 0 ? '{}' : `{"code":${code}}`;
  return `{"message":${quoted(message)}${code === 0 ? '' : `,"code":${code}`}}`;
}

function eventJson({ time, name, attributes }: OtelSpanEvent): string {
  return `{"timeUnixNano":"${nanos(time)}","name":${quoted(name)},"attributes":${attributesJson(attributes)}}`;
}

function linkJson({ traceId, spanId, attributes }: OtelLink): string {
  return `{"traceId":"${traceId}","spanId":"${spanId}","attributes":${attributesJson(attributes)},"flags":${SPAN_FLAGS}}`;
}

const TEMPORALITY = { delta: 1, cumulative: 2 } as const;

function metricJson({ instrument, temporality, points }: Metric): string {
  const { name, description, unit, kind } = instrument;
  const about = `"name":${quoted(name)},"description":${quoted(description)},"unit":${quoted(unit)}`;
  const list = listJson(points, (point) => pointJson(point, instrument));
  const data = `"dataPoints":${list},"aggregationTemporality":${TEMPORALITY[temporality]}`;
  return kind === 'counter'
    ? `{${about},"sum":{${data},"isMonotonic":true}}`
    : `{${about},"histogram":{${data}}}`;
}

function pointJson(point: MetricPoint, { bounds, sums }: Instrument): string {
  const { attributes, startTime, endTime, value } = point;
  const times = `"startTimeUnixNano":"${nanos(startTime)}","timeUnixNano":"${nanos(endTime)}"`;
  const series = `"attributes":${attributesJson(attributes)},${times}`;
  if (value.kind === 'sum') {
    const sum = sums === 'double' ? `"asDouble":${double(value.sum)}` : `"asInt":"${int64(value.sum)}"`;
    return `{${series},${sum}}`;
  }
  const { count, sum, min, max, bucketCounts } = value;
  const buckets = `"bucketCounts":${JSON.stringify(bucketCounts.map(String))},"explicitBounds":${JSON.stringify(bounds)}`;
  const least = min === undefined ? '' : `,"min":${double(min)}`;
  const most = max === undefined ? '' : `,"max":${double(max)}`;
  return `{${series},"count":"${count}","sum":${double(sum)},${buckets}${least}${most}}`;
}

/** OTLP's numbers. */
export const SEVERITY = { INFO: 9, WARN: 13, ERROR: 17 } as const;
export const SAMPLED = 1;

function logJson({ time, name, severity, body, attributes }: OtelLog, { traceId, spanId }: OtelSpan): string {
  const times = `"timeUnixNano":"${nanos(time)}","observedTimeUnixNano":"${nanos(time)}"`;
  const level = `"severityNumber":${SEVERITY[severity]},"severityText":"${severity}"`;
  const content = `"eventName":${quoted(name)},"body":{"stringValue":${quoted(body)}},"attributes":${attributesJson(attributes)}`;
  return `{${times},${level},${content},"traceId":"${traceId}","spanId":"${spanId}","flags":${SAMPLED}}`;
}

function listJson<T>(items: readonly T[], itemJson: (item: T) => string): string {
  return `[${items.map(itemJson).join(',')}]`;
}

/** Spans have the same keys over and over, so they are quoted once. That saves a fifth of the time of a span. */
const keyJson = boundedCache((key) => `{"key":${quoted(key)},"value":`);

function attributesJson(attributes: Attributes): string {
  let list = '';
  for (const key in attributes) {
    const value = attributes[key];
    if (value === undefined) continue;
    if (list !== '') list += ',';
    list += `${keyJson(key)}${valueJson(value)}}`;
  }
  return `[${list}]`;
}

function valueJson(value: AttributeValue): string {
  if (typeof value === 'string') return `{"stringValue":${quoted(value)}}`;
  if (typeof value === 'boolean') return `{"boolValue":${value}}`;
  if (typeof value === 'number') {
    // What no integer of 64 bits can hold is a double.
    return isInt64(value) ? `{"intValue":"${int64(value)}"}` : `{"doubleValue":${double(value)}}`;
  }
  if ('double' in value) return `{"doubleValue":${double(value.double)}}`;
  return `{"arrayValue":{"values":${listJson(value, valueJson)}}}`;
}

/** A lone surrogate, which has no form in UTF-8, becomes an escape. */
const quoted = (text: string) => JSON.stringify(text);

function nanos(micros: number): string {
  return micros === 0 ? '0' : `${micros}000`;
}

/** JSON has no word for what is not finite; proto3's mapping spells it as a string. */
function double(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? '-0' : `${value}`;
}

/** Beyond 2^53 a double prints rounded; `BigInt` keeps every digit. */
function int64(value: number): string {
  return `${Number.isSafeInteger(value) ? value : BigInt(value)}`;
}
