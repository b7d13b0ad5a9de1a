import { type HrTime, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { resourceFromAttributes, type Resource as SdkResource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { OtelSpan, StatusCode } from '../../model/otel.ts';
import type { SpanId, TraceId } from '../../model/span.ts';
import type { EpochMicros } from '../../model/time.ts';
import { toSdkAttributes } from '../sdk-attributes.ts';
import type { Origin } from './request-encoder.ts';

/** The origin as the SDK's objects. To be made once: the SDK groups spans by the identity of these two. */
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

/** A finished span as the SDK's exporters and serializers read it. */
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

/** Always the SDK's pair of seconds and nanoseconds: of a bare number it guesses the unit. */
export function hrTime(time: EpochMicros | number): HrTime {
  const seconds = Math.floor(time / 1e6);
  return [seconds, (time - seconds * 1e6) * 1000];
}
