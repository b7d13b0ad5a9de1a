import type { Instrument, MetricSnapshot, Temporality } from '../../model/otel.ts';
import { type EpochMicros, later, shift } from '../../model/time.ts';
import type { Gain } from './aggregate.ts';
import { DEFAULT_SERIES_LIMIT } from './intervals.ts';
import { createSeriesStore, type SeriesState } from './series.ts';

/** What was gained so far, as points of one moment of the log's clock after the other. */
export interface Snapshots {
  add(gains: readonly Gain[]): void;
  take(startTime: EpochMicros, time: EpochMicros): MetricSnapshot;
  state(): SnapshotsState;
  overflowed(): number;
}

export interface SnapshotsState {
  /** Of the last one. */
  readonly snapshotTime: EpochMicros | undefined;
  readonly series: readonly SeriesState[];
}

export interface SnapshotsOptions {
  readonly instruments: readonly Instrument[];
  readonly temporality: Temporality;
  readonly seriesLimit?: number | undefined;
  readonly resume?: SnapshotsState | undefined;
}

const MILLI = 1000;

export function createSnapshots(options: SnapshotsOptions): Snapshots {
  const { instruments, temporality, seriesLimit = DEFAULT_SERIES_LIMIT, resume } = options;
  const store = createSeriesStore(instruments, temporality, seriesLimit, resume?.series ?? []);
  let snapshotTime = resume?.snapshotTime;
  return {
    add: store.add,
    take(startTime, time) {
      // Receivers that keep milliseconds would see two values of one moment, and Prometheus refuses the batch.
      const end = snapshotTime === undefined ? time : later(time, shift(snapshotTime, MILLI));
      snapshotTime = end;
      return { metrics: store.take(startTime, end) };
    },
    state: () => ({ snapshotTime, series: store.series() }),
    overflowed: store.overflowed,
  };
}
