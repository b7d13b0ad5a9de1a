import { expect, test } from '@jest/globals';
import { count, duration, money, percent, plural } from '../../src/model/units.ts';

test.each([
  [0, '0ms'],
  [1, '1µs'],
  [999, '999µs'],
  [1000, '1.0ms'],
  [9_940, '9.9ms'],
  [9_960, '10ms'],
  [442_000, '442ms'],
  [999_499, '999ms'],
  [999_600, '1.00s'],
  [2_580_000, '2.58s'],
  [9_996_000, '10.0s'],
  [59_940_000, '59.9s'],
  [59_960_000, '1m 00s'],
  [192_000_000, '3m 12s'],
  [3_599_400_000, '59m 59s'],
  [3_599_600_000, '1h 00m'],
  [7_500_000_000, '2h 05m'],
  [273_600_000_000, '3d 04h'],
  [-1_500_000, '−1.50s'],
])('%i µs are %s', (micros, expected) => {
  expect(duration(micros)).toBe(expected);
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [9999, '9,999'],
  [10_000, '10.0k'],
  [999_499, '999k'],
  [999_500, '1.00M'],
  [12_345_678, '12.3M'],
])('%i is %s', (value, expected) => {
  expect(count(value)).toBe(expected);
});

test('one thing is not things', () => {
  expect([plural(1, 'turn'), plural(0, 'turn'), plural(2, 'turn')]).toEqual(['1 turn', '0 turns', '2 turns']);
});

test.each([
  [0, '$0'],
  [0.0000123, '$0.000012'],
  [0.0055, '$0.0055'],
  [0.099, '$0.099'],
  [0.0999, '$0.10'],
  [0.42, '$0.42'],
  [0.994, '$0.99'],
  [0.996, '$1.00'],
  [12.345, '$12.35'],
  [1234.5, '$1,235'],
])('%d dollars are %s', (dollars, expected) => {
  expect(money(dollars)).toBe(expected);
});

test.each([
  [0, 0, '0 %'],
  [0, 5, '0 %'],
  [1, 1000, '<1 %'],
  [1, 3, '33 %'],
  [5, 5, '100 %'],
])('%d of %d is %s', (part, whole, expected) => {
  expect(percent(part, whole)).toBe(expected);
});
