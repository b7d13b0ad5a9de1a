import type { SpanId, TraceId } from './span.ts';
import type { EpochMicros } from './time.ts';

/**
 * A number that is a double by its meaning (a duration in seconds), also when it happens to be whole: OTLP tells
 * integers and doubles apart, and a backend must not see the type of a field flip.
 */
export interface Double {
  readonly double: number;
}

/** Numbers are integers (64 bit in OTLP); a double is a `Double`. */
export type AttributeValue = string | number | boolean | readonly string[] | Double;

/** In order of insertion. A key whose value is unknown is absent: there is no null. */
export type Attributes = { [key: string]: AttributeValue };

/** The values of OTLP's `Span.SpanKind`. */
export const SPAN_KIND = { internal: 1, client: 3 } as const;
export type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND];

/** The values of OTLP's `Status.StatusCode`. */
export const STATUS_CODE = { unset: 0, ok: 1, error: 2 } as const;
export type StatusCode = (typeof STATUS_CODE)[keyof typeof STATUS_CODE];

/** A span as OpenTelemetry means it, as plain data: what `conventions` makes and `export` sends. */
export interface OtelSpan {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly parentSpanId: SpanId | undefined;
  readonly name: string;
  readonly kind: SpanKind;
  readonly startTime: EpochMicros;
  readonly endTime: EpochMicros;
  readonly attributes: Attributes;
  readonly status: { readonly code: StatusCode; readonly message: string | undefined };
  readonly events: readonly OtelSpanEvent[];
  readonly links: readonly OtelLink[];
}

export interface OtelSpanEvent {
  readonly time: EpochMicros;
  readonly name: string;
  readonly attributes: Attributes;
}

export interface OtelLink {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly attributes: Attributes;
}

/** One value for one instrument, taken from one finished span. */
export interface Measurement {
  /** The metric's name; the instruments themselves (unit, bounds) are listed by the convention. */
  readonly instrument: string;
  readonly value: number;
  readonly attributes: Attributes;
}

export interface Instrument {
  readonly name: string;
  readonly kind: 'counter' | 'histogram';
  /** UCUM, as OpenTelemetry writes it: `s`, `{token}`. */
  readonly unit: string;
  readonly description: string;
  /** Explicit bucket bounds; empty for a counter. */
  readonly bounds: readonly number[];
}

/** What is the same for a whole run: who made the spans. */
export interface Resource {
  readonly attributes: Attributes;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
}
