import type { Instrument, MetricPoint, MetricSnapshot, PointValue } from '../../model/otel.ts';
import type { EpochMicros } from '../../model/time.ts';
import { labels } from './names.ts';

/** One series of one instrument over the whole log: only the moments at which it changed. */
export interface SeriesHistory {
  readonly labels: string;
  readonly changes: readonly Change[];
}

export interface Change {
  readonly time: EpochMicros;
  readonly value: PointValue;
}

export interface InstrumentHistory {
  readonly instrument: Instrument;
  readonly series: readonly SeriesHistory[];
}

export interface History {
  /** @throws TypeError for delta points: a backfilled series must hold totals. */
  add(snapshot: MetricSnapshot): void;
  /** By instrument, in order of first appearance; series in order of their labels. */
  instruments(): readonly InstrumentHistory[];
  /** The latest moment of the log; `undefined` when nothing was added. */
  endTime(): EpochMicros | undefined;
}

interface Open {
  readonly instrument: Instrument;
  readonly series: Map<string, Change[]>;
}

/** Snapshots come by time, the file wants one series after the other: so everything is kept until the end. */
export function createHistory(): History {
  const all = new Map<string, Open>();
  let end: EpochMicros | undefined;

  function addPoint({ series }: Open, point: MetricPoint): void {
    const key = labels(point.attributes);
    const changes = series.get(key) ?? [];
    if (changes.length === 0) series.set(key, changes);
    end = point.endTime;
    // A snapshot repeats the series that stood still; the text fills those in again.
    if (!sameTotal(changes.at(-1)?.value, point.value))
      changes.push({ time: point.endTime, value: point.value });
  }

  return {
    add({ metrics }) {
      for (const { instrument, temporality, points } of metrics) {
        if (temporality !== 'cumulative') throw new TypeError('OpenMetrics needs cumulative points');
        const open = all.get(instrument.name) ?? { instrument, series: new Map() };
        all.set(instrument.name, open);
        for (const point of points) addPoint(open, point);
      }
    },
    instruments: () =>
      [...all.values()].map(({ instrument, series }) => ({
        instrument,
        series: [...series]
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, changes]) => ({ labels: key, changes })),
      })),
    endTime: () => end,
  };
}

function sameTotal(before: PointValue | undefined, now: PointValue): boolean {
  if (before === undefined) return false;
  if (before.kind === 'sum') return now.kind === 'sum' && before.sum === now.sum;
  return now.kind === 'histogram' && before.count === now.count;
}
