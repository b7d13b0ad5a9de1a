/** Every series over the whole log, and its lines in the file: snapshots come by time, the file has one series after the other. */
import type {
  HistogramValue,
  Instrument,
  MetricPoint,
  MetricSnapshot,
  PointValue,
} from '../../model/otel.ts';
import { type EpochMicros, shift } from '../../model/time.ts';
import { familyName, labels } from './names.ts';

export interface History {
  /** By name, in order of first appearance. */
  readonly instruments: Map<string, InstrumentHistory>;
  /** The latest moment of the log; `undefined` when nothing was added. */
  endTime: EpochMicros | undefined;
}

export interface InstrumentHistory {
  readonly instrument: Instrument;
  /** The moments at which a series changed, by its labels. */
  readonly series: Map<string, Change[]>;
}

interface Change {
  readonly time: EpochMicros;
  readonly value: PointValue;
}

export function createHistory(): History {
  return { instruments: new Map(), endTime: undefined };
}

/** Throws a `TypeError` for delta points: a backfilled series must hold totals. */
export function addSnapshot(history: History, { metrics }: MetricSnapshot): void {
  for (const { instrument, temporality, points } of metrics) {
    if (temporality !== 'cumulative') throw new TypeError('OpenMetrics needs cumulative points');
    const { series } = history.instruments.get(instrument.name) ?? { series: new Map<string, Change[]>() };
    history.instruments.set(instrument.name, { instrument, series });
    for (const point of points) addPoint(series, point);
    history.endTime = points.at(-1)?.endTime ?? history.endTime;
  }
}

function addPoint(series: Map<string, Change[]>, { attributes, endTime: time, value }: MetricPoint): void {
  const key = labels(attributes);
  const changes = series.get(key) ?? [];
  series.set(key, changes);
  // A snapshot repeats the series that stood still; the text fills those in again.
  if (!sameTotal(changes.at(-1)?.value, value)) changes.push({ time, value });
}

function sameTotal(before: PointValue | undefined, now: PointValue): boolean {
  if (before?.kind === 'sum') return now.kind === 'sum' && before.sum === now.sum;
  return before !== undefined && now.kind === 'histogram' && before.count === now.count;
}

const MINUTE_MICROS = 60_000_000;
/** Prometheus forgets a series five minutes after its last sample. */
const STEP_LIMIT_MICROS = 4 * MINUTE_MICROS;
const MILLI = 1000;
/** Around a change, how long a series is kept alive while nothing happens: as far as an ordinary query looks back. */
const MARGIN_MICROS = 3_600_000_000;

export interface SampleOptions {
  readonly intervalMicros: number;
  /** The end of the log, to which every series is carried on. */
  readonly endTime: EpochMicros;
}

/** One row of the file: one of the sample lines of a series has such a value at each of its moments. */
interface Row {
  readonly time: EpochMicros;
  readonly value: PointValue | undefined;
}

/**
 * The sample lines of one series, each of its Prometheus series together and in order of time. Every series begins with an hour
 * of zeros: `rate()` and `increase()` see no growth in a first sample, and where samples are few they extrapolate wildly.
 */
export function* sampleLines(
  instrument: Instrument,
  [own, changes]: readonly [labels: string, changes: readonly Change[]],
  resource: string,
  options: SampleOptions,
): Generator<string> {
  const rows = [...rowsOf(changes, options)];
  const name = familyName(instrument);
  const common = [own, resource].filter((part) => part !== '').join(',');
  if (instrument.kind === 'counter') {
    yield* lines(`${name}_total`, common, rows, (value) => (value?.kind === 'sum' ? value.sum : 0));
    return;
  }
  const histogram = (value: PointValue | undefined) => (value?.kind === 'histogram' ? value : undefined);
  for (const [index, bound] of [...instrument.bounds, Number.POSITIVE_INFINITY].entries()) {
    const bucket = [common, `le="${number(bound)}"`].filter((part) => part !== '').join(',');
    yield* lines(`${name}_bucket`, bucket, rows, (value) => upTo(histogram(value), index));
  }
  yield* lines(`${name}_count`, common, rows, (value) => histogram(value)?.count ?? 0);
  yield* lines(`${name}_sum`, common, rows, (value) => histogram(value)?.sum ?? 0);
}

function* rowsOf(changes: readonly Change[], options: SampleOptions): Generator<Row> {
  const first = changes[0];
  if (first === undefined) return;
  const origin = shift(first.time, -MARGIN_MICROS);
  for (const time of between(origin, first.time, options)) yield { time, value: undefined };
  for (const [index, change] of changes.entries()) {
    yield change;
    const next = changes[index + 1]?.time;
    for (const time of between(change.time, next, options)) yield { time, value: change.value };
  }
}

/** Moments after `from` and before `next` (or up to the end of the log) at which the series is to be seen standing still. */
function* between(
  from: EpochMicros,
  next: EpochMicros | undefined,
  options: SampleOptions,
): Generator<EpochMicros> {
  const step = Math.min(Math.max(options.intervalMicros, MINUTE_MICROS), STEP_LIMIT_MICROS);
  // A millisecond is kept free: Prometheus has nothing shorter, and one moment has one value.
  const until = shift(next ?? shift(options.endTime, MILLI), -MILLI);
  const resumed = next === undefined ? options.endTime : shift(next, -MARGIN_MICROS);
  let time = shift(from, step);
  while (time <= until) {
    yield time;
    const far = time - from >= MARGIN_MICROS && shift(time, step) < resumed;
    time = far ? resumed : shift(time, step);
  }
}

function* lines(
  name: string,
  labels: string,
  rows: readonly Row[],
  read: (value: PointValue | undefined) => number,
): Generator<string> {
  const series = labels === '' ? name : `${name}{${labels}}`;
  for (const { time, value } of rows) yield `${series} ${number(read(value))} ${seconds(time)}\n`;
}

/** Buckets count everything up to their bound. */
function upTo(value: HistogramValue | undefined, index: number): number {
  return value?.bucketCounts.slice(0, index + 1).reduce((sum, count) => sum + count, 0) ?? 0;
}

/** A whole number gets a fraction: OpenMetrics' canonical form of a float, and the one in which Prometheus compares `le`. */
function number(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Prometheus keeps milliseconds. */
function seconds(time: EpochMicros): string {
  return (Math.floor(time / 1000) / 1000).toFixed(3);
}
