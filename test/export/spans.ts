import type { Attributes, MetricSnapshot, Origin, OtelSpan } from '../../src/model/otel.ts';
import type { SpanId, TraceId } from '../../src/model/span.ts';
import { epochMicros } from '../../src/model/time.ts';

// Spans and points to send, each with an id of its own.

export const ORIGIN: Origin = {
  resource: { attributes: { 'service.name': 'hermes-agent' } },
  scope: { name: 'hermes-otel', version: '0.0.0' },
};

const START = 1_700_000_000_123_456;

export function otelSpan(index: number, attributes: Attributes = {}): OtelSpan {
  return {
    traceId: hex(Math.floor(index / 10) + 1, 32) as TraceId,
    spanId: hex(index + 1, 16) as SpanId,
    parentSpanId: index % 10 === 0 ? undefined : (hex(index - (index % 10) + 1, 16) as SpanId),
    name: `span ${index}`,
    kind: 1,
    startTime: epochMicros(START + index),
    endTime: epochMicros(START + index + 1500),
    attributes: { 'hermes.tool.name': 'terminal', ...attributes },
    status: { code: 0, message: undefined },
    events: [],
    links: [],
  };
}

export function spans(count: number, attributes: Attributes = {}, first = 0): OtelSpan[] {
  return Array.from({ length: count }, (_, index) => otelSpan(first + index, attributes));
}

/** `count` points of one counter. */
export function snapshot(count: number, minute = 1): MetricSnapshot {
  const instrument = {
    name: 'turns',
    kind: 'counter',
    unit: '{turn}',
    description: 'd',
    bounds: [],
  } as const;
  const points = Array.from({ length: count }, (_, index) => ({
    attributes: { series: `${index}` },
    startTime: epochMicros(START),
    endTime: epochMicros(START + minute * 60e6),
    value: { kind: 'sum', sum: minute } as const,
  }));
  return { metrics: [{ instrument, temporality: 'cumulative', points }] };
}

function hex(value: number, length: number): string {
  return value.toString(16).padStart(length, '0');
}
