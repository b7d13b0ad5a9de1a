import type { PointValue } from '../../model/metric.ts';
import type { Attributes, Instrument, Measurement } from '../../model/otel.ts';
import { attributesKey, OVERFLOW } from './attributes-key.ts';

// Which series a measurement belongs to, and which bucket: what the SDK's meter does, and held equal to it by a test.
// The SDK writes every measurement's attributes out anew to find its series; here the conventions give equal labels as
// the identical object, so a series is found by that. What a point means in log time is decided in meter.ts.

/** What one series gained since the last collection. */
export interface Gain {
  readonly instrument: Instrument;
  readonly attributes: Attributes;
  readonly value: PointValue;
}

export interface Aggregator {
  record(measurements: readonly Measurement[]): void;
  /** Everything recorded since the last call, in the order of the instruments. */
  collect(): readonly Gain[];
}

/** Mutable: a series in the making. */
interface Series {
  readonly attributes: Attributes;
  count: number;
  sum: number;
  min: number;
  max: number;
  readonly bucketCounts: number[];
}

interface Store {
  readonly instrument: Instrument;
  readonly byObject: Map<Attributes, Series>;
  readonly byKey: Map<string, Series>;
}

/** @param seriesLimit series per instrument and collection; what is above folds into `otel.metric.overflow`. */
export function createAggregator(instruments: readonly Instrument[], seriesLimit: number): Aggregator {
  const stores = new Map<string, Store>();
  for (const instrument of instruments) {
    stores.set(instrument.name, { instrument, byObject: new Map(), byKey: new Map() });
  }
  return {
    record(measurements) {
      for (const { instrument, value, attributes } of measurements) {
        const store = stores.get(instrument);
        if (store === undefined)
          throw new TypeError(`a measurement names no listed instrument: ${instrument}`);
        if (!counts(value, store.instrument)) continue;
        const series = store.byObject.get(attributes) ?? learn(store, attributes, seriesLimit);
        add(series, value, store.instrument);
      }
    },
    collect() {
      const gains: Gain[] = [];
      for (const { instrument, byObject, byKey } of stores.values()) {
        for (const series of byKey.values()) {
          if (series.count > 0) gains.push(gainOf(instrument, series));
        }
        byObject.clear();
        byKey.clear();
      }
      return gains;
    },
  };
}

/** Attributes seen for the first time since the last collection, at least as this object. */
function learn(store: Store, attributes: Attributes, seriesLimit: number): Series {
  const key = attributesKey(attributes);
  const isNew = !store.byKey.has(key);
  const folded = isNew && store.byKey.size >= seriesLimit;
  const series = folded
    ? seriesOf(store, OVERFLOW, attributesKey(OVERFLOW))
    : seriesOf(store, attributes, key);
  store.byObject.set(attributes, series);
  return series;
}

function seriesOf({ byKey, instrument }: Store, attributes: Attributes, key: string): Series {
  const known = byKey.get(key);
  if (known !== undefined) return known;
  const bucketCounts = new Array<number>(instrument.bounds.length + 1).fill(0);
  const series = {
    attributes,
    count: 0,
    sum: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    bucketCounts,
  };
  byKey.set(key, series);
  return series;
}

/** As the SDK has it, a histogram passes over negative values and NaN, which no duration and no count is. */
function counts(value: number, { kind, name }: Instrument): boolean {
  if (kind === 'histogram') return value >= 0;
  if (!Number.isSafeInteger(value) || value < 0)
    throw new RangeError(`${name} counts whole things: ${value}`);
  return true;
}

function add(series: Series, value: number, { kind, bounds }: Instrument): void {
  series.count += 1;
  series.sum += value;
  if (kind === 'counter') return;
  if (value < series.min) series.min = value;
  if (value > series.max) series.max = value;
  const bucket = bucketOf(value, bounds);
  series.bucketCounts[bucket] = (series.bucketCounts[bucket] ?? 0) + 1;
}

/** Bounds are inclusive upper bounds; they are few, so they are tried one after the other. */
function bucketOf(value: number, bounds: readonly number[]): number {
  let bucket = 0;
  while (value > (bounds[bucket] ?? Number.POSITIVE_INFINITY)) bucket += 1;
  return bucket;
}

function gainOf(instrument: Instrument, series: Series): Gain {
  const { attributes, count, sum, min, max, bucketCounts } = series;
  const value: PointValue =
    instrument.kind === 'counter'
      ? { kind: 'sum', sum }
      : { kind: 'histogram', count, sum, min, max, bucketCounts };
  return { instrument, attributes, value };
}
