import { expect, test } from '@jest/globals';
import { createPace } from '../../src/cli/following/checkpoint-pace.ts';

/** The first moment after a writing at which the next one is due. */
function dueAfter(waited: number, written: number, noted: number, silent = true): number {
  const pace = createPace();
  pace.note(0, waited, waited + written, noted);
  let now = waited + written;
  while (!pace.isDue(now, silent)) now += 50;
  return now - waited - written;
}

test.each([
  ['a quick one comes four times a second', 0, 1, 0, 250],
  ['one of 10 ms takes one percent of the time', 0, 10, 0, 1000],
  ['what was noted counts too', 0, 10, 20, 3000],
  ['the journal alone does not hold it up for long', 0, 10, 100_000, 60_000],
  ['a slow disk does', 0, 2000, 0, 200_000],
])('%s', (_name, waited, written, noted, expected) => {
  expect(dueAfter(waited, written, noted)).toBe(expected);
});

test('while there is much to read, waiting for answers takes a twentieth of the time', () => {
  expect(dueAfter(100, 1, 0, false)).toBe(2000);
  expect(dueAfter(100, 1, 0, true)).toBe(250);
});
