import type { MetricSnapshot, OtelSpan } from '../model/otel.ts';
import type { DeliveryAccount, FinishedSpan, MetricSink, SpanSink } from '../model/sink.ts';
import type { DeadLetter } from './delivery/dead-letter.ts';
import type { Delivery, Witness } from './delivery/delivery.ts';
import type { NewLedger } from './delivery/ledger.ts';

/** One place where both signals of a run go, each with its own account. */
export interface Destination {
  /** As people name it, without secrets. */
  readonly name: string;
  readonly spans: AccountableSink<SpanSink>;
  readonly metrics: AccountableSink<MetricSink>;
  /** Frees sockets and files; after both sinks have finished. */
  close(): Promise<void>;
}

/** A sink that tells what became of everything it was given. */
export type AccountableSink<S extends SpanSink | MetricSink> = Pick<S, 'write' | 'settled'> & {
  soFar(): DeliveryAccount;
  /** When `withinMillis` are over, what is still under way counts as failed. Heard once. */
  hurry(withinMillis: number): void;
  /** @param withinMillis when it is over, what is still under way counts as failed; `undefined`: no limit of its own. */
  finish(withinMillis?: number): Promise<DeliveryAccount>;
};

/** What a run may wish of every destination. */
export interface RunOptions {
  /** Where requests that failed for good are kept; `undefined`: nowhere. */
  readonly deadLetter?: DeadLetter | undefined;
  /** Told once per outage, with a sentence, while we wait for a receiver. */
  readonly onOutage?: ((sentence: string) => void) | undefined;
  readonly witnesses?: OutcomeListeners | undefined;
  /** Opens the account of each signal; by default nobody hears of it. */
  readonly newLedger?: NewLedger | undefined;
}

/** Make a witness for each request; `destination` as in the account. */
export interface OutcomeListeners {
  forSpans(destination: string): Witness<OtelSpan>;
  forPoints(destination: string): Witness<MetricSnapshot>;
}

export function spanSink(delivery: Delivery<OtelSpan>): AccountableSink<SpanSink> {
  return {
    ...delivery,
    write: (spans: readonly FinishedSpan[]) => delivery.write(spans.map(({ otel }) => otel)),
  };
}

export function metricSink(delivery: Delivery<MetricSnapshot>): AccountableSink<MetricSink> {
  return { ...delivery, write: (snapshot) => delivery.write([snapshot]) };
}
