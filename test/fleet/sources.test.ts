import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { byAge, isInShard, sourceOf } from '../../src/fleet/sources.ts';

test.each([
  ['home/hooks.ndjson', 'home/hooks.ndjson'],
  ['home/hooks.ndjson.gz', 'home/hooks.ndjson'],
  ['home/hooks.ndjson.1', 'home/hooks.ndjson'],
  ['home/hooks.ndjson.12.zst', 'home/hooks.ndjson'],
  ['home/hooks.ndjson-20261130.gz', 'home/hooks.ndjson'],
  ['home/hooks.log.2026-11-30', 'home/hooks.log'],
  ['home/hooks.ndjson-1796000000', 'home/hooks.ndjson'],
  ['home/hooks-2026-11-30T10-00-00.000.ndjson.gz', 'home/hooks.ndjson'],
  ['home/hooks-20261130.jsonl', 'home/hooks.jsonl'],
  ['home/hooks-2026-11-30.ndjson.1', 'home/hooks.ndjson'],
  ['2026-11-30/host.ndjson', '2026-11-30/host.ndjson'],
  ['agent.1', 'agent.1'],
  ['host-7.ndjson', 'host-7.ndjson'],
  ['state.db', 'state.db'],
])('the source of %s is %s', (path, source) => {
  expect(sourceOf(path)).toBe(source);
});

test('the files of a source are sorted by age: dated, numbered from the highest, the one that is written', () => {
  const names = [
    'h-20261127.ndjson.2',
    'h-20261127.ndjson.1.gz',
    'h-20261127.ndjson',
    'h.ndjson-20261128.gz',
    'h.ndjson-20261129',
    'h.ndjson.10.gz',
    'h.ndjson.2',
    'h.ndjson.1',
    'h.ndjson',
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(names, { minLength: names.length }), (shuffled) => {
      expect(shuffled.toSorted(byAge)).toEqual(names);
    }),
  );
});

test('each source is in exactly one shard, and about as many in each', () => {
  const sources = Array.from({ length: 1000 }, (_, index) => `s3://logs/home-${index}/hooks.ndjson`);
  const shards = [0, 1, 2, 3].map((index) =>
    sources.filter((source) => isInShard(source, { index, count: 4 })),
  );
  expect(shards.flat().sort()).toEqual(sources.toSorted());
  for (const shard of shards) expect(shard.length).toBeGreaterThan(200);
});
