import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addValue, createSample, isOfLatest, MAX_VALUES, mean, quantiles } from '../../src/view/series.ts';

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

test('beyond the limit percentiles are of the latest values, in bounded memory, and the rest is of all', () => {
  const values = Array.from({ length: 2.5 * MAX_VALUES }, (_, index) => (index * 7919) % 250_007);
  const sample = sampleOf(values);
  expect(sample.values).toHaveLength(MAX_VALUES);
  expect(isOfLatest(sample)).toBe(true);
  const latest = values.slice(-MAX_VALUES).toSorted((a, b) => a - b);
  const fractions = [0.5, 0.95, 0.99];
  expect(quantiles(sample, fractions)).toEqual(
    fractions.map((fraction) => latest[fraction * MAX_VALUES - 1]),
  );
  expect(sample.max).toBe(values.reduce((most, value) => Math.max(most, value)));
  expect(mean(sample)).toBeCloseTo(values.reduce((sum, value) => sum + value, 0) / values.length, 3);
});

test('up to the limit percentiles are of all values', () => {
  const sample = sampleOf(Array.from({ length: MAX_VALUES }, (_, index) => index + 1));
  expect(isOfLatest(sample)).toBe(false);
  expect(quantiles(sample, [0.5, 1])).toEqual([MAX_VALUES / 2, MAX_VALUES]);
});
