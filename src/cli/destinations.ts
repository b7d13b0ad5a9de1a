/** Where a replay's spans and metrics go: the exporters that the flags name, behind one front. */
import { createMeter, type Meter } from '../export/metrics/meter.ts';
import { resolveTemporality } from '../export/options/temporality.ts';
import type { MetricSnapshot } from '../model/metric.ts';
import type { Instrument, Measurement } from '../model/otel.ts';
import type { DeliveryAccount, FinishedSpan } from '../model/sink.ts';
import type { EpochMicros } from '../model/time.ts';
import { CliError } from './cli-error.ts';
import { openExporter, settled } from './exporters.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';

export interface Destinations {
  /** The first event of the log: where cumulative metrics begin. Heard once. */
  startAt(time: EpochMicros): void;
  /** Returns when every destination has room again. */
  write(spans: readonly FinishedSpan[]): Promise<void>;
  /** Records what one span measured, at its end. A promise when the log's clock passed an interval. */
  measure(time: EpochMicros, measurements: readonly Measurement[]): Promise<void> | undefined;
  /**
   * Sends what is left, within `withinMillis` when there is a hurry.
   * @returns what became of everything, for each destination and signal.
   */
  finish(withinMillis: number | undefined): Promise<readonly DeliveryAccount[]>;
}

const MICROS_PER_MILLI = 1000;

export async function openDestinations(
  flags: ReplayFlags,
  io: Io,
  instruments: readonly Instrument[],
): Promise<Destinations> {
  const deadLetter = await openDeadLetter(flags);
  const onOutage = (sentence: string) => {
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
  };
  const exporters = await Promise.all(
    flags.exporter.map((name) => openExporter(name, flags, io, { deadLetter, onOutage })),
  );
  const spanSinks = exporters.flatMap(({ spans }) => spans ?? []);
  const metricSinks = exporters.flatMap(({ metrics }) => metrics ?? []);
  const meter = metricSinks.length === 0 ? undefined : await openMeter(flags, io, instruments);
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
    finish: async (withinMillis) => {
      const last = await meter?.finish();
      if (last !== undefined) await send(last);
      const accounts = await Promise.all(
        [...spanSinks, ...metricSinks].map((sink) => sink.finish(withinMillis)),
      );
      await Promise.all(exporters.map((exporter) => exporter.close()));
      await deadLetter?.close();
      return accounts;
    },
  };
}

async function openDeadLetter({ deadLetter: file }: ReplayFlags) {
  if (file === undefined) return undefined;
  const { deadLetter } = await import('../export/delivery/dead-letter.ts');
  return deadLetter(file);
}

async function openMeter(flags: ReplayFlags, io: Io, instruments: readonly Instrument[]): Promise<Meter> {
  const { temporality } = settled(await resolveTemporality(io.env));
  if (temporality === 'delta' && flags.exporter.includes('openmetrics')) {
    throw new CliError(
      '-e openmetrics needs cumulative metrics: unset OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE.',
    );
  }
  return createMeter({
    instruments,
    intervalMicros: Math.max(1, flags.metricInterval) * MICROS_PER_MILLI,
    temporality,
  });
}
