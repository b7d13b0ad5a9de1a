import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { exactSum } from '../../../src/export/metrics/exact-sum.ts';
import type { Instrument } from '../../../src/model/otel.ts';

const seconds: Instrument = { name: 'd', kind: 'histogram', unit: 's', description: '', bounds: [1] };
const sum = (values: readonly number[]) => values.reduce((a, b) => exactSum(seconds, a, b), 0);

test('a sum of durations is the same in any order', () => {
  const micros = fc.array(fc.integer({ min: 0, max: 1e12 }), { maxLength: 50 });
  fc.assert(
    fc.property(
      micros.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        const exact = all.reduce((a, b) => a + b, 0) / 1e6;
        expect([sum(all.map((one) => one / 1e6)), sum(shuffled.map((one) => one / 1e6))]).toEqual([
          exact,
          exact,
        ]);
      },
    ),
  );
});

test('what is no duration is added as it is', () => {
  expect(exactSum({ ...seconds, unit: '{token}' }, 0.25, 2 ** 52)).toBe(0.25 + 2 ** 52);
});
