import type { Metric, MetricSnapshot, Temporality } from '../../model/metric.ts';
import type { Instrument, Measurement } from '../../model/otel.ts';
import { type EpochMicros, epochMicros, later, shift } from '../../model/time.ts';
import { createAggregator } from './aggregate.ts';
import { createSeriesStore, type SeriesState } from './series.ts';

// Metrics at log time: measurements go in as the log's clock advances, snapshots come out at its interval boundaries.
// No wall clock can reach a point: the same log gives the same points.

export interface MeterOptions {
  readonly instruments: readonly Instrument[];
  readonly intervalMicros: number;
  readonly temporality: Temporality;
  /** Series per instrument; measurements of further ones are folded into one `otel.metric.overflow` series. */
  readonly seriesLimit?: number;
  /** From `state()` of an earlier run: counting goes on where that run stopped. */
  readonly resume?: MeterState;
}

export interface Meter {
  /**
   * Tells the log's clock, before what happened then is recorded. A time before the latest one changes nothing.
   * @returns `undefined` while no boundary was passed, or nothing was recorded since the last snapshot; else the
   * snapshot of the boundary, to be awaited before more is recorded.
   */
  advance(time: EpochMicros): Promise<MetricSnapshot> | undefined;
  record(measurements: readonly Measurement[]): void;
  /**
   * Tells that nothing happens until `now`. When the interval of the latest time is over by then, so is the log's: its
   * snapshot, as `advance` gives it.
   */
  wait(now: EpochMicros): Promise<MetricSnapshot> | undefined;
  /** The snapshot at the latest time told; `undefined` when nothing was recorded since the last one. */
  finish(): Promise<MetricSnapshot | undefined>;
  /** Everything needed to go on after a restart, as plain JSON data. To be awaited before more is recorded. */
  state(): Promise<MeterState>;
  /** Measurements that were folded because there were too many series. */
  overflowed(): number;
}

export interface MeterState {
  /** The first event of the log; `undefined` before it. */
  readonly startTime: EpochMicros | undefined;
  readonly latestTime: EpochMicros | undefined;
  /** Of the last snapshot. */
  readonly snapshotTime: EpochMicros | undefined;
  /** True when something was recorded since the last snapshot. */
  readonly changed: boolean;
  readonly series: readonly SeriesState[];
}

const DEFAULT_SERIES_LIMIT = 20_000;
const MILLI = 1000;

/**
 * Boundaries are the multiples of the interval since the epoch, so that shards and split logs agree on them. What
 * happens exactly on a boundary belongs to the interval that begins there.
 */
export function createMeter(options: MeterOptions): Meter {
  const { instruments, intervalMicros, temporality, resume, seriesLimit = DEFAULT_SERIES_LIMIT } = options;
  const aggregator = createAggregator(instruments, seriesLimit);
  const store = createSeriesStore(instruments, temporality, seriesLimit, resume?.series ?? []);
  let { startTime, latestTime, snapshotTime, changed } = resume ?? NOTHING;

  const boundaryOf = (time: EpochMicros) =>
    epochMicros((Math.floor(time / intervalMicros) + 1) * intervalMicros);

  async function snapshot(start: EpochMicros, time: EpochMicros): Promise<MetricSnapshot> {
    changed = false;
    // Receivers that keep milliseconds would see two values of one moment, and Prometheus refuses the batch.
    const end = snapshotTime === undefined ? time : later(time, shift(snapshotTime, MILLI));
    snapshotTime = end;
    store.add(aggregator.collect());
    const metrics: readonly Metric[] = store.take(start, end);
    return { metrics };
  }

  function advance(time: EpochMicros): Promise<MetricSnapshot> | undefined {
    const before = latestTime;
    startTime ??= time;
    latestTime = before === undefined ? time : later(before, time);
    if (before === undefined || !changed || boundaryOf(latestTime) === boundaryOf(before)) return undefined;
    return snapshot(startTime, boundaryOf(before));
  }

  return {
    advance,
    wait(now) {
      if (!changed || latestTime === undefined) return undefined;
      const end = boundaryOf(latestTime);
      return end <= now ? advance(end) : undefined;
    },
    record(measurements) {
      if (measurements.length === 0) return;
      if (latestTime === undefined)
        throw new TypeError('advance() tells the time before anything is recorded');
      aggregator.record(measurements);
      changed = true;
    },
    async finish() {
      if (!changed || startTime === undefined || latestTime === undefined) return undefined;
      return await snapshot(startTime, latestTime);
    },
    async state() {
      store.add(aggregator.collect());
      return { startTime, latestTime, snapshotTime, changed, series: store.series() };
    },
    overflowed: store.overflowed,
  };
}

const NOTHING: MeterState = {
  startTime: undefined,
  latestTime: undefined,
  snapshotTime: undefined,
  changed: false,
  series: [],
};
