import { expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { clockTime, count, duration, plural } from '../../src/view/units.ts';

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
  [59_960_000, '1m00s'],
  [192_000_000, '3m12s'],
  [3_599_400_000, '59m59s'],
  [3_599_600_000, '1h00m'],
  [7_500_000_000, '2h05m'],
])('%i µs are %s', (micros, expected) => {
  expect(duration(micros)).toBe(expected);
});

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [9999, '9,999'],
  [10_000, '10.0k'],
  [999_949, '999.9k'],
  [999_950, '1.0M'],
  [12_345_678, '12.3M'],
])('%i is %s', (value, expected) => {
  expect(count(value)).toBe(expected);
});

test('one thing is not things', () => {
  expect([plural(1, 'turn'), plural(0, 'turn'), plural(2, 'turn')]).toEqual(['1 turn', '0 turns', '2 turns']);
});

test('a time is written in UTC, wherever the reader is', () => {
  expect(clockTime(epochMicros(1_795_422_014_999_999))).toBe('2026-11-23 08:20:14Z');
});
