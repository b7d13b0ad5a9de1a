import type { Transport } from './delivery/transport.ts';
import { type Destination, type DestinationOptions, openDestination } from './destination.ts';
import type { LineOutput } from './line-output.ts';

export interface OtlpFileOptions extends DestinationOptions {
  readonly output: LineOutput;
}

/**
 * `-e otlp_file`: one `ExportTraceServiceRequest`, `ExportMetricsServiceRequest` or `ExportLogsServiceRequest` per line, the format that the
 * Collector's file exporter writes and its `otlpjsonfile` receiver reads.
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
