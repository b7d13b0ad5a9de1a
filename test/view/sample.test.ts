import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addValue, createSample, EXACT_LIMIT, mean, quantiles } from '../../src/view/series.ts';

function sampleOf(values: Iterable<number>) {
  const sample = createSample();
  for (const value of values) addValue(sample, value);
  return sample;
}

const PERCENTILES: readonly (readonly [
  claim: string,
  values: readonly number[],
  expected: readonly (number | undefined)[],
])[] = [
  ['no value, no percentile', [], [undefined, undefined, undefined]],
  ['one value is all of them', [7], [7, 7, 7]],
  ['nearest rank: a value that occurred', [40, 10, 30, 20], [20, 40, 40]],
  ['of a hundred values, P95 is the 95th', Array.from({ length: 100 }, (_, i) => 100 - i), [50, 95, 100]],
];

test.each(PERCENTILES)('%s', (_, values, expected) => {
  expect(quantiles(sampleOf(values), [0.5, 0.95, 1])).toEqual(expected);
});

test('percentiles are values that occurred, in order, as long as all are kept', () => {
  const values = fc.array(fc.nat({ max: 1e9 }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, (all) => {
      const [p50 = -1, p95 = -1] = quantiles(sampleOf(all), [0.5, 0.95]);
      expect(all).toContain(p50);
      expect(all.filter((value) => value <= p95).length / all.length).toBeGreaterThanOrEqual(0.95);
      expect(p50).toBeLessThanOrEqual(p95);
    }),
  );
});

test('beyond the limit percentiles are within half a per cent, and the rest stays exact', () => {
  const values = Array.from({ length: 10 * EXACT_LIMIT }, (_, i) => Math.round(1.00015 ** i * 50));
  const sample = sampleOf(values);
  expect(sample.values).toHaveLength(0);
  for (const fraction of [0.5, 0.95, 0.99]) {
    const exact = values[Math.ceil(fraction * values.length) - 1] ?? 0;
    const [approximate = 0] = quantiles(sample, [fraction]);
    expect(Math.abs(approximate / exact - 1)).toBeLessThan(0.0051);
  }
  expect(sample.max).toBe(values.at(-1));
  expect(mean(sample)).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 3);
});

test('a sketch takes zeroes, microseconds and years alike, in bounded memory', () => {
  const year = 365 * 86_400 * 1_000_000;
  const sample = sampleOf(Array.from({ length: 3 * EXACT_LIMIT }, (_, i) => [0, 1, year][i % 3] ?? 0));
  const [low = -1, middle = -1, high = -1] = quantiles(sample, [0.2, 0.5, 0.9]);
  expect(low).toBe(0);
  expect(middle).toBeCloseTo(1, 1);
  expect(Math.abs(high / year - 1)).toBeLessThan(0.0051);
  expect(sample.sketch?.store.bins.length).toBeLessThanOrEqual(4096);
});
