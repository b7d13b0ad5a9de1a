/** Where a replay's spans and metrics go: the exporters that the flags name, behind one front. */
import { createMeter, type Meter } from '../export/metrics/meter.ts';
import type { MetricSnapshot } from '../model/metric.ts';
import type { Instrument, Measurement } from '../model/otel.ts';
import type { Account, FinishedSpan, MetricSink, SpanSink } from '../model/sink.ts';
import type { EpochMicros } from '../model/time.ts';
import { CliError } from './cli-error.ts';
import { colorsFor } from './colors.ts';
import type { Io } from './io.ts';
import type { ExporterName, ReplayFlags } from './replay-flags.ts';
import { writeTo } from './write-to.ts';

export interface Destinations {
  /** The first event of the log: where cumulative metrics begin. Heard once. */
  startAt(time: EpochMicros): void;
  /** Returns when every destination has room again. */
  write(spans: readonly FinishedSpan[]): Promise<void>;
  /** Records what one span measured, at its end. A promise when the log's clock passed an interval. */
  measure(time: EpochMicros, measurements: readonly Measurement[]): Promise<void> | undefined;
  /** Sends what is left. @returns what became of everything, for each destination and signal. */
  finish(): Promise<readonly Account[]>;
}

/** One exporter's two ends; a signal that it does not take, or that was not asked for, is absent. */
interface Destination {
  readonly spans: SpanSink | undefined;
  readonly metrics: MetricSink | undefined;
}

const MICROS_PER_MILLI = 1000;

export async function openDestinations(
  flags: ReplayFlags,
  io: Io,
  instruments: readonly Instrument[],
): Promise<Destinations> {
  const opened = await Promise.all(flags.exporter.map((name) => open(name, flags, io)));
  const spanSinks = opened.flatMap(({ spans }) => spans ?? []);
  const metricSinks = opened.flatMap(({ metrics }) => metrics ?? []);
  const meter = metricSinks.length === 0 ? undefined : meterFor(flags, instruments);
  let started = false;
  const send = async (snapshot: MetricSnapshot) => {
    await Promise.all(metricSinks.map((sink) => sink.write(snapshot)));
  };
  return {
    startAt: (time) => {
      if (!started) void meter?.advance(time);
      started = true;
    },
    write: async (spans) => {
      await Promise.all(spanSinks.map((sink) => sink.write(spans)));
    },
    measure: (time, measurements) => {
      const snapshot = meter?.advance(time);
      if (snapshot === undefined) {
        meter?.record(measurements);
        return undefined;
      }
      return snapshot.then(send).then(() => meter?.record(measurements));
    },
    finish: async () => {
      const last = await meter?.finish();
      if (last !== undefined) await send(last);
      return Promise.all([...spanSinks, ...metricSinks].map((sink) => sink.finish()));
    },
  };
}

function meterFor(flags: ReplayFlags, instruments: readonly Instrument[]): Meter {
  return createMeter({
    instruments,
    intervalMicros: Math.max(1, flags.metricInterval) * MICROS_PER_MILLI,
    temporality: 'cumulative',
  });
}

async function open(name: ExporterName, flags: ReplayFlags, io: Io): Promise<Destination> {
  switch (name) {
    case 'console':
      return openConsole(flags, io);
    case 'otlp':
    case 'otlp_file':
      throw new CliError(`-e ${name} is not here yet.`);
    default:
      return name satisfies never;
  }
}

const DEFAULT_COLUMNS = 100;

async function openConsole(flags: ReplayFlags, io: Io): Promise<Destination> {
  const { consoleSink } = await import('../view/console-sink.ts');
  const spans = consoleSink({
    write: writeTo(io.stdout),
    columns: io.stdout.columns ?? DEFAULT_COLUMNS,
    colors: await colorsFor(io.stdout, flags.color, io.env),
    traces: flags.traces,
    metrics: flags.metrics,
  });
  return { spans, metrics: undefined };
}
