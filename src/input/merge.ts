import TinyQueue from 'tinyqueue';
import type { EpochMicros } from '../model/time.ts';

// Merges several files into one log. Each source keeps its own order, whatever its times are. Of two sources the one
// with the earlier next time goes first, then the one that was named first. An item without a time stays behind the
// item before it.

export type Batches<T extends object> = AsyncGenerator<readonly T[], void, undefined>;
export type TimeOf<T extends object> = (item: T) => EpochMicros | undefined;

/** A source that is opened only when its turn comes: the log of a fleet is thousands of files. */
export interface MergeSource<T extends object> {
  /**
   * Time of its first item that has one. Called once, before any source is opened. `undefined`: no item has a time, or
   * it cannot be read ahead (a pipe); such a source is opened first.
   */
  firstTime(): Promise<EpochMicros | undefined>;
  open(): Batches<T>;
}

/** Number of first times that are looked up at once. */
const PEEKS_AT_ONCE = 16;
/** Larger batches gain nothing. */
const BATCH_ITEMS = 1024;

/** All items of all sources by time. The batches of a single source pass through unchanged, without its `firstTime`. */
export function mergeByTime<T extends object>(
  sources: readonly MergeSource<T>[],
  timeOf: TimeOf<T>,
): Batches<T> {
  const [only, ...others] = sources;
  return only !== undefined && others.length === 0 ? only.open() : merge(sources, timeOf);
}

interface Cursor<T extends object> {
  readonly source: MergeSource<T>;
  /** Position among the sources; decides between equal times. */
  readonly order: number;
  /** Time of the next item. */
  time: number;
  /** `undefined` until its first turn. */
  batches: Batches<T> | undefined;
  items: readonly T[];
  /** Index of the next item. */
  next: number;
}

async function* merge<T extends object>(sources: readonly MergeSource<T>[], timeOf: TimeOf<T>): Batches<T> {
  const cursors = await cursorsOf(sources);
  const queue = new TinyQueue(cursors.slice(), before);
  let out: T[] = [];
  try {
    for (let cursor = queue.pop(); cursor !== undefined; cursor = queue.pop()) {
      takeRun(cursor, queue.peek(), timeOf, out);
      const usedUp = cursor.next === cursor.items.length;
      // Ready items leave before anything that may wait.
      if (out.length >= BATCH_ITEMS || (usedUp && out.length > 0)) {
        yield out;
        out = [];
      }
      if (!usedUp || (await refill(cursor))) queue.push(cursor);
    }
  } finally {
    for (const { batches } of cursors) await batches?.return();
  }
}

/** Moves the buffered items that come before `rival` to `out`. */
function takeRun<T extends object>(
  cursor: Cursor<T>,
  rival: Cursor<T> | undefined,
  timeOf: TimeOf<T>,
  out: T[],
): void {
  for (let item = cursor.items[cursor.next]; item !== undefined; item = cursor.items[cursor.next]) {
    const time = timeOf(item);
    if (time !== undefined) {
      cursor.time = time;
      if (rival !== undefined && before(cursor, rival) > 0) return;
    }
    out.push(item);
    cursor.next += 1;
  }
}

/** False when the source has ended. The cursor keeps the time of its last item, as the next item may have none. */
async function refill<T extends object>(cursor: Cursor<T>): Promise<boolean> {
  cursor.batches ??= cursor.source.open();
  const { done, value } = await cursor.batches.next();
  cursor.items = done === true ? [] : value;
  cursor.next = 0;
  return done !== true;
}

async function cursorsOf<T extends object>(sources: readonly MergeSource<T>[]): Promise<Cursor<T>[]> {
  const cursors: Cursor<T>[] = [];
  for (let start = 0; start < sources.length; start += PEEKS_AT_ONCE) {
    const group = sources.slice(start, start + PEEKS_AT_ONCE);
    const times = await Promise.all(group.map((source) => source.firstTime()));
    for (const [index, source] of group.entries()) {
      const time = times[index] ?? Number.NEGATIVE_INFINITY;
      cursors.push({ source, order: start + index, time, batches: undefined, items: [], next: 0 });
    }
  }
  return cursors;
}

/** Negative when `a` goes first. Two sources never tie. */
function before(a: Cursor<object>, b: Cursor<object>): number {
  return a.time === b.time ? a.order - b.order : a.time < b.time ? -1 : 1;
}
