/** The destinations that come with the library. What each needs is loaded when it is opened: OTLP alone takes 150 ms. */
import type { Writable } from 'node:stream';
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics';
import type { SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { DeliveryLimits } from '../export/delivery/delivery.ts';
import type { Transports } from '../export/delivery/transport.ts';
import type { Destination } from '../export/destination.ts';
import type { OtlpGrpcSettings } from '../export/grpc/transport.ts';
import type { OtlpHttpSettings } from '../export/http/transport.ts';
import type { FileOutputOptions } from '../export/line-output.ts';
import { OptionError } from '../export/settings/settings.ts';
import { NO_OUTCOME } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import { systemProblem } from '../model/system-error.ts';
import type { DestinationFactory, DestinationRun, OpenDestination } from './destinations.ts';
import { ReplayError } from './replay-error.ts';

/** Which signals a destination takes, and within which limits. */
export interface DeliveryOptions {
  /** False: no spans. Default true. */
  readonly traces?: boolean | undefined;
  /** False: no metrics. Default true. */
  readonly metrics?: boolean | undefined;
  /** True: log records too. Default false. */
  readonly logs?: boolean | undefined;
  readonly limits?: Partial<DeliveryLimits> | undefined;
}

/** Spans of a request stay in memory until it is answered: with thousands in each, the garbage costs more than is saved. */
const DEFAULT_LIMITS: DeliveryLimits = {
  maxRequestBytes: 4 * 1024 * 1024,
  maxRequestItems: 512,
  concurrency: 4,
  retryForMillis: 60_000,
  flushIntervalMillis: 500,
};

export interface OtlpHttpOptions extends DeliveryOptions {
  /** Base address; `/v1/traces` and `/v1/metrics` are added. Default `http://localhost:4318`. */
  readonly url?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Default `none`. */
  readonly compression?: 'gzip' | 'none' | undefined;
  /** Of one request. Default 10,000. */
  readonly timeoutMillis?: number | undefined;
}

/** OTLP over HTTP. Every request is followed to its outcome. No environment variable is read. */
export function otlpHttp(options: OtlpHttpOptions = {}): DestinationFactory {
  return async (run) => {
    const { resolveOtlpHttp } = await import('../export/settings/otlp.ts');
    const flags = {
      endpoint: options.url,
      header: Object.entries(options.headers ?? {}).map(([key, value]) => `${key}=${value}`),
      compression: options.compression,
      exportTimeoutMillis: options.timeoutMillis,
    };
    const settings = orReplayError(() => resolveOtlpHttp({}, flags));
    return await otlpHttpWith(settings, options)(run);
  };
}

/** The same, with all settings of each signal. */
export function otlpHttpWith(settings: OtlpHttpSettings, options: DeliveryOptions): DestinationFactory {
  return async (run) => {
    const { httpTransports } = await import('../export/http/transport.ts');
    const { concurrency } = limitsOf(options);
    return await overTransports(httpTransports(settings, concurrency, userAgentOf(run)), run, options);
  };
}

/** OTLP over gRPC, through the libraries of the SDK's exporters, which must be installed beside this one. */
export function otlpGrpcWith(settings: OtlpGrpcSettings, options: DeliveryOptions): DestinationFactory {
  return async (run) => {
    const { grpcTransports, loadGrpc } = await import('../export/grpc/transport.ts');
    const grpc = orReplayError(() => loadGrpc());
    return await overTransports(grpcTransports(grpc, settings, userAgentOf(run)), run, options);
  };
}

function userAgentOf({ origin: { scope } }: DestinationRun): string {
  return `${scope.name}/${scope.version}`;
}

async function overTransports(transports: Transports, run: DestinationRun, options: DeliveryOptions) {
  const { openDestination } = await import('../export/destination.ts');
  return wanted(openDestination(transports, { ...run, limits: limitsOf(options) }), options);
}

export interface OutputOptions extends DeliveryOptions {
  /** True: goes on behind the last whole line of an old file. Default: replaces it, unless the run has a checkpoint. */
  readonly append?: boolean | undefined;
}

/** OTLP/JSON lines in a file or on a stream, one request per line, as the Collector's file exporter writes them. */
export function otlpFile(to: string | Writable, options: OutputOptions = {}): DestinationFactory {
  return async (run) => {
    const { openOtlpFile } = await import('../export/destination.ts');
    const append = options.append ?? run.goesOn;
    const output = await openOutput(to, { append, ownerOnly: run.holdsContent });
    return wanted(openOtlpFile({ ...run, output, limits: limitsOf(options) }), options);
  };
}

/** Metrics in the OpenMetrics text format, written at the end of the log. */
export function openMetrics(to: string | Writable): DestinationFactory {
  return async ({ origin, metricIntervalMicros }) => {
    const { openMetricsSink } = await import('../export/openmetrics/sink.ts');
    const output = await openOutput(to, { append: false, ownerOnly: false });
    const metrics = openMetricsSink({
      destination: output.name,
      resource: origin.resource,
      intervalMicros: metricIntervalMicros,
      write: async (text) => {
        const answer = await output.write(Buffer.from(text.endsWith('\n') ? text.slice(0, -1) : text));
        if (answer.kind === 'final') throw new ReplayError('unwritable-file', answer.sentence);
      },
    });
    return { metrics, close: () => output.close() };
  };
}

export interface SdkExporterOptions extends DeliveryOptions {
  /** The name in the account. Default: the name of the exporter's class. */
  readonly name?: string | undefined;
}

/** Spans through any `SpanExporter` of the OpenTelemetry SDK. The end of the replay shuts it down. */
export function fromSpanExporter(
  exporter: SpanExporter,
  options: SdkExporterOptions = {},
): DestinationFactory {
  const { name = exporter.constructor.name, traces = true } = options;
  return async (run) => {
    const { spanExporterDelivery } = await import('../export/sdk.ts');
    const spans = spanExporterDelivery(exporter, { ...run, name, limits: limitsOf(options) });
    return { ...(traces && { spans }), close: () => exporter.shutdown() };
  };
}

/** Metrics through any `PushMetricExporter` of the OpenTelemetry SDK. The end of the replay shuts it down. */
export function fromMetricExporter(
  exporter: PushMetricExporter,
  options: SdkExporterOptions = {},
): DestinationFactory {
  const { name = exporter.constructor.name } = options;
  return async (run) => {
    const { metricExporterDelivery } = await import('../export/sdk.ts');
    const metrics = metricExporterDelivery(exporter, { ...run, name, limits: limitsOf(options) });
    return { ...(options.metrics !== false && { metrics }), close: () => exporter.shutdown() };
  };
}

async function openOutput(to: string | Writable, how: FileOutputOptions) {
  const { fileOutput, streamOutput } = await import('../export/line-output.ts');
  if (typeof to !== 'string') return streamOutput(to, 'standard output');
  return await fileOutput(to, how).catch((error: unknown) => {
    const message = `${to} cannot be written: ${systemProblem(error)}.`;
    throw new ReplayError('unwritable-file', message, { cause: error });
  });
}

export interface ConsoleOptions extends Omit<DeliveryOptions, 'limits'> {
  /** Width of a line. Default 100. */
  readonly columns?: number | undefined;
  /** Default false. */
  readonly color?: boolean | undefined;
}

const DEFAULT_COLUMNS = 100;

/** A tree of each turn as text, and a table of figures at the end. `print` may return a promise to slow the replay down. */
export function console(print: (text: string) => unknown, options: ConsoleOptions = {}): DestinationFactory {
  return async (run) => {
    const { consoleSink } = await import('../view/console-sink.ts');
    const { Chalk } = await import('chalk');
    const sink = consoleSink({
      write: async (text) => void (await print(text)),
      columns: options.columns ?? DEFAULT_COLUMNS,
      colors: new Chalk({ level: options.color ? 1 : 0 }),
      traces: options.traces ?? true,
      metrics: options.metrics ?? true,
      memory: run.memory,
      goesOn: run.goesOn,
    });
    const write = async (shown: readonly AgentSpan[]) => {
      await sink.write(shown);
      const listener = run.outcomeListeners?.forTree('console');
      for (const span of shown) listener?.add(span);
      listener?.onOutcome({ ...NO_OUTCOME, accepted: shown.length });
    };
    return { tree: { ...sink, write }, close: async () => {} };
  };
}

/** The limits of a destination, with the defaults of those that are not given. */
export function limitsOf({ limits }: DeliveryOptions): DeliveryLimits {
  return { ...DEFAULT_LIMITS, ...limits };
}

/** The ends that are not switched off. */
function wanted(
  destination: Destination,
  { traces = true, metrics = true, logs = false }: DeliveryOptions,
): OpenDestination {
  return {
    spans: traces ? destination.spans : undefined,
    metrics: metrics ? destination.metrics : undefined,
    logs: logs ? destination.logs : undefined,
    close: () => destination.close(),
  };
}

function orReplayError<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw new ReplayError('invalid-option', error.message, { cause: error });
  }
}
