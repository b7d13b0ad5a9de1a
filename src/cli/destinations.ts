/** Where a replay's spans and metrics go: the exporters that the flags name, behind one front. */
import { createMeter, type MeterOptions, type MeterState } from '../export/metrics/meter.ts';
import { resolveTemporality } from '../export/options/temporality.ts';
import type { MetricSnapshot } from '../model/metric.ts';
import type { Instrument, Measurement } from '../model/otel.ts';
import type { DeliveryAccount, FinishedSpan } from '../model/sink.ts';
import type { EpochMicros } from '../model/time.ts';
import { CliError } from './cli-error.ts';
import { openExporter, type SharedEnds, valueOrCliError } from './exporters.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';

export interface Destinations {
  /** The first event of the log: where cumulative metrics begin. Heard once. */
  startAt(time: EpochMicros): void;
  /** Returns when every destination has room again. */
  write(spans: readonly FinishedSpan[]): Promise<void>;
  /** Records what one span measured, at its end. A promise when the log's clock passed an interval. */
  measure(time: EpochMicros, measurements: readonly Measurement[]): Promise<void> | undefined;
  /** Sends the metrics as they stand, and all that was written; returns when everything has its outcome. */
  flush(): Promise<void>;
  /** Returns when everything written so far has its outcome. */
  settled(): Promise<void>;
  /** Sends metrics that were measured elsewhere. */
  writeMetrics(snapshot: MetricSnapshot): Promise<void>;
  /** What the metrics go on from after a restart; `undefined` when nobody wants metrics. */
  meterState(): Promise<MeterState | undefined>;
  /** What became of everything so far, for each destination and signal. */
  accounts(): readonly DeliveryAccount[];
  /** From now on there is a hurry: what is under way in `withinMillis` counts as failed. Heard once. */
  hurry(withinMillis: number): void;
  /**
   * Sends what is left, within `withinMillis` when there is a hurry.
   * @returns what became of everything, for each destination and signal.
   */
  finish(withinMillis: number | undefined): Promise<readonly DeliveryAccount[]>;
}

/** What a run has from elsewhere. */
interface Given {
  /** The metrics go on from here. */
  readonly resume?: MeterState | undefined;
  /** What several share; then metrics are measured elsewhere too. */
  readonly shared?: SharedEnds | undefined;
}

const MICROS_PER_MILLI = 1000;

export async function openDestinations(
  flags: ReplayFlags,
  io: Io,
  instruments: readonly Instrument[],
  { resume, shared }: Given = {},
): Promise<Destinations> {
  const deadLetter = shared === undefined ? await openDeadLetter(flags) : shared.deadLetter;
  const onOutage = (sentence: string) => {
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
  };
  const exporters = await Promise.all(
    flags.exporter.map((name) => openExporter(name, flags, io, { onOutage, ...shared, deadLetter })),
  );
  const spanSinks = exporters.flatMap(({ spans }) => spans ?? []);
  const metricSinks = exporters.flatMap(({ metrics }) => metrics ?? []);
  const measured = metricSinks.length > 0 && shared === undefined;
  const meter = measured
    ? createMeter({
        ...(await meterOptions(flags, io, instruments)),
        ...(resume === undefined ? {} : { resume }),
      })
    : undefined;
  let started = false;
  const send = async (snapshot: MetricSnapshot) => {
    await Promise.all(metricSinks.map((sink) => sink.write(snapshot)));
  };
  const sinks = [...spanSinks, ...metricSinks];
  const settled = async () => {
    await Promise.all(sinks.map((sink) => sink.settled()));
  };
  const sendLast = async () => {
    const last = await meter?.finish();
    if (last !== undefined) await send(last);
  };
  return {
    settled,
    writeMetrics: send,
    flush: async () => {
      await sendLast();
      await settled();
    },
    meterState: async () => await meter?.state(),
    accounts: () => sinks.map((sink) => sink.soFar()),
    hurry: (withinMillis) => {
      for (const sink of sinks) sink.hurry(withinMillis);
    },
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
      await sendLast();
      const accounts = await Promise.all(sinks.map((sink) => sink.finish(withinMillis)));
      await Promise.all(exporters.map((exporter) => exporter.close()));
      await deadLetter?.close();
      return accounts;
    },
  };
}

export async function openDeadLetter({ deadLetter: file }: ReplayFlags) {
  if (file === undefined) return undefined;
  const { deadLetter } = await import('../export/delivery/dead-letter.ts');
  return deadLetter(file);
}

export function intervalMicrosOf({ metricInterval }: Pick<ReplayFlags, 'metricInterval'>): number {
  return Math.max(1, metricInterval) * MICROS_PER_MILLI;
}

/** Throws a `CliError` for settings that no exporter can follow. */
export async function meterOptions(
  flags: ReplayFlags,
  io: Io,
  instruments: readonly Instrument[],
): Promise<MeterOptions> {
  const { temporality } = valueOrCliError(await resolveTemporality(io.env));
  if (temporality === 'delta' && flags.exporter.includes('openmetrics')) {
    throw new CliError(
      '-e openmetrics needs cumulative metrics: unset OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE.',
    );
  }
  return {
    instruments,
    intervalMicros: intervalMicrosOf(flags),
    temporality,
  };
}
