import type {
  Attributes,
  Instrument,
  Metric,
  MetricPoint,
  MetricSnapshot,
  PointValue,
  Temporality,
} from '../../model/otel.ts';
import { type EpochMicros, later } from '../../model/time.ts';

/** One series as plain data. */
export interface SeriesState {
  readonly instrument: string;
  readonly attributes: Attributes;
  /** Cumulative: since the start. Delta: since the last point; `undefined` when nothing was recorded since. */
  readonly value: PointValue | undefined;
  /** Time of the last point; `undefined` before the first. */
  readonly endTime: EpochMicros | undefined;
}

interface Series {
  readonly attributes: Attributes;
  /** Measurements in `sum`; 0 when there is no value. */
  count: number;
  /** A whole number: see `toWhole`. */
  sum: number;
  min: number;
  max: number;
  bucketCounts: number[];
  endTime: EpochMicros | undefined;
}

/** Holds every measurement for which no series was left. The name is the specification's. */
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };

/**
 * All series of one instrument: sums, buckets and extremes of what was recorded.
 * @param seriesLimit further series are folded into the overflow series.
 */
export function createSeriesTable(instrument: Instrument, temporality: Temporality, seriesLimit: number) {
  /** Equal labels are usually the identical object, which is found without a key. */
  const byObject = new Map<Attributes, Series>();
  const byKey = new Map<string, Series>();

  function find(attributes: Attributes): Series {
    const key = keyOf(attributes);
    const series = byKey.get(key) ?? (byKey.size < seriesLimit ? open(key, attributes) : overflow());
    byObject.set(attributes, series);
    return series;
  }

  function open(key: string, attributes: Attributes): Series {
    const series = { attributes, ...emptyValue(instrument), endTime: undefined };
    byKey.set(key, series);
    return series;
  }

  function overflow(): Series {
    const key = keyOf(OVERFLOW);
    return byKey.get(key) ?? open(key, OVERFLOW);
  }

  function pointOf(series: Series, start: EpochMicros, end: EpochMicros): MetricPoint[] {
    const value = pointValue(instrument, series);
    if (value === undefined) return [];
    // A delta series that was silent continues at its own last point. A receiver that adds deltas up takes a gap for a
    // restart.
    const startTime = temporality === 'delta' && series.endTime !== undefined ? series.endTime : start;
    series.endTime = end;
    if (temporality === 'delta') Object.assign(series, emptyValue(instrument));
    return [{ attributes: series.attributes, startTime, endTime: later(end, startTime), value }];
  }

  return {
    /** Throws for a count that is not whole: that is a bug of ours. */
    record(value: number, attributes: Attributes): void {
      refuseFraction(instrument, value);
      const series = byObject.get(attributes) ?? find(attributes);
      series.count += 1;
      series.sum += toWhole(instrument, value);
      if (value < series.min) series.min = value;
      if (value > series.max) series.max = value;
      const bucket = bucketOf(instrument.bounds, value);
      series.bucketCounts[bucket] = (series.bucketCounts[bucket] ?? 0) + 1;
    },
    /** The points at `end`; `undefined` when there are none. In delta temporality only series that grew have one. */
    take(start: EpochMicros, end: EpochMicros): Metric | undefined {
      byObject.clear();
      const points = [...byKey.values()].flatMap((series) => pointOf(series, start, end));
      return points.length === 0 ? undefined : { instrument, temporality, points };
    },
    resume({ attributes, value, endTime }: SeriesState): void {
      const series = open(keyOf(attributes), attributes);
      series.endTime = endTime;
      if (value === undefined) return;
      series.sum = toWhole(instrument, value.sum);
      if (value.kind === 'sum') series.count = 1;
      else Object.assign(series, { ...value, sum: series.sum, bucketCounts: [...value.bucketCounts] });
    },
    states: (): readonly SeriesState[] =>
      Array.from(byKey.values(), (series) => ({
        instrument: instrument.name,
        attributes: series.attributes,
        value: pointValue(instrument, series),
        endTime: series.endTime,
      })),
  };
}

/** Throws a `RangeError` for a value that a counter cannot count. */
function refuseFraction({ name, kind, sums }: Instrument, value: number): void {
  if (kind !== 'counter' || (value >= 0 && (sums === 'double' || Number.isSafeInteger(value)))) return;
  throw new RangeError(`${name} counts whole things: ${value}`);
}

function emptyValue({ bounds }: Instrument) {
  const bucketCounts = new Array<number>(bounds.length + 1).fill(0);
  return { count: 0, sum: 0, min: Infinity, max: -Infinity, bucketCounts };
}

/** `undefined` when nothing was recorded. */
function pointValue(
  instrument: Instrument,
  { count, sum: whole, min, max, bucketCounts }: Series,
): PointValue | undefined {
  if (count === 0) return undefined;
  const sum = whole / scaleOf(instrument);
  return instrument.kind === 'counter'
    ? { kind: 'sum', sum }
    : { kind: 'histogram', count, sum, min, max, bucketCounts: [...bucketCounts] };
}

/** Bounds are inclusive upper bounds, and few: a linear search is fast enough. */
function bucketOf(bounds: readonly number[], value: number): number {
  const bucket = bounds.findIndex((bound) => value <= bound);
  return bucket < 0 ? bounds.length : bucket;
}

/** The same for equal attributes in any order. */
function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

// Durations are measured in whole microseconds and reported in seconds, which a double holds only nearly. Sums of doubles
// would depend on their order; sums of whole numbers do not.

const MICROS_PER_SECOND = 1_000_000;

const NANOS_PER_DOLLAR = 1e9;

function scaleOf({ unit, sums }: Instrument): number {
  if (unit === 's') return MICROS_PER_SECOND;
  return sums === 'double' ? NANOS_PER_DOLLAR : 1;
}

function toWhole(instrument: Instrument, value: number): number {
  const scale = scaleOf(instrument);
  return scale === 1 ? value : Math.round(value * scale);
}

/** How many points a snapshot has, over all its metrics. */
export function pointsIn(snapshot: MetricSnapshot): number {
  return snapshot.metrics.reduce((sum, metric) => sum + metric.points.length, 0);
}

/** A snapshot of the same moment with the points from the `from`-th up to the `to`-th. */
export function part(snapshot: MetricSnapshot, from: number, to: number): MetricSnapshot {
  let before = 0;
  const metrics = snapshot.metrics.map((metric) => {
    const points = metric.points.slice(Math.max(0, from - before), Math.max(0, to - before));
    before += metric.points.length;
    return { ...metric, points };
  });
  return { ...snapshot, metrics: metrics.filter((metric) => metric.points.length > 0) };
}
