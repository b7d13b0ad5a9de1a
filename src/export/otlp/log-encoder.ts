/** The log records of spans as OTLP. They are few, so the SDK's serializer writes them. */
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { Origin, OtelLog, OtelSpan } from '../../model/otel.ts';
import { hrTime, toSdkAttributes, toSdkOrigin } from '../readable.ts';
import type { Encoder, RequestBody } from './encoder.ts';
import { joined, jsonAttributes, nanos } from './metric-encoder.ts';
import { headsBy } from './trace-request.ts';

/** OTLP's numbers. */
const SEVERITY = { INFO: 9, WARN: 13, ERROR: 17 } as const;
const SAMPLED = 1;

/** The items are spans; what is sent of each are its records. */
export function logEncoder(origin: Origin): Encoder<OtelSpan> {
  return {
    signal: 'log records',
    weight: ({ logs = [] }) => logs.length,
    newRequest: (contentType) =>
      contentType === 'application/json' ? jsonRequest(origin) : protobufRequest(origin),
    shrink({ logs = [], ...span }) {
      if (logs.length < 2) return undefined;
      const middle = Math.ceil(logs.length / 2);
      const items = [logs.slice(0, middle), logs.slice(middle)].map((part) => ({ ...span, logs: part }));
      return { items, loss: undefined };
    },
  };
}

/** Requests joined one after the other: that is how protobuf itself merges messages whose fields are lists. */
function protobufRequest(origin: Origin): RequestBody<OtelSpan> {
  const sdkOriginOf = headsBy(toSdkOrigin);
  const encode = (span: OtelSpan) => {
    const sdkOrigin = sdkOriginOf(span.origin ?? origin);
    const records = (span.logs ?? []).map((log) => ({
      ...sdkOrigin,
      hrTime: hrTime(log.time),
      hrTimeObserved: hrTime(log.time),
      eventName: log.name,
      severityNumber: SEVERITY[log.severity],
      severityText: log.severity,
      body: log.body,
      attributes: toSdkAttributes(log.attributes),
      droppedAttributesCount: 0,
      spanContext: { traceId: span.traceId, spanId: span.spanId, traceFlags: SAMPLED },
    }));
    return ProtobufLogsSerializer.serializeRequest(records) ?? new Uint8Array();
  };
  return joined(encode, { head: '', separator: '', tail: '' });
}

/** One `resourceLogs` element for each span that has records. */
function jsonRequest(origin: Origin): RequestBody<OtelSpan> {
  const encode = (span: OtelSpan) =>
    Buffer.from(JSON.stringify(jsonResourceLogs(span, span.origin ?? origin)));
  return joined(encode, { head: '{"resourceLogs":[', separator: ',', tail: ']}' });
}

function jsonResourceLogs(span: OtelSpan, { resource, scope }: Origin): object {
  const logRecords = (span.logs ?? []).map((log) => jsonLog(log, span));
  return {
    resource: { attributes: jsonAttributes(resource.attributes) },
    scopeLogs: [{ scope: { name: scope.name, version: scope.version }, logRecords }],
  };
}

function jsonLog({ time, name, severity, body, attributes }: OtelLog, { traceId, spanId }: OtelSpan): object {
  return {
    timeUnixNano: nanos(time),
    observedTimeUnixNano: nanos(time),
    severityNumber: SEVERITY[severity],
    severityText: severity,
    eventName: name,
    body: { stringValue: body },
    attributes: jsonAttributes(attributes),
    traceId,
    spanId,
    flags: SAMPLED,
  };
}
