import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import type { MetricSnapshot } from '../model/metric.ts';
import type { OtelSpan } from '../model/otel.ts';
import type { Delivery } from './delivery/delivery.ts';
import { createLedger } from './delivery/ledger.ts';
import { pointsIn } from './delivery/metric-rules.ts';
import { type Destination, metricSink, spanSink } from './destination.ts';
import { toReadableSpan, toSdkOrigin } from './encode/readable-span.ts';
import type { Origin } from './encode/request-encoder.ts';
import { toResourceMetrics } from './encode/resource-metrics.ts';
import type { OtlpHttpSettings, OtlpHttpSignal } from './http/http-channel.ts';
import { outsideText } from './plain-text.ts';

// The SDK's own exporters, for comparison: OTLP/HTTP with JSON, one batch after the other. They retry as they see fit,
// tell nothing of partial success, and believe every 2xx; our own transport is the default for that reason.

export interface OtlpSdkOptions extends OtlpHttpSettings {
  readonly origin: Origin;
  /** Spans per request. */
  readonly maxRequestItems: number;
}

/** The exporters are loaded here: they take longer to load than many replays take. */
export async function openOtlpSdk(options: OtlpSdkOptions): Promise<Destination> {
  const [{ OTLPTraceExporter }, { OTLPMetricExporter }] = await Promise.all([
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/exporter-metrics-otlp-http'),
  ]);
  const { traces, metrics, maxRequestItems } = options;
  const origin = toSdkOrigin(options.origin);
  const traceExporter = new OTLPTraceExporter(configOf(traces));
  const metricExporter = new OTLPMetricExporter(configOf(metrics));
  const spans = createSdkDelivery<OtelSpan>(
    traces,
    'spans',
    () => 1,
    maxRequestItems,
    (batch, done) =>
      traceExporter.export(
        batch.map((span) => toReadableSpan(span, origin)),
        done,
      ),
  );
  const points = createSdkDelivery<MetricSnapshot>(
    metrics,
    'metric points',
    pointsIn,
    1,
    ([snapshot], done) => metricExporter.export(toResourceMetrics(snapshot ?? { metrics: [] }, origin), done),
  );
  return {
    name: traces.destination,
    spans: spanSink(spans),
    metrics: metricSink(points),
    async close() {
      await Promise.all([traceExporter.shutdown(), metricExporter.shutdown()]);
    },
  };
}

function configOf({ url, headers, timeoutMillis, compression, tls }: OtlpHttpSignal) {
  const { certificate, clientCertificate, clientKey } = tls;
  return {
    url: url.href,
    headers: { ...headers },
    timeoutMillis,
    compression: compression === 'gzip' ? CompressionAlgorithm.GZIP : CompressionAlgorithm.NONE,
    httpAgentOptions: {
      keepAlive: true,
      ...(certificate === undefined ? {} : { ca: certificate }),
      ...(clientCertificate === undefined ? {} : { cert: clientCertificate }),
      ...(clientKey === undefined ? {} : { key: clientKey }),
    },
  };
}

type ExportBatch<Item> = (batch: readonly Item[], done: (result: ExportResult) => void) => void;

function createSdkDelivery<Item>(
  { destination, redact }: OtlpHttpSignal,
  signal: 'spans' | 'metric points',
  weight: (item: Item) => number,
  maxRequestItems: number,
  exportBatch: ExportBatch<Item>,
): Delivery<Item> {
  const ledger = createLedger(destination, signal);
  let gathered: Item[] = [];

  async function flush(): Promise<void> {
    const batch = gathered;
    gathered = [];
    if (batch.length === 0) return;
    ledger.request(false);
    const result = await new Promise<ExportResult>((resolve) => exportBatch(batch, resolve));
    const count = batch.reduce((sum, item) => sum + weight(item), 0);
    if (result.code === ExportResultCode.SUCCESS) return ledger.accepted(count);
    const why = outsideText(result.error?.message ?? 'the exporter does not say why', redact);
    ledger.failed(count, `${destination} was not reached by the SDK's exporter: ${why}`, false);
  }

  return {
    async write(items) {
      for (const item of items) {
        ledger.made(weight(item));
        gathered.push(item);
        if (gathered.length >= maxRequestItems) await flush();
      }
    },
    settled: flush,
    soFar: ledger.soFar,
    // The SDK's exporters have time limits of their own.
    hurry: () => {},
    async finish() {
      await flush();
      return ledger.close();
    },
  };
}
