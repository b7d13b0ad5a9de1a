import type { Instrument, Measurement, MetricSnapshot, Temporality } from '../../model/otel.ts';
import { type EpochMicros, epochMicros, later, shift } from '../../model/time.ts';
import { createSeriesTable, type SeriesState } from './series.ts';

// Metrics at log time: measurements go in while the log's clock advances, snapshots come out at its interval boundaries.
// No point depends on the wall clock: the same log gives the same points. Why not the SDK's meter:
// docs/adr/0008-metrics-at-log-time.md.

export interface MeterOptions {
  readonly instruments: readonly Instrument[];
  readonly intervalMicros: number;
  readonly temporality: Temporality;
  /** Series per instrument. Measurements of further series are folded into one `otel.metric.overflow` series. */
  readonly seriesLimit?: number;
  /** From `state()` of an earlier run: counting continues where that run stopped. */
  readonly resume?: MeterState;
}

/** Everything needed to continue after a restart, as plain JSON data. */
export interface MeterState {
  /** The first event of the log; `undefined` before it. */
  readonly startTime: EpochMicros | undefined;
  readonly latestTime: EpochMicros | undefined;
  /** True when something was recorded since the last snapshot. */
  readonly changed: boolean;
  /** Time of the last snapshot. */
  readonly snapshotTime: EpochMicros | undefined;
  readonly series: readonly SeriesState[];
}

const DEFAULT_SERIES_LIMIT = 20_000;
const MILLI = 1000;

/**
 * Boundaries are the multiples of the interval since the epoch, so that logs that were split agree on them. What happens
 * exactly on a boundary belongs to the interval that begins there.
 */
export function createMeter(options: MeterOptions) {
  const { instruments, intervalMicros, temporality, seriesLimit = DEFAULT_SERIES_LIMIT, resume } = options;
  const tables = new Map(
    instruments.map((instrument) => [
      instrument.name,
      createSeriesTable(instrument, temporality, seriesLimit),
    ]),
  );
  let { startTime, latestTime, changed = false, snapshotTime }: Partial<MeterState> = resume ?? {};
  for (const series of resume?.series ?? []) tables.get(series.instrument)?.resume(series);

  const boundaryAfter = (time: EpochMicros) =>
    epochMicros((Math.floor(time / intervalMicros) + 1) * intervalMicros);

  function snapshot(time: EpochMicros): MetricSnapshot {
    // Receivers that keep milliseconds would see two values at one moment, and Prometheus refuses such a batch.
    const end = snapshotTime === undefined ? time : later(time, shift(snapshotTime, MILLI));
    snapshotTime = end;
    changed = false;
    return { metrics: [...tables.values()].flatMap((table) => table.take(startTime ?? time, end) ?? []) };
  }

  return {
    /**
     * Sets the log's clock, before what happened then is recorded. A time before the latest one changes nothing.
     * @returns the snapshot of the boundary that was passed; `undefined` when none was passed, or nothing was recorded
     * since the last snapshot.
     */
    advance(time: EpochMicros): MetricSnapshot | undefined {
      const before = latestTime;
      startTime ??= time;
      latestTime = before === undefined ? time : later(before, time);
      if (before === undefined || !changed) return undefined;
      const boundary = boundaryAfter(before);
      return boundaryAfter(latestTime) === boundary ? undefined : snapshot(boundary);
    },
    /** Throws for a measurement of an instrument that is not listed: that is a bug of ours. */
    record(measurements: readonly Measurement[]): void {
      if (measurements.length === 0) return;
      if (latestTime === undefined)
        throw new TypeError('advance() sets the time before anything is recorded');
      for (const { instrument, value, attributes } of measurements) {
        const table = tables.get(instrument);
        if (table === undefined)
          throw new TypeError(`a measurement names no listed instrument: ${instrument}`);
        table.record(value, attributes);
      }
      changed = true;
    },
    /**
     * Nothing happens in the log until `now`. When the interval of the latest time is over by then, its snapshot is
     * returned, as `advance` would.
     */
    wait(now: EpochMicros): MetricSnapshot | undefined {
      if (latestTime === undefined || !changed || boundaryAfter(latestTime) > now) return undefined;
      latestTime = boundaryAfter(latestTime);
      return snapshot(latestTime);
    },
    /** The snapshot at the latest time; `undefined` when nothing was recorded since the last one. */
    finish: () => (changed && latestTime !== undefined ? snapshot(latestTime) : undefined),
    state: (): MeterState => ({
      startTime,
      latestTime,
      changed,
      snapshotTime,
      series: [...tables.values()].flatMap((table) => table.states()),
    }),
  };
}
