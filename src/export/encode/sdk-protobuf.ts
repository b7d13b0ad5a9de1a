import { ProtobufMetricsSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import type { MetricSnapshot, OtelSpan } from '../../model/otel.ts';
import { concatEncoder } from './concat-encoder.ts';
import { fieldAt, type LengthDelimited, writeFrame } from './protobuf-frame.ts';
import { toReadableSpan, toSdkOrigin } from './readable-span.ts';
import type { Origin, RequestEncoder } from './request-encoder.ts';
import { toResourceMetrics } from './resource-metrics.ts';

// The SDK's protobuf serializers, made incremental: they only know whole requests, so each span is serialized once as
// a request of its own, and the pieces are put together below one resource and one scope.

export function sdkTraceEncoder(origin: Origin): RequestEncoder<OtelSpan> {
  const sdkOrigin = toSdkOrigin(origin);
  let spans: Uint8Array[] = [];
  let spanBytes = 0;
  let head: { readonly resource: Uint8Array; readonly scope: Uint8Array } | undefined;

  const sizeWith = (bytes: number) => {
    const scopeSpans = (head?.scope.length ?? 0) + bytes;
    const resourceSpans = (head?.resource.length ?? 0) + fieldSize(scopeSpans);
    return fieldSize(resourceSpans);
  };

  return {
    contentType: 'application/x-protobuf',
    add(span, maxBytes) {
      const request = ProtobufTraceSerializer.serializeRequest([toReadableSpan(span, sdkOrigin)]);
      const parts = takeApart(request ?? new Uint8Array());
      head ??= parts;
      const bytes = spanBytes + parts.span.length;
      if (sizeWith(bytes) > maxBytes) return false;
      spans.push(parts.span);
      spanBytes = bytes;
      return true;
    },
    sizeBytes: () => (spans.length === 0 ? 0 : sizeWith(spanBytes)),
    finish() {
      const scopeSpans = writeFrame(SCOPE_SPANS, head === undefined ? spans : [head.scope, ...spans]);
      const body = writeFrame(
        RESOURCE_SPANS,
        head === undefined ? [scopeSpans] : [head.resource, scopeSpans],
      );
      spans = [];
      spanBytes = 0;
      return body;
    },
  };
}

// Numbers of fields in opentelemetry/proto/collector/trace/v1 and opentelemetry/proto/trace/v1.
const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;

/** Tag, length and content of a field whose content has `bytes` bytes and whose number is below 16. */
function fieldSize(bytes: number): number {
  return 1 + varintSize(bytes) + bytes;
}

function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

function takeApart(request: Uint8Array): { resource: Uint8Array; scope: Uint8Array; span: Uint8Array } {
  const resourceSpans: LengthDelimited = fieldAt(request, 0);
  const resource = fieldAt(request, resourceSpans.contentStart);
  const scopeSpans = fieldAt(request, resource.end);
  const scope = fieldAt(request, scopeSpans.contentStart);
  return {
    resource: request.subarray(resource.start, resource.end),
    scope: request.subarray(scope.start, scope.end),
    span: request.subarray(scope.end, scopeSpans.end),
  };
}

export function sdkMetricEncoder(origin: Origin): RequestEncoder<MetricSnapshot> {
  const sdkOrigin = toSdkOrigin(origin);
  return concatEncoder(
    (snapshot) =>
      ProtobufMetricsSerializer.serializeRequest(toResourceMetrics(snapshot, sdkOrigin)) ?? new Uint8Array(),
  );
}
