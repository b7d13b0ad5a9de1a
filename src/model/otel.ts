import type { SpanId, TraceId } from './span.ts';
import type { EpochMicros } from './time.ts';

/**
 * A number that is always a double, such as a duration in seconds, also when its value is whole. OTLP has separate
 * types for integers and doubles, and the type of a field must not change between spans.
 */
export interface Double {
  readonly double: number;
}

/** A plain number is an integer (64 bit in OTLP); a double is a `Double`. */
export type AttributeValue = string | number | boolean | readonly string[] | Double;

/** Attributes in order of insertion. A key with an unknown value is absent; there is no null. */
export type Attributes = { [key: string]: AttributeValue };

/** The values of OTLP's `Span.SpanKind`. */
export const SPAN_KIND = { internal: 1, client: 3 } as const;
/** Also the kinds that only spans of others have: 2 server, 4 producer, 5 consumer. */
export type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND] | 2 | 4 | 5;

/** The values of OTLP's `Status.StatusCode`. */
export const STATUS_CODE = { unset: 0, ok: 1, error: 2 } as const;
export type StatusCode = (typeof STATUS_CODE)[keyof typeof STATUS_CODE];

/** An OpenTelemetry span as plain data. `conventions` makes it and `export` sends it. */
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
  /** Only when log records were asked for. */
  readonly logs?: readonly OtelLog[];
  /** Set when the span was read from a file of OTLP; absent: the run's own origin. */
  readonly origin?: Origin;
  /** Identifies a span of a file that may hold copies of it: a number for its place in the files. */
  readonly place?: number;
}

export interface OtelSpanEvent {
  readonly time: EpochMicros;
  readonly name: string;
  readonly attributes: Attributes;
}

/** A moment inside a span as a log record, which has the ids of its span. */
export interface OtelLog {
  readonly time: EpochMicros;
  /** OTLP's `event_name`. */
  readonly name: string;
  readonly severity: 'INFO' | 'WARN' | 'ERROR';
  readonly body: string;
  readonly attributes: Attributes;
}

export interface OtelLink {
  readonly traceId: TraceId;
  readonly spanId: SpanId;
  readonly attributes: Attributes;
}

/** One value for one instrument, derived from one finished span. */
export interface Measurement {
  /** The name of the metric. The convention lists the instruments with unit and bounds. */
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
  /** Of a counter: its sums are whole numbers unless this is set. */
  readonly sums?: 'double';
  /** Explicit bucket bounds; empty for a counter. */
  readonly bounds: readonly number[];
}

/** The entity that produced the telemetry, the same for a whole run. */
export interface Resource {
  readonly attributes: Attributes;
}

export interface Scope {
  readonly name: string;
  readonly version: string;
}

/** The resource and scope of spans and points. */
export interface Origin {
  readonly resource: Resource;
  readonly scope: Scope;
}

export type Temporality = 'cumulative' | 'delta';

/** The values of all instruments at one moment of log time, as plain data. `export` sends it. */
export interface MetricSnapshot {
  /** Metrics that have points, in the order of the convention's instruments. */
  readonly metrics: readonly Metric[];
  /** Set when the points were read from a file of OTLP; absent: the run's own origin. */
  readonly origin?: Origin;
  /** As in `OtelSpan`; absent: no other snapshot has its time. */
  readonly place?: number;
}

export interface Metric {
  readonly instrument: Instrument;
  readonly temporality: Temporality;
  readonly points: readonly MetricPoint[];
}

/** One series of one instrument. Both times are in log time. */
export interface MetricPoint {
  readonly attributes: Attributes;
  /** Cumulative: the first event of the log. Delta: the end of the previous point of this series. */
  readonly startTime: EpochMicros;
  readonly endTime: EpochMicros;
  readonly value: PointValue;
}

export type PointValue = SumValue | HistogramValue;

/** The value of a counter: a whole number, unless the instrument has double sums. */
export interface SumValue {
  readonly kind: 'sum';
  readonly sum: number;
}

export interface HistogramValue {
  readonly kind: 'histogram';
  readonly count: number;
  readonly sum: number;
  /** `undefined` only in points of others. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  /** One more than the instrument has bounds; bounds are inclusive upper bounds. */
  readonly bucketCounts: readonly number[];
}
