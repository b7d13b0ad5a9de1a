/**
 * Sums, buckets and extremes of what was recorded between two collections. What a point means in log time is decided in
 * `meter.ts`. Why not the SDK's meter: docs/adr/0008-metrics-at-log-time.md.
 */
import type { Attributes, Instrument, Measurement, PointValue } from '../../model/otel.ts';
import { fromWhole, toWhole } from './exact-sum.ts';
import { keyOf } from './label-key.ts';
import { OVERFLOW } from './overflow.ts';

/** What one series gained since the last collection. */
export interface Gain {
  readonly instrument: Instrument;
  readonly attributes: Attributes;
  readonly value: PointValue;
}

export interface Aggregator {
  /** Throws for a measurement of no listed instrument, and for a count that is not whole: those would be our bugs. */
  record(measurements: readonly Measurement[]): void;
  /** Everything recorded since the last call. */
  collect(): readonly Gain[];
}

/** @param seriesLimit series per instrument and collection; what is above folds into `otel.metric.overflow`. */
export function createAggregator(instruments: readonly Instrument[], seriesLimit: number): Aggregator {
  const tables = new Map(
    instruments.map((instrument) => [instrument.name, createTable(instrument, seriesLimit)]),
  );
  return {
    record(measurements) {
      for (const { instrument, value, attributes } of measurements) {
        const table = tables.get(instrument);
        if (table === undefined)
          throw new TypeError(`a measurement names no listed instrument: ${instrument}`);
        add(table.cellOf(attributes), value);
      }
    },
    collect: () => [...tables.values()].flatMap((table) => table.collect()),
  };
}

interface Table {
  cellOf(attributes: Attributes): Cell;
  collect(): readonly Gain[];
}

/** What was recorded for one set of labels. */
interface Cell {
  readonly instrument: Instrument;
  readonly attributes: Attributes;
  count: number;
  /** In whole numbers, whatever the unit. */
  sum: number;
  min: number;
  max: number;
  readonly bucketCounts: number[];
}

/** Equal labels are the identical object as a rule, and found without a key. */
function createTable(instrument: Instrument, seriesLimit: number): Table {
  const byObject = new Map<Attributes, Cell>();
  const byKey = new Map<string, Cell>();

  function learn(attributes: Attributes): Cell {
    const key = keyOf(attributes);
    const cell = byKey.get(key) ?? (byKey.size < seriesLimit ? open(key, attributes) : overflow());
    byObject.set(attributes, cell);
    return cell;
  }

  function open(key: string, attributes: Attributes): Cell {
    const cell = emptyCell(instrument, attributes);
    byKey.set(key, cell);
    return cell;
  }

  function overflow(): Cell {
    const key = keyOf(OVERFLOW);
    return byKey.get(key) ?? open(key, OVERFLOW);
  }

  return {
    cellOf: (attributes) => byObject.get(attributes) ?? learn(attributes),
    collect() {
      const gains = Array.from(byKey.values(), gainOf);
      byObject.clear();
      byKey.clear();
      return gains;
    },
  };
}

function emptyCell(instrument: Instrument, attributes: Attributes): Cell {
  const bucketCounts = new Array<number>(instrument.bounds.length + 1).fill(0);
  return { instrument, attributes, count: 0, sum: 0, min: Infinity, max: -Infinity, bucketCounts };
}

function add(cell: Cell, value: number): void {
  const { instrument } = cell;
  if (instrument.kind === 'counter' && !(Number.isSafeInteger(value) && value >= 0))
    throw new RangeError(`${instrument.name} counts whole things: ${value}`);
  cell.count += 1;
  cell.sum += toWhole(instrument, value);
  if (value < cell.min) cell.min = value;
  if (value > cell.max) cell.max = value;
  const bucket = bucketOf(instrument.bounds, value);
  cell.bucketCounts[bucket] = (cell.bucketCounts[bucket] ?? 0) + 1;
}

/** Bounds are inclusive upper bounds, and few: a walk is as good as a search. */
function bucketOf(bounds: readonly number[], value: number): number {
  let bucket = 0;
  for (const bound of bounds) {
    if (value <= bound) return bucket;
    bucket += 1;
  }
  return bucket;
}

function gainOf({ instrument, attributes, count, sum: whole, min, max, bucketCounts }: Cell): Gain {
  const sum = fromWhole(instrument, whole);
  const value: PointValue =
    instrument.kind === 'counter'
      ? { kind: 'sum', sum }
      : { kind: 'histogram', count, sum, min, max, bucketCounts };
  return { instrument, attributes, value };
}
