/** The log records of spans as OTLP. They are few, so the SDK's serializer writes them. */
import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import type { Origin, OtelSpan } from '../../model/otel.ts';
import { hrTime, toSdkAttributes, toSdkOrigin } from '../readable.ts';
import { type Encoder, joinedMessages, type RequestBody } from './encoder.ts';
import { createJsonLogRequest, SAMPLED, SEVERITY } from './json.ts';
import { headsBy } from './trace-request.ts';

/** The items are spans; what is sent of each are its records. */
export function logEncoder(origin: Origin): Encoder<OtelSpan> {
  return {
    signal: 'log records',
    weight: ({ logs = [] }) => logs.length,
    newRequest: (contentType) =>
      contentType === 'application/json' ? createJsonLogRequest(origin) : protobufRequest(origin),
    shrink({ logs = [], ...span }) {
      if (logs.length < 2) return undefined;
      const middle = Math.ceil(logs.length / 2);
      const items = [logs.slice(0, middle), logs.slice(middle)].map((part) => ({ ...span, logs: part }));
      return { items, loss: undefined };
    },
  };
}

function protobufRequest(origin: Origin): RequestBody<OtelSpan> {
  const sdkOriginOf = headsBy(toSdkOrigin);
  return joinedMessages((span) => {
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
    return ProtobufLogsSerializer.serializeRequest(records);
  });
}
