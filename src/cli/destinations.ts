/** Where a replay's spans and metrics go: the exporters that the flags name, behind one front. */
import type { Witnesses } from '../export/destination.ts';
import { createMeter, type MeterOptions, type MeterState } from '../export/metrics/meter.ts';
import { resolveTemporality } from '../export/options/temporality.ts';
import type { Instrument, Measurement, MetricSnapshot } from '../model/otel.ts';
import type { DeliveryAccount, FinishedSpan } from '../model/sink.ts';
import type { EpochMicros } from '../model/time.ts';
import type { Earlier } from '../replay/checkpoint/journal.ts';
import { unsentPoints, unsentSpans } from '../replay/checkpoint/skip-settled.ts';
import type { TreeMemory } from '../view/live-tree.ts';
import { CliError } from './cli-error.ts';
import { intervalMicrosOf, openDeadLetter, valueOrCliError } from './delivery-settings.ts';
import { openExporter } from './exporters.ts';
import type { Io } from './io.ts';
import type { ReplayFlags } from './replay-flags.ts';

export interface Destinations {
  /** The first event of the log: where cumulative metrics begin. Heard once. */
  startAt(time: EpochMicros): void;
  /** Returns when every destination has room again. */
  write(spans: readonly FinishedSpan[]): Promise<void>;
  /** Records what one span measured, at its end. A promise when the log's clock passed an interval. */
  measure(time: EpochMicros, measurements: readonly Measurement[]): Promise<void> | undefined;
  /** Nothing happens in the log until `now`: sends the metrics of an interval that is over by then. */
  wait(now: EpochMicros): Promise<void>;
  /**
   * Sends the metrics as they stand, and all that was written; returns when everything has its outcome. Delta points stay
   * for the next run: parts of an interval would count twice should this one end before it is written down.
   */
  flush(): Promise<void>;
  /** Sends what was gathered, and returns when everything written so far has its outcome. */
  settled(): Promise<void>;
  /** What the next run goes on from. */
  carried(): Promise<Carried>;
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

/** Plain data. */
export interface Carried {
  /** `undefined` when nobody wants metrics. */
  readonly meter: MeterState | undefined;
  /** Of the trees in the terminal; `undefined` when there are none. */
  readonly tree: TreeMemory | undefined;
}

/** Of a run that can be taken up again. */
export interface Continuity {
  readonly carried: Carried | undefined;
  readonly earlier: Earlier | undefined;
  readonly witnesses: Witnesses;
}

export async function openDestinations(
  flags: ReplayFlags,
  io: Io,
  instruments: readonly Instrument[],
  continuity: Continuity | undefined,
): Promise<Destinations> {
  const deadLetter = await openDeadLetter(flags);
  const onOutage = (sentence: string) => {
    if (!flags.quiet) io.stderr.write(`hermes-otel: ${sentence}\n`);
  };
  const { carried, earlier, witnesses } = continuity ?? {};
  const options = { onOutage, witnesses, memory: carried?.tree, deadLetter };
  const exporters = await Promise.all(flags.exporter.map((name) => openExporter(name, flags, io, options)));
  const spanSinks = exporters
    .flatMap(({ spans }) => spans ?? [])
    .map((sink) => unsentSpans(sink, earlier?.spans.get(sink.soFar().destination)));
  const metricSinks = exporters
    .flatMap(({ metrics }) => metrics ?? [])
    .map((sink) => unsentPoints(sink, earlier?.points.get(sink.soFar().destination)));
  const metering = metricSinks.length > 0 ? await meterOptions(flags, io, instruments) : undefined;
  const temporality = metering?.temporality;
  const meter = metering && createMeter({ ...metering, ...(carried?.meter && { resume: carried.meter }) });
  let started = false;
  const send = async (snapshot: MetricSnapshot) => {
    await Promise.all(metricSinks.map((sink) => sink.write(snapshot)));
  };
  const sinks = [...spanSinks, ...metricSinks];
  const allSettled = async () => {
    await Promise.all(sinks.map((sink) => sink.settled()));
  };
  const sendLast = async () => {
    const last = await meter?.finish();
    if (last !== undefined) await send(last);
  };
  return {
    settled: allSettled,
    wait: async (now) => {
      // Delta points of a run that can be taken up again lie on boundaries that its lines passed, and on no others.
      if (continuity !== undefined && temporality === 'delta') return;
      const snapshot = await meter?.wait(now);
      if (snapshot !== undefined) await send(snapshot);
    },
    flush: async () => {
      if (temporality === 'cumulative') await sendLast();
      await allSettled();
    },
    carried: async () => ({
      meter: await meter?.state(),
      tree: spanSinks.find(({ memory }) => memory !== undefined)?.memory?.(),
    }),
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
      // With a checkpoint `flush` has sent what is to be sent: the rest is the next run's.
      if (continuity === undefined) await sendLast();
      const accounts = await Promise.all(sinks.map((sink) => sink.finish(withinMillis)));
      await Promise.all(exporters.map((exporter) => exporter.close()));
      await deadLetter?.close();
      return accounts;
    },
  };
}

/** Throws a `CliError` for settings that no exporter can follow. */
async function meterOptions(
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
