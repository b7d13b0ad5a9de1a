import type { MetricSnapshot } from '../../model/metric.ts';
import { type EpochMicros, later } from '../../model/time.ts';
import type { IntervalGains } from './intervals.ts';
import type { MeterOptions } from './meter.ts';
import { createSnapshots } from './snapshots.ts';

// The metrics of a log that several share: each tells what it gained in an interval, and the snapshot of a boundary is
// taken when all have passed it. It is the one that a single meter would have taken.

export interface MergedMeter {
  /** The first event of the log. Heard once. */
  startAt(time: EpochMicros): void;
  /** What a part gained, and how far its clock has come: what it gains from now on is of later intervals. */
  add(part: number, gains: readonly IntervalGains[], clock: EpochMicros): void;
  /** The part gains nothing more. */
  end(part: number): void;
  /** The snapshots of all boundaries that are passed by now, in order of time. */
  due(): readonly MetricSnapshot[];
  /** The snapshot at the latest time told; `undefined` when nothing was gained since the last one. After all have ended. */
  finish(): MetricSnapshot | undefined;
}

export function createMergedMeter(options: MeterOptions, parts: number): MergedMeter {
  const snapshots = createSnapshots(options);
  /** By boundary, then by part. */
  const waiting = new Map<EpochMicros, Map<number, IntervalGains>>();
  const clocks = new Array<number>(parts).fill(0);
  let startTime: EpochMicros | undefined;

  function take(boundary: EpochMicros, time: EpochMicros): MetricSnapshot {
    const gains = [...(waiting.get(boundary) ?? [])].sort(([a], [b]) => a - b);
    for (const [, { gains: gained }] of gains) snapshots.add(gained);
    waiting.delete(boundary);
    return snapshots.take(startTime ?? time, time);
  }

  const boundaries = () => [...waiting.keys()].sort((a, b) => a - b);

  function due(): MetricSnapshot[] {
    const passed = Math.min(...clocks);
    // The last one may be the end of the log, which is no boundary.
    const over = boundaries().slice(0, -1);
    return over.filter((boundary) => boundary <= passed).map((boundary) => take(boundary, boundary));
  }

  return {
    startAt(time) {
      startTime ??= time;
    },
    add(part, gains, clock) {
      for (const one of gains) {
        const known = waiting.get(one.boundary) ?? new Map<number, IntervalGains>();
        waiting.set(one.boundary, known.set(part, one));
      }
      clocks[part] = Math.max(clocks[part] ?? 0, clock);
    },
    end(part) {
      clocks[part] = Number.POSITIVE_INFINITY;
    },
    due,
    finish() {
      const [last] = boundaries();
      if (last === undefined) return undefined;
      const times = [...(waiting.get(last)?.values() ?? [])].map(({ latestTime }) => latestTime);
      return take(last, times.reduce(later));
    },
  };
}
