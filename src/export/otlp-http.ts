import type { MetricSnapshot } from '../model/metric.ts';
import type { OtelSpan } from '../model/otel.ts';
import { type Clock, systemClock } from './delivery/clock.ts';
import { createDelivery, type DeliveryLimits } from './delivery/delivery.ts';
import { metricRules } from './delivery/metric-rules.ts';
import { spanRules } from './delivery/span-rules.ts';
import { type Destination, metricSink, type RunOptions, spanSink } from './destination.ts';
import { jsonMetricEncoder, jsonTraceEncoder } from './encode/json-encoder.ts';
import type { EncoderFactory, Origin } from './encode/request-encoder.ts';
import { sdkMetricEncoder, sdkTraceEncoder } from './encode/sdk-protobuf.ts';
import { createHttpTransport, type Tls } from './http/transport.ts';

/** How one signal reaches its receiver over OTLP/HTTP. */
export interface OtlpHttpSignal {
  readonly url: URL;
  /** The URL without its secrets. */
  readonly destination: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly protocol: 'http/protobuf' | 'http/json';
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly tls: Tls;
  /** Takes this signal's secrets out of a text. */
  readonly redact: (text: string) => string;
}

export interface OtlpHttpOptions extends RunOptions {
  readonly origin: Origin;
  readonly traces: OtlpHttpSignal;
  readonly metrics: OtlpHttpSignal;
  readonly limits: DeliveryLimits;
  readonly clock?: Clock;
}

/** `-e otlp`: OTLP over HTTP, every request followed to its outcome. */
export function openOtlpHttp(options: OtlpHttpOptions): Destination {
  const { origin, traces, metrics, limits, deadLetter, onOutage = () => {}, clock = systemClock } = options;
  const traceTransport = transportOf(traces, limits.concurrency, origin, clock);
  const metricTransport = transportOf(metrics, 1, origin, clock);
  const common = { clock, deadLetter, onOutage };
  const spanDelivery = createDelivery<OtelSpan>({
    ...common,
    destination: traces.destination,
    rules: spanRules(origin, encoderOf(traces, jsonTraceEncoder, sdkTraceEncoder)),
    transport: traceTransport.post,
    limits,
  });
  const metricDelivery = createDelivery<MetricSnapshot>({
    ...common,
    destination: metrics.destination,
    rules: metricRules(origin, encoderOf(metrics, jsonMetricEncoder, sdkMetricEncoder)),
    transport: metricTransport.post,
    // Receivers drop points that are older than the last one they saw: requests of metrics never overtake each other.
    limits: { ...limits, concurrency: 1 },
  });
  return {
    name: traces.destination,
    spans: spanSink(spanDelivery),
    metrics: metricSink(metricDelivery),
    async close() {
      traceTransport.close();
      metricTransport.close();
    },
  };
}

function transportOf(signal: OtlpHttpSignal, concurrency: number, origin: Origin, clock: Clock) {
  return createHttpTransport({
    ...signal,
    contentType: signal.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf',
    concurrency,
    userAgent: `${origin.scope.name}/${origin.scope.version}`,
    clock,
  });
}

function encoderOf<Item>(
  { protocol }: OtlpHttpSignal,
  json: EncoderFactory<Item>,
  protobuf: EncoderFactory<Item>,
): EncoderFactory<Item> {
  return protocol === 'http/json' ? json : protobuf;
}
