import { type HrTime, type AttributeValue as SdkValue, TraceFlags } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Attributes, AttributeValue, Origin, OtelSpan } from '../../../src/model/otel.ts';

/** The same spans through the SDK's own serializers: what ours are held equal to. */
export function sdkProtobuf(spans: readonly OtelSpan[], origin: Origin): Uint8Array {
  return ProtobufTraceSerializer.serializeRequest(readableSpans(spans, origin)) ?? new Uint8Array();
}

export function sdkJson(spans: readonly OtelSpan[], origin: Origin): string {
  return Buffer.from(JsonTraceSerializer.serializeRequest(readableSpans(spans, origin)) ?? []).toString();
}

function readableSpans(spans: readonly OtelSpan[], origin: Origin): ReadableSpan[] {
  const resource = resourceFromAttributes(sdkAttributes(origin.resource.attributes));
  return spans.map((span): ReadableSpan => {
    const context = (spanId: string, traceId: string = span.traceId) => ({
      traceId,
      spanId,
      traceFlags: TraceFlags.SAMPLED,
    });
    const own = context(span.spanId);
    const { code, message } = span.status;
    return {
      resource,
      instrumentationScope: origin.scope,
      name: span.name,
      kind: span.kind - 1,
      spanContext: () => own,
      ...(span.parentSpanId === undefined ? {} : { parentSpanContext: context(span.parentSpanId) }),
      startTime: hrTime(span.startTime),
      endTime: hrTime(span.endTime),
      duration: hrTime(span.endTime - span.startTime),
      ended: true,
      status: message === undefined ? { code } : { code, message },
      attributes: sdkAttributes(span.attributes),
      events: span.events.map((event) => ({
        time: hrTime(event.time),
        name: event.name,
        attributes: sdkAttributes(event.attributes),
      })),
      links: span.links.map((link) => ({
        context: context(link.spanId, link.traceId),
        attributes: sdkAttributes(link.attributes),
      })),
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  });
}

function hrTime(micros: number): HrTime {
  const seconds = Math.floor(micros / 1e6);
  return [seconds, (micros - seconds * 1e6) * 1000];
}

function sdkAttributes(attributes: Attributes): Record<string, SdkValue> {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, sdkValue(value)]));
}

function sdkValue(value: AttributeValue): SdkValue {
  if (typeof value !== 'object') return value;
  return 'double' in value ? value.double : [...value];
}
