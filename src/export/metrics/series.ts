import type {
  Attributes,
  Instrument,
  Metric,
  MetricPoint,
  PointValue,
  Temporality,
} from '../../model/otel.ts';
import { type EpochMicros, later } from '../../model/time.ts';
import type { Gain } from './aggregate.ts';
import { keyOf } from './label-key.ts';
import { measurementsIn, mergeValues } from './merge.ts';
import { OVERFLOW } from './overflow.ts';

/** One series as plain data. */
export interface SeriesState {
  readonly instrument: string;
  readonly attributes: Attributes;
  /** Cumulative: since the start. Delta: since the last point; `undefined` when nothing came since. */
  readonly value: PointValue | undefined;
  /** Of the last point; `undefined` before the first. */
  readonly endTime: EpochMicros | undefined;
}

/** Keeps every series between two snapshots. */
export interface SeriesStore {
  add(gains: readonly Gain[]): void;
  /** The points of all series at `end`; in delta temporality only of those that gained. */
  take(start: EpochMicros, end: EpochMicros): readonly Metric[];
  series(): readonly SeriesState[];
  overflowed(): number;
}

export function createSeriesStore(
  instruments: readonly Instrument[],
  temporality: Temporality,
  seriesLimit: number,
  resumed: readonly SeriesState[],
): SeriesStore {
  const byInstrument = new Map(instruments.map(({ name }) => [name, new Map<string, SeriesState>()]));
  let overflowed = 0;
  for (const state of resumed) byInstrument.get(state.instrument)?.set(keyOf(state.attributes), state);

  function addOne(gain: Gain): void {
    const all = byInstrument.get(gain.instrument.name);
    if (all === undefined) return;
    const known = all.has(keyOf(gain.attributes)) || all.size < seriesLimit;
    const attributes = known ? gain.attributes : OVERFLOW;
    if (attributes['otel.metric.overflow'] === true) overflowed += measurementsIn(gain.value);
    const key = keyOf(attributes);
    const before = all.get(key);
    all.set(key, {
      instrument: gain.instrument.name,
      attributes: before?.attributes ?? attributes,
      value:
        before?.value === undefined ? gain.value : mergeValues(gain.instrument, before.value, gain.value),
      endTime: before?.endTime,
    });
  }

  function takeOne(all: Map<string, SeriesState>, start: EpochMicros, end: EpochMicros): MetricPoint[] {
    const points: MetricPoint[] = [];
    for (const [key, state] of all) {
      if (state.value === undefined) continue;
      // A delta series that was silent for a while goes on from its own last point: a receiver that adds deltas up
      // takes a gap for a restart.
      const startTime = temporality === 'delta' && state.endTime !== undefined ? state.endTime : start;
      points.push({
        attributes: state.attributes,
        startTime,
        endTime: later(end, startTime),
        value: state.value,
      });
      all.set(key, { ...state, endTime: end, value: temporality === 'delta' ? undefined : state.value });
    }
    return points;
  }

  return {
    add: (gains) => gains.forEach(addOne),
    take: (start, end) =>
      instruments
        .map((instrument) => ({
          instrument,
          temporality,
          points: takeOne(byInstrument.get(instrument.name) ?? new Map(), start, end),
        }))
        .filter((metric) => metric.points.length > 0),
    series: () => [...byInstrument.values()].flatMap((all) => [...all.values()]),
    overflowed: () => overflowed,
  };
}
