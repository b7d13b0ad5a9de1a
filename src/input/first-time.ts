import type { EpochMicros } from '../model/time.ts';
import type { Batches, MergeSource, TimeOf } from './merge.ts';

/** A source that shows no time in so many items is read as if it had none: it must not be held in memory whole. */
const PEEK_ITEMS = 10_000;

/** The time of the first item that has one; `undefined` when the first 10,000 have none. Closes `batches`. */
export async function firstTimeOf<T extends object>(
  batches: Batches<T>,
  timeOf: TimeOf<T>,
): Promise<EpochMicros | undefined> {
  try {
    return await peek(batches, timeOf, []);
  } finally {
    await batches.return();
  }
}

/** A source that passes once (standard input): what is read to learn its first time is held until it is opened. */
export function heldSource<T extends object>(batches: Batches<T>, timeOf: TimeOf<T>): MergeSource<T> {
  const held: (readonly T[])[] = [];
  return {
    firstTime: () => peek(batches, timeOf, held),
    open: () => heldThenRest(held, batches),
  };
}

async function peek<T extends object>(
  batches: Batches<T>,
  timeOf: TimeOf<T>,
  held: (readonly T[])[],
): Promise<EpochMicros | undefined> {
  let items = 0;
  for (let next = await batches.next(); next.done !== true; next = await batches.next()) {
    held.push(next.value);
    for (const item of next.value) {
      const time = timeOf(item);
      if (time !== undefined) return time;
    }
    items += next.value.length;
    if (items >= PEEK_ITEMS) break;
  }
  return undefined;
}

async function* heldThenRest<T extends object>(held: (readonly T[])[], batches: Batches<T>): Batches<T> {
  try {
    for (let batch = held.shift(); batch !== undefined; batch = held.shift()) yield batch;
    yield* batches;
  } finally {
    await batches.return();
  }
}
