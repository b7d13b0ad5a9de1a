import type { MetricSnapshot } from '../model/metric.ts';
import type { OtelSpan } from '../model/otel.ts';
import type { DeliveryAccount, FinishedSpan, MetricSink, SpanSink } from '../model/sink.ts';
import type { DeadLetter } from './delivery/dead-letter.ts';
import type { Delivery } from './delivery/delivery.ts';

/** One place where both signals of a run go, each with its own account. */
export interface Destination {
  /** As people name it, without secrets. */
  readonly name: string;
  readonly spans: AccountableSpanSink;
  readonly metrics: AccountableMetricSink;
  /** Frees sockets and files; after both sinks have finished. */
  close(): Promise<void>;
}

export interface AccountableSpanSink extends SpanSink {
  /** @param withinMillis when it is over, what is still under way counts as failed; `undefined`: no limit of its own. */
  finish(withinMillis?: number): Promise<DeliveryAccount>;
}

export interface AccountableMetricSink extends MetricSink {
  finish(withinMillis?: number): Promise<DeliveryAccount>;
}

/** What a run may wish of every destination. */
export interface RunOptions {
  /** Where requests that failed for good are kept; `undefined`: nowhere. */
  readonly deadLetter?: DeadLetter | undefined;
  /** Told once per outage, with a sentence, while we wait for a receiver. */
  readonly onOutage?: ((sentence: string) => void) | undefined;
}

export function spanSink(delivery: Delivery<OtelSpan>): AccountableSpanSink {
  return {
    write: (spans: readonly FinishedSpan[]) => delivery.write(spans.map((span) => span.otel)),
    finish: delivery.finish,
  };
}

export function metricSink(delivery: Delivery<MetricSnapshot>): AccountableMetricSink {
  return { write: (snapshot) => delivery.write([snapshot]), finish: delivery.finish };
}
