/** One exporter by its name: what it needs is loaded only when it is asked for (OTLP alone takes 150 ms to load). */

import type { AccountableSink, Destination as ExportDestination, RunOptions } from '../export/destination.ts';
import type { Account, DeliveryAccount, FinishedSpan, MetricSink, SpanSink } from '../model/sink.ts';
import type { TreeMemory } from '../view/live-tree.ts';
import { CliError } from './cli-error.ts';
import { colorsFor } from './colors.ts';
import { intervalMicrosOf, limitsOf, otlpFlags, valueOrCliError } from './delivery-settings.ts';
import type { Io } from './io.ts';
import { originOf } from './origin.ts';
import { openOutput } from './output.ts';
import type { ExporterName, ReplayFlags } from './replay-flags.ts';
import { writeTo } from './write-to.ts';

/** One exporter's two ends; a signal that it does not take is absent. */
export interface Exporter {
  readonly spans: SpanEnd | undefined;
  readonly metrics: MetricEnd | undefined;
  close(): Promise<void>;
}

export type MetricEnd = AccountableSink<MetricSink>;
export type SpanEnd = AccountableSink<SpanSink> & Partial<Memory>;

/** Of a sink that does not give away at once what it gets. */
interface Memory {
  memory(): TreeMemory;
  /** Takes in what an earlier run has given away. */
  goOn(spans: readonly FinishedSpan[]): void;
}

/** What an exporter must know of the run. */
export interface ExporterRun extends RunOptions {
  /** From `memory()` of the run before. */
  readonly memory?: TreeMemory | undefined;
}

/** Throws a `CliError` when a setting of it is wrong, or its file cannot be opened. */
export async function openExporter(
  name: ExporterName,
  flags: ReplayFlags,
  io: Io,
  run: ExporterRun,
): Promise<Exporter> {
  switch (name) {
    case 'console':
      return openConsole(flags, io, run);
    case 'otlp':
      return openOtlp(flags, io, run);
    case 'otlp_grpc':
      return openGrpc(flags, io, run);
    case 'otlp_file':
      return openFile(flags, io, run);
    case 'openmetrics':
      return openOpenMetrics(flags, io);
    default:
      return name satisfies never;
  }
}

const DEFAULT_COLUMNS = 100;

async function openConsole(flags: ReplayFlags, io: Io, run: ExporterRun): Promise<Exporter> {
  const { consoleSink } = await import('../view/console-sink.ts');
  const sink = consoleSink({
    write: writeTo(io.stdout),
    columns: io.stdout.columns ?? DEFAULT_COLUMNS,
    colors: await colorsFor(io.stdout, flags.color, io.env),
    traces: flags.traces,
    metrics: flags.metrics,
    memory: run.memory,
    goesOn: flags.checkpoint !== undefined,
  });
  const { memory, goOn } = sink;
  const spans = { ...accountable(sink, 'console', 'spans'), memory, goOn };
  const write = async (shown: readonly FinishedSpan[]) => {
    await sink.write(shown);
    const witness = run.witnesses?.forSpans('console');
    for (const { otel } of shown) witness?.add(otel);
    witness?.settled({ accepted: shown.length, rejected: 0, failed: 0, deadLettered: 0 });
  };
  return { spans: { ...spans, write }, metrics: undefined, close: async () => {} };
}

/** A sink that sends over no network: it waits for nobody, and has less to count. */
function accountable<S extends SpanSink | MetricSink>(
  { write, settled, soFar, finish }: S,
  destination: string,
  signal: DeliveryAccount['signal'],
): AccountableSink<S> {
  const whole = (account: Account): DeliveryAccount => ({ ...account, ...PLAIN, destination, signal });
  return {
    write,
    settled,
    soFar: () => whole(soFar()),
    hurry: () => {},
    finish: async () => whole(await finish()),
  };
}

/** What only a delivery over a network can count. */
const PLAIN = { retries: 0, cut: 0, deadLettered: 0, unwanted: 0 } as const;

async function openOtlp(flags: ReplayFlags, io: Io, run: RunOptions): Promise<Exporter> {
  const [{ resolveOtlpHttp }, { openOtlpHttp }] = await Promise.all([
    import('../export/options/otlp-http-options.ts'),
    import('../export/otlp-http.ts'),
  ]);
  const settings = valueOrCliError(await resolveOtlpHttp(io.env, otlpFlags(flags)));
  return wanted(
    openOtlpHttp({
      ...settings,
      ...run,
      origin: originOf(flags, io.env),
      limits: limitsOf(flags),
      encoder: 'own',
    }),
    flags,
  );
}

async function openGrpc(flags: ReplayFlags, io: Io, run: RunOptions): Promise<Exporter> {
  const [{ resolveOtlpGrpc }, { openOtlpGrpc }] = await Promise.all([
    import('../export/options/otlp-grpc-options.ts'),
    import('../export/otlp-grpc.ts'),
  ]);
  const settings = valueOrCliError(await resolveOtlpGrpc(io.env, otlpFlags(flags)));
  const options = { ...settings, ...run, origin: originOf(flags, io.env), limits: limitsOf(flags) };
  return wanted(valueOrCliError(await openOtlpGrpc(options)), flags);
}

async function openFile(flags: ReplayFlags, io: Io, run: RunOptions): Promise<Exporter> {
  const { openOtlpFile } = await import('../export/otlp-file.ts');
  const output = await openOutput(flags, io);
  return wanted(
    openOtlpFile({ ...run, origin: originOf(flags, io.env), output, limits: limitsOf(flags) }),
    flags,
  );
}

async function openOpenMetrics(flags: ReplayFlags, io: Io): Promise<Exporter> {
  const { openMetricsSink } = await import('../export/openmetrics/sink.ts');
  const output = await openOutput(flags, io);
  const sink = openMetricsSink({
    resource: originOf(flags, io.env).resource,
    intervalMicros: intervalMicrosOf(flags),
    write: async (text) => {
      const answer = await output.write(Buffer.from(text.endsWith('\n') ? text.slice(0, -1) : text));
      if (answer.kind === 'final') throw new CliError(answer.sentence);
    },
    problemOf: (error) => (error instanceof Error ? error.message : String(error)),
  });
  const metrics = accountable(sink, output.name, 'metric points');
  return { spans: undefined, metrics, close: () => output.close() };
}

/** The ends that the flags did not switch off. */
function wanted(destination: ExportDestination, { traces, metrics }: ReplayFlags): Exporter {
  return {
    spans: traces ? destination.spans : undefined,
    metrics: metrics ? destination.metrics : undefined,
    close: () => destination.close(),
  };
}
