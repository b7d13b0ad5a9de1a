import type { MetricSnapshot } from '../model/metric.ts';
import type { OtelSpan } from '../model/otel.ts';
import { type Clock, systemClock } from './delivery/clock.ts';
import { createDelivery, type DeliveryLimits } from './delivery/delivery.ts';
import { metricRules } from './delivery/metric-rules.ts';
import { spanRules } from './delivery/span-rules.ts';
import { type Destination, metricSink, type RunOptions, spanSink } from './destination.ts';
import { jsonMetricEncoder, jsonTraceEncoder } from './encode/json-encoder.ts';
import type { Origin } from './encode/request-encoder.ts';
import type { LineOutput } from './file/line-output.ts';

export interface OtlpFileOptions extends RunOptions {
  readonly origin: Origin;
  readonly output: LineOutput;
  readonly limits: Pick<DeliveryLimits, 'maxRequestBytes' | 'maxRequestItems' | 'flushIntervalMillis'>;
  readonly clock?: Clock;
}

/**
 * `-e otlp_file`: one `ExportTraceServiceRequest` or `ExportMetricsServiceRequest` per line, as the Collector's file
 * exporter writes and its `otlpjsonfile` receiver reads.
 */
export function openOtlpFile(options: OtlpFileOptions): Destination {
  const { origin, output, deadLetter, onOutage = () => {}, clock = systemClock } = options;
  const common = {
    destination: output.name,
    clock,
    deadLetter,
    onOutage,
    transport: (line: Uint8Array) => () => output.write(line),
    // A file takes one line after the other, and what fails once fails again.
    limits: { ...options.limits, concurrency: 1, retryForMillis: 0 },
  };
  return {
    name: output.name,
    spans: spanSink(createDelivery<OtelSpan>({ ...common, rules: spanRules(origin, jsonTraceEncoder) })),
    metrics: metricSink(
      createDelivery<MetricSnapshot>({ ...common, rules: metricRules(origin, jsonMetricEncoder) }),
    ),
    close: () => output.close(),
  };
}
