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
  /** How many gains of the part wait for other parts; those of the latest interval wait for the end. */
  waitingOf(part: number): number;
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
  /** How many gains wait, by part. */
  const waitingGains = new Array<number>(parts).fill(0);
  /** The last of the boundaries: it may be the end of the log, which is none. */
  let latest = 0 as EpochMicros;
  let startTime: EpochMicros | undefined;

  function take(boundary: EpochMicros, time: EpochMicros): MetricSnapshot {
    const gains = [...(waiting.get(boundary) ?? [])].sort(([a], [b]) => a - b);
    for (const [part, { gains: gained }] of gains) {
      snapshots.add(gained);
      waitingGains[part] = (waitingGains[part] ?? 0) - gained.length;
    }
    waiting.delete(boundary);
    return snapshots.take(startTime ?? time, time);
  }

  function due(): MetricSnapshot[] {
    const passed = Math.min(...clocks);
    const over = [...waiting.keys()].filter((boundary) => boundary <= passed && boundary !== latest);
    return over.sort((a, b) => a - b).map((boundary) => take(boundary, boundary));
  }

  return {
    startAt(time) {
      startTime ??= time;
    },
    add(part, gains, clock) {
      for (const one of gains) {
        const known = waiting.get(one.boundary) ?? new Map<number, IntervalGains>();
        waiting.set(one.boundary, known.set(part, one));
        waitingGains[part] = (waitingGains[part] ?? 0) + one.gains.length;
        latest = later(latest, one.boundary);
      }
      clocks[part] = Math.max(clocks[part] ?? 0, clock);
    },
    waitingOf(part) {
      return (waitingGains[part] ?? 0) - (waiting.get(latest)?.get(part)?.gains.length ?? 0);
    },
    end(part) {
      clocks[part] = Number.POSITIVE_INFINITY;
    },
    due,
    finish() {
      const last = waiting.get(latest);
      if (last === undefined) return undefined;
      const times = [...last.values()].map(({ latestTime }) => latestTime);
      return take(latest, times.reduce(later));
    },
  };
}
