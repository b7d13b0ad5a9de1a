import type { DeliveryLimits } from './delivery/delivery.ts';
import type { Destination } from './destination.ts';
import { fileChannel } from './file/file-channel.ts';
import type { LineOutput } from './file/line-output.ts';
import { type ChannelOptions, openChannel } from './open-channel.ts';

export interface OtlpFileOptions extends ChannelOptions {
  readonly output: LineOutput;
  readonly limits: DeliveryLimits;
}

/**
 * `-e otlp_file`: one `ExportTraceServiceRequest` or `ExportMetricsServiceRequest` per line, as the Collector's file
 * exporter writes and its `otlpjsonfile` receiver reads.
 */
export function openOtlpFile(options: OtlpFileOptions): Destination {
  // A file takes one line after the other, and what fails once fails again.
  const limits = { ...options.limits, concurrency: 1, retryForMillis: 0 };
  return openChannel(fileChannel(options.output), { ...options, limits });
}
