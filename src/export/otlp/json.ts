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
import { type Bytes, createBytes, isInt64, reserve, writeBlock } from './bytes.ts';
import type { RequestBody } from './encoder.ts';
import { joined } from './joined.ts';
import { writeAscii as put, writeQuoted } from './text.ts';
import { headsBy, SPAN_FLAGS } from './trace-request.ts';

// OTLP requests in JSON: proto3's JSON mapping, except that ids are hex and enums are numbers. Our own, because the SDK's
// JSON writes 64-bit integers as JSON numbers and turns a whole double into an integer.

/** `ExportTraceServiceRequest`s, one after the other: one group for each run of spans of one origin. */
export function createJsonTraceRequest(origin: Origin): RequestBody<OtelSpan> {
  const headOf = headsBy((from) => `${originJson(from, 'scopeSpans')},"spans":[`);
  const originOf = (span: OtelSpan) => span.origin ?? origin;
  return joined(writeSpan, {
    before(span, previous) {
      if (previous === undefined) return `{"resourceSpans":[${headOf(originOf(span))}`;
      return originOf(previous) === originOf(span) ? ',' : `]}]},${headOf(originOf(span))}`;
    },
    tail: ']}]}]}',
  });
}

/** `ExportMetricsServiceRequest`s: one group for each snapshot. */
export function createJsonMetricRequest(origin: Origin): RequestBody<MetricSnapshot> {
  const headOf = headsBy((from) => `${originJson(from, 'scopeMetrics')},"metrics":`);
  return joined((out, { metrics, origin: from = origin }) => {
    put(out, headOf(from));
    writeList(out, metrics, writeMetric);
    put(out, '}]}');
  }, groupsOf('resourceMetrics'));
}

/** `ExportLogsServiceRequest`s: one group for each span that has records. */
export function createJsonLogRequest(origin: Origin): RequestBody<OtelSpan> {
  const headOf = headsBy((from) => `${originJson(from, 'scopeLogs')},"logRecords":`);
  return joined((out, span) => {
    put(out, headOf(span.origin ?? origin));
    writeList(out, span.logs ?? [], (to, log) => writeLog(to, log, span));
    put(out, '}]}');
  }, groupsOf('resourceLogs'));
}

const groupsOf = (name: string) => ({
  before: (_: unknown, previous: unknown) => (previous === undefined ? `{"${name}":[` : ','),
  tail: ']}',
});

/** The beginning of a group in ASCII: its resource and its scope. */
function originJson({ resource, scope }: Origin, scopes: string): string {
  const out = createBytes();
  put(out, '{"resource":{"attributes":');
  writeAttributes(out, resource.attributes);
  put(out, `},"${scopes}":[{"scope":{"name":`);
  writeQuoted(out, scope.name);
  put(out, ',"version":');
  writeQuoted(out, scope.version);
  put(out, '}');
  return out.buffer.toString('latin1', 0, out.end);
}

const piece = (text: string) => Buffer.from(text);

const SPAN = {
  traceId: piece('{"traceId":"'),
  spanId: piece('","spanId":"'),
  parentSpanId: piece('","parentSpanId":"'),
  name: piece(`","flags":${SPAN_FLAGS},"name":`),
  kind: piece(',"kind":'),
  startTime: piece(',"startTimeUnixNano":"'),
  endTime: piece('","endTimeUnixNano":"'),
  attributes: piece('","attributes":'),
  unset: piece(',"status":{}}'),
};

function writeSpan(out: Bytes, span: OtelSpan): void {
  putPiece(out, SPAN.traceId);
  put(out, span.traceId);
  putPiece(out, SPAN.spanId);
  put(out, span.spanId);
  if (span.parentSpanId !== undefined) {
    putPiece(out, SPAN.parentSpanId);
    put(out, span.parentSpanId);
  }
  putPiece(out, SPAN.name);
  writeQuoted(out, span.name);
  putPiece(out, SPAN.kind);
  put(out, `${span.kind}`);
  putPiece(out, SPAN.startTime);
  writeNanos(out, span.startTime);
  putPiece(out, SPAN.endTime);
  writeNanos(out, span.endTime);
  putPiece(out, SPAN.attributes);
  writeAttributes(out, span.attributes);
  if (span.events.length > 0) {
    put(out, ',"events":');
    writeList(out, span.events, writeEvent);
  }
  if (span.links.length > 0) {
    put(out, ',"links":');
    writeList(out, span.links, writeLink);
  }
  writeStatus(out, span.status);
}

/** Written also when unset; default fields are left out. It ends the span. */
function writeStatus(out: Bytes, { code, message }: OtelSpan['status']): void {
  if (code === 0 && message === undefined) {
    putPiece(out, SPAN.unset);
    return;
  }
  put(out, ',"status":{');
  if (message !== undefined) {
    put(out, '"message":');
    writeQuoted(out, message);
    if (code !== 0) put(out, ',');
  }
  if (code !== 0) put(out, `"code":${code}`);
  put(out, '}}');
}

function writeEvent(out: Bytes, { time, name, attributes }: OtelSpanEvent): void {
  put(out, `{"timeUnixNano":"${nanos(time)}","name":`);
  writeQuoted(out, name);
  put(out, ',"attributes":');
  writeAttributes(out, attributes);
  put(out, '}');
}

function writeLink(out: Bytes, { traceId, spanId, attributes }: OtelLink): void {
  put(out, `{"traceId":"${traceId}","spanId":"${spanId}","attributes":`);
  writeAttributes(out, attributes);
  put(out, `,"flags":${SPAN_FLAGS}}`);
}

const TEMPORALITY = { delta: 1, cumulative: 2 } as const;

function writeMetric(out: Bytes, { instrument, temporality, points }: Metric): void {
  const { name, description, unit, kind } = instrument;
  const isCounter = kind === 'counter';
  put(out, '{"name":');
  writeQuoted(out, name);
  put(out, ',"description":');
  writeQuoted(out, description);
  put(out, ',"unit":');
  writeQuoted(out, unit);
  put(out, `,"${isCounter ? 'sum' : 'histogram'}":{"dataPoints":`);
  writeList(out, points, (to, point) => writePoint(to, point, instrument));
  put(out, `,"aggregationTemporality":${TEMPORALITY[temporality]}`);
  put(out, isCounter ? ',"isMonotonic":true}}' : '}}');
}

function writePoint(out: Bytes, point: MetricPoint, { bounds, sums }: Instrument): void {
  const { attributes, startTime, endTime, value } = point;
  put(out, '{"attributes":');
  writeAttributes(out, attributes);
  put(out, `,"startTimeUnixNano":"${nanos(startTime)}","timeUnixNano":"${nanos(endTime)}",`);
  if (value.kind === 'sum') {
    put(out, sums === 'double' ? `"asDouble":${double(value.sum)}}` : `"asInt":"${int64(value.sum)}"}`);
    return;
  }
  const { count, sum, min, max, bucketCounts } = value;
  put(
    out,
    `"count":"${count}","sum":${double(sum)},"bucketCounts":${JSON.stringify(bucketCounts.map(String))}`,
  );
  put(out, `,"explicitBounds":${JSON.stringify(bounds)}`);
  if (min !== undefined) put(out, `,"min":${double(min)}`);
  if (max !== undefined) put(out, `,"max":${double(max)}`);
  put(out, '}');
}

/** OTLP's numbers. */
export const SEVERITY = { INFO: 9, WARN: 13, ERROR: 17 } as const;
export const SAMPLED = 1;

function writeLog(out: Bytes, log: OtelLog, { traceId, spanId }: OtelSpan): void {
  const { severity } = log;
  const time = nanos(log.time);
  put(out, `{"timeUnixNano":"${time}","observedTimeUnixNano":"${time}"`);
  put(out, `,"severityNumber":${SEVERITY[severity]},"severityText":"${severity}","eventName":`);
  writeQuoted(out, log.name);
  put(out, ',"body":{"stringValue":');
  writeQuoted(out, log.body);
  put(out, '},"attributes":');
  writeAttributes(out, log.attributes);
  put(out, `,"traceId":"${traceId}","spanId":"${spanId}","flags":${SAMPLED}}`);
}

function writeList<T>(out: Bytes, items: readonly T[], write: (out: Bytes, item: T) => void): void {
  put(out, '[');
  for (const [index, item] of items.entries()) {
    if (index > 0) put(out, ',');
    write(out, item);
  }
  put(out, ']');
}

function writeAttributes(out: Bytes, attributes: Attributes): void {
  const start = out.end;
  for (const key in attributes) {
    const value = attributes[key];
    if (value !== undefined) writeAttribute(out, key, value);
  }
  if (out.end === start) put(out, '[');
  // Every attribute begins with a comma; where the first has its comma, the list begins.
  else out.buffer[start] = OPEN_LIST;
  put(out, ']');
}

const OPEN_LIST = 0x5b;
const MOST_KEYS = 1024;

/** Spans have the same keys over and over; some are from the log, so their number is bounded. */
const headsOf = (type: string, end = '') =>
  boundedCache((key) => {
    const out = createBytes(0);
    writeQuoted(out, key);
    const quoted = out.buffer.toString('latin1', 0, out.end);
    return Buffer.from(`,{"key":${quoted},"value":{"${type}":${end}`, 'latin1');
  }, MOST_KEYS);

/** What stands before a value, by its key. */
const HEADS = {
  string: headsOf('stringValue'),
  bool: headsOf('boolValue'),
  int: headsOf('intValue', '"'),
  double: headsOf('doubleValue'),
  array: headsOf('arrayValue', '{"values":'),
};

function writeAttribute(out: Bytes, key: string, value: AttributeValue): void {
  if (typeof value === 'string') {
    putPiece(out, HEADS.string(key));
    writeQuoted(out, value);
    put(out, '}}');
  } else if (typeof value === 'boolean') {
    putPiece(out, HEADS.bool(key));
    put(out, value ? 'true}}' : 'false}}');
  } else if (typeof value === 'number' && isInt64(value)) {
    putPiece(out, HEADS.int(key));
    put(out, int64(value));
    put(out, '"}}');
  } else if (typeof value === 'number' || 'double' in value) {
    putPiece(out, HEADS.double(key));
    // What no integer of 64 bits can hold is a double.
    put(out, double(typeof value === 'number' ? value : value.double));
    put(out, '}}');
  } else {
    putPiece(out, HEADS.array(key));
    writeList(out, value, (to, text) => {
      put(to, '{"stringValue":');
      writeQuoted(to, text);
      put(to, '}');
    });
    put(out, '}}}');
  }
}

function putPiece(out: Bytes, block: Uint8Array): void {
  reserve(out, block.length);
  writeBlock(out, block);
}

const HALF = 10 ** 8;
const ZERO = 0x30;

/** Microseconds as decimal nanoseconds. Two halves of eight digits are small integers, which print ten times as fast as a double. */
function writeNanos(out: Bytes, micros: number): void {
  const upper = Math.floor(micros / HALF);
  if (upper < 1 || upper >= HALF) {
    put(out, nanos(micros));
    return;
  }
  put(out, `${upper}`);
  let rest = micros - upper * HALF;
  put(out, '00000000000');
  for (let at = out.end - 4; rest > 0; at--) {
    out.buffer[at] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}

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
