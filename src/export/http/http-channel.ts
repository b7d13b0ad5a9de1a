import type { Channel } from '../channel.ts';
import type { Clock } from '../delivery/clock.ts';
import { createHttpTransport, type Tls } from './transport.ts';

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

export interface OtlpHttpSettings {
  readonly traces: OtlpHttpSignal;
  readonly metrics: OtlpHttpSignal;
}

/** OTLP over HTTP. @param concurrency connections to keep, for each signal */
export function httpChannel(
  settings: OtlpHttpSettings,
  concurrency: number,
  userAgent: string,
  clock: Clock,
): Channel {
  const open = (signal: OtlpHttpSignal) => {
    const contentType = signal.protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
    const { post, close } = createHttpTransport({ ...signal, contentType, concurrency, userAgent, clock });
    return { destination: signal.destination, contentType, transport: post, close } as const;
  };
  const traces = open(settings.traces);
  const metrics = open(settings.metrics);
  return {
    traces,
    metrics,
    async close() {
      traces.close();
      metrics.close();
    },
  };
}
