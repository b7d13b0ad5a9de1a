import type { MetricSnapshot, Origin, OtelSpan } from '../model/otel.ts';
import { type Delivery, logsOf, type Signal } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import { type Clock, systemClock } from './delivery/clock.ts';
import type { DeadLetter } from './delivery/dead-letter.ts';
import type { RetryRefusals } from './delivery/deliver.ts';
import {
  createDelivery,
  type DeliveryLimits,
  type DeliveryOptions,
  type OutcomeListener,
} from './delivery/delivery.ts';
import type { Spill } from './delivery/spill.ts';
import type { Transport, Transports } from './delivery/transport.ts';
import type { LineOutput } from './line-output.ts';
import { logEncoder } from './otlp/log-encoder.ts';
import { metricEncoder } from './otlp/metric-encoder.ts';
import { readOwnLine } from './otlp/read-lines.ts';
import { spanEncoder } from './otlp/span-encoder.ts';

/** One place that all signals of a run go to, each with its own account. */
export interface Destination {
  readonly spans: Delivery<OtelSpan>;
  readonly metrics: Delivery<MetricSnapshot>;
  /** Takes spans and sends their log records. */
  readonly logs: Delivery<OtelSpan>;
  /** Frees sockets and files, after both deliveries have finished. */
  close(): Promise<void>;
}

/** Options of a run that apply to every destination. */
export interface RunOptions {
  /** Keeps requests that failed for good; `undefined`: they are lost. */
  readonly deadLetter?: DeadLetter | undefined;
  /** Called once per outage, with a sentence, while we wait for a receiver. */
  readonly onOutage?: ((sentence: string) => void) | undefined;
  readonly outcomeListeners?: OutcomeListeners | undefined;
  /** A queue on disk for a receiver that is down, by destination and signal; `undefined`: none. */
  readonly spill?: ((destination: string, signal: Signal) => Spill) | undefined;
  /** When refusals that may pass (401, 404, 5xx) are tried again, by destination and signal; `undefined`: never. */
  readonly retryRefusals?: ((destination: string, signal: Signal) => RetryRefusals) | undefined;
}

/** Each makes a listener for one request. `destination` as in the account. */
export interface OutcomeListeners {
  forSpans(destination: string): OutcomeListener<OtelSpan>;
  forTree(destination: string): OutcomeListener<AgentSpan>;
  forPoints(destination: string): OutcomeListener<MetricSnapshot>;
}

export interface DestinationOptions extends RunOptions {
  readonly origin: Origin;
  readonly limits: DeliveryLimits;
  readonly clock?: Clock | undefined;
}

/** A destination whose signals are delivered over their transports. */
export function openDestination(transports: Transports, options: DestinationOptions): Destination {
  const { origin, limits, outcomeListeners: listeners } = options;
  const { traces, metrics, logs } = transports;
  const spans = spanEncoder(origin);
  const points = metricEncoder(origin);
  const records = logEncoder(origin);
  return {
    spans: openDelivery(options, {
      transport: traces,
      encoder: spans,
      newRequest: () => spans.newRequest(traces.contentType),
      readLine: (line) => readOwnLine(line).spans,
      newListener: listeners && (() => listeners.forSpans(traces.destination)),
    }),
    metrics: openDelivery(options, {
      transport: metrics,
      encoder: points,
      newRequest: () => points.newRequest(metrics.contentType),
      readLine: (line) => readOwnLine(line).snapshots,
      newListener: listeners && (() => listeners.forPoints(metrics.destination)),
      // Receivers drop points that are older than the last one they saw: metric requests never overtake each other.
      limits: { ...limits, concurrency: 1 },
    }),
    logs: openDelivery(options, {
      transport: logs,
      encoder: records,
      newRequest: () => records.newRequest(logs.contentType),
      readLine: (line) => readOwnLine(line).logs,
      newListener: listeners && (() => listeners.forSpans(logsOf(logs.destination))),
    }),
    close: () => transports.close(),
  };
}

export interface OtlpFileOptions extends DestinationOptions {
  readonly output: LineOutput;
}

/**
 * `-e otlp_file`: one `ExportTraceServiceRequest`, `ExportMetricsServiceRequest` or `ExportLogsServiceRequest` per line, the
 * format that the Collector's file exporter writes and its `otlpjsonfile` receiver reads.
 */
export function openOtlpFile({ output, ...options }: OtlpFileOptions): Destination {
  const lines: Transport = {
    destination: output.name,
    contentType: 'application/json',
    prepare: (line) => () => output.write(line),
  };
  // A file takes one line after the other, and a write that failed once fails again.
  const limits = { ...options.limits, concurrency: 1, retryForMillis: 0 };
  return openDestination(
    { traces: lines, metrics: lines, logs: lines, close: () => output.close() },
    { ...options, limits },
  );
}

type SignalOptions<Item, Body> = Pick<
  DeliveryOptions<Item, Body>,
  'transport' | 'encoder' | 'newRequest' | 'readLine' | 'newListener'
> & { readonly limits?: DeliveryLimits };

/** The delivery of one signal, with what the run wants of all its deliveries. */
export function openDelivery<Item, Body>(
  { limits, clock = systemClock, deadLetter, onOutage = () => {}, retryRefusals, spill }: DestinationOptions,
  signal: SignalOptions<Item, Body>,
): Delivery<Item> {
  const names = [signal.transport.destination, signal.encoder.signal] as const;
  return createDelivery({
    limits,
    clock,
    deadLetter,
    onOutage,
    retryRefusals: retryRefusals?.(...names),
    spill: spill?.(...names),
    ...signal,
  });
}
