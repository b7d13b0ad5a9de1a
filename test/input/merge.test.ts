import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Batches, type MergeSource, mergeByTime } from '../../src/input/merge.ts';
import { epochMicros } from '../../src/model/time.ts';

interface Item {
  readonly name: string;
  readonly time: number | undefined;
}

const timeOf = ({ time }: Item) => (time === undefined ? undefined : epochMicros(time));

/** Counts how many sources are open. */
interface Watch {
  open: number;
  most: number;
  opened: string[];
}

async function* batchesOf(items: readonly Item[], batchItems: number, watch?: Watch): Batches<Item> {
  if (watch !== undefined) {
    watch.open += 1;
    watch.most = Math.max(watch.most, watch.open);
    watch.opened.push(items[0]?.name ?? '');
  }
  try {
    for (let start = 0; start < items.length; start += batchItems)
      yield items.slice(start, start + batchItems);
  } finally {
    if (watch !== undefined) watch.open -= 1;
  }
}

function sourceOf(items: readonly Item[], batchItems = 2, watch?: Watch): MergeSource<Item> {
  return {
    firstTime: async () => items.map(timeOf).find((time) => time !== undefined),
    open: () => batchesOf(items, batchItems, watch),
  };
}

async function merged(sources: readonly MergeSource<Item>[]): Promise<Item[]> {
  const items: Item[] = [];
  for await (const batch of mergeByTime(sources, timeOf)) {
    if (batch.length === 0) throw new Error('a batch of nothing');
    items.push(...batch);
  }
  return items;
}

/** `a1 a? b2`: source and time; `?` has none. */
function items(text: string): Item[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ name: word, time: word.includes('?') ? undefined : Number(word.slice(1)) }));
}

const table: [claim: string, sources: string[], expected: string][] = [
  ['no source gives nothing', [], ''],
  ['two sources go by time', ['a1 a3 a5 a7', 'b2 b4 b6'], 'a1 b2 a3 b4 a5 b6 a7'],
  ['equal times go in the order of the sources', ['a1 a2 a2', 'b1 b2 b3', 'c2'], 'a1 b1 a2 a2 b2 c2 b3'],
  ['a source keeps its own order, also against its times', ['a5 a1 a6', 'b2 b6'], 'b2 a5 a1 a6 b6'],
  ['without a time an item follows its predecessor', ['a1 a? a? a9', 'b1 b? b5'], 'a1 a? a? b1 b? b5 a9'],
  ['also over the edge of a batch', ['a1 a2 a?x a9', 'b2 b3'], 'a1 a2 a?x b2 b3 a9'],
  ['without a predecessor it goes with the first', ['a3 a4', 'b? b?x b2'], 'b? b?x b2 a3 a4'],
  ['a source without any time goes first', ['a1', 'b? b?x'], 'b? b?x a1'],
  ['an empty source is no trouble', ['a1', '', 'c0'], 'c0 a1'],
];

describe('merge by time', () => {
  test.each(table)('%s', async (_claim, sources, expected) => {
    const result = await merged(sources.map((text) => sourceOf(items(text))));
    expect(result.map(({ name }) => name).join(' ')).toBe(expected);
  });

  test('a single source passes through untouched', () => {
    const batches = batchesOf(items('a2 a1'), 1);
    const asked = { firstTime: () => Promise.reject(new Error('asked')), open: () => batches };
    expect(mergeByTime([asked], timeOf)).toBe(batches);
  });

  test('a source is opened when its turn comes, and closed at its end', async () => {
    const watch: Watch = { open: 0, most: 0, opened: [] };
    const days = Array.from({ length: 2000 }, (_, day) =>
      items(`d${day * 10} d${day * 10 + 5} d${day * 10 + 12}`),
    );
    const result = await merged(days.map((day) => sourceOf(day, 2, watch)));
    const times = result.map(({ time }) => time ?? 0);
    expect(times).toEqual(times.slice().sort((a, b) => a - b));
    expect(result.length).toBe(6000);
    expect(watch.most).toBeLessThanOrEqual(3);
    expect(watch.open).toBe(0);
  });

  test('stopping early closes what is open and opens nothing more', async () => {
    const watch: Watch = { open: 0, most: 0, opened: [] };
    const sources = ['a1 a4', 'b2 b3', 'c9'].map((text) => sourceOf(items(text), 1, watch));
    for await (const batch of mergeByTime(sources, timeOf)) if (batch[0]?.name === 'b2') break;
    expect(watch).toEqual({ open: 0, most: 2, opened: ['a1', 'b2'] });
  });

  test('an item is out before the next one is waited for', async () => {
    const never: Batches<Item> = (async function* () {
      yield items('a1');
      yield items('a2');
      await new Promise(() => {});
    })();
    const pipe = { firstTime: async () => undefined, open: () => never };
    const merge = mergeByTime([pipe, sourceOf(items('b1 b9'))], timeOf);
    const seen: string[] = [];
    while (seen.length < 3) seen.push(...((await merge.next()).value ?? []).map(({ name }) => name));
    expect(seen).toEqual(['a1', 'b1', 'a2']);
  });

  test('a source that cannot be asked for its first time is merged like any other', async () => {
    const pipe = { firstTime: async () => undefined, open: () => batchesOf(items('a? a?x a3 a5'), 1) };
    const result = await merged([sourceOf(items('b1 b4')), pipe]);
    expect(result.map(({ name }) => name).join(' ')).toBe('a? a?x b1 a3 b4 a5');
  });

  test('is the stable sort of everything, when each source is in order', async () => {
    const times = fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(times, { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        async (all, size) => {
          const sources = all.map((list, order) =>
            list.sort((a, b) => a - b).map((time, index) => ({ name: `${order}.${index}`, time })),
          );
          const sorted = sources.flat().sort((a, b) => a.time - b.time);
          expect(await merged(sources.map((list) => sourceOf(list, size)))).toEqual(sorted);
        },
      ),
      { numRuns: 300 },
    );
  });
});
