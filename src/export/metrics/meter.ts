import type { Instrument, Measurement, MetricSnapshot, Temporality } from '../../model/otel.ts';
import type { EpochMicros } from '../../model/time.ts';
import { createIntervals, type IntervalGains, type IntervalsState } from './intervals.ts';
import { createSnapshots, type SnapshotsState } from './snapshots.ts';

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

/** `startTime`: the first event of the log. */
export type MeterState = IntervalsState & SnapshotsState;

export function createMeter(options: MeterOptions): Meter {
  const intervals = createIntervals(options);
  const snapshots = createSnapshots(options);

  async function snapshot({ gains }: IntervalGains, time: EpochMicros): Promise<MetricSnapshot> {
    snapshots.add(gains);
    return snapshots.take(intervals.state().startTime ?? time, time);
  }

  return {
    advance(time) {
      const over = intervals.advance(time);
      return over && snapshot(over, over.boundary);
    },
    wait(now) {
      const over = intervals.over(now);
      if (over === undefined) return undefined;
      intervals.advance(over.boundary);
      return snapshot(over, over.boundary);
    },
    record: intervals.record,
    async finish() {
      const last = intervals.finish();
      return last && (await snapshot(last, last.latestTime));
    },
    async state() {
      snapshots.add(intervals.collect());
      return { ...intervals.state(), ...snapshots.state() };
    },
    overflowed: snapshots.overflowed,
  };
}
