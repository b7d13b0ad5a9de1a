import { expect, test } from '@jest/globals';
import { createPace } from '../../../src/replay/checkpoint/follower.ts';

/** The first moment after a writing at which the next one is due. */
function dueAfter(waited: number, written: number, silent = true): number {
  const pace = createPace();
  pace.note(0, waited, waited + written);
  let now = waited + written;
  while (!pace.isDue(now, silent)) now += 50;
  return now - waited - written;
}

test.each([
  ['a quick one comes four times a second', 1, 250],
  ['one of 8 ms takes 0.4 percent of the time', 8, 2000],
  ['one of a slow disk comes twice a minute', 250, 30_000],
  ['and of a very slow one takes one percent of the time', 2000, 200_000],
])('%s', (_name, written, expected) => {
  expect(dueAfter(0, written)).toBe(expected);
});

test('while there is much to read, waiting for answers takes a twentieth of the time', () => {
  expect(dueAfter(100, 1, false)).toBe(2000);
  expect(dueAfter(100, 1, true)).toBe(250);
});
