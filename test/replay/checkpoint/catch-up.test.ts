import { expect, test } from '@jest/globals';
import type { ParsedLine } from '../../../src/model/line.ts';
import { NO_OUTCOME } from '../../../src/model/sink.ts';
import { createCatchUp } from '../../../src/replay/checkpoint/follower.ts';
import { readState } from '../../../src/replay/checkpoint/journal.ts';
import { type LineBatch, SILENCE } from '../../../src/replay/input.ts';

const BLANK: ParsedLine = { kind: 'blank' };
const lines = (count: number): LineBatch => Array.from({ length: count }, () => BLANK);

/** What comes of batches after a checkpoint at line `from`: how many lines at a time, `-` for a silence. */
function takenIn(
  journal: readonly string[],
  from: number,
  batches: readonly LineBatch[],
  nothingLeft = true,
) {
  let soFar = from;
  const catchUp = createCatchUp(
    readState(journal),
    () => soFar,
    () => nothingLeft,
  );
  const parts: string[] = [];
  const on: boolean[] = [catchUp.isOn()];
  for (const batch of batches) {
    for (const part of catchUp.parts(batch)) {
      parts.push(part === SILENCE ? '-' : `${part.length}`);
      if (part !== SILENCE) soFar += part.length;
    }
    on.push(catchUp.isOn());
  }
  return { parts: parts.filter((part) => part !== '0').join(' '), on };
}

const silence = (lines: number) => JSON.stringify({ kind: 'silence', lines });
const sent = (lines: number) => JSON.stringify({ kind: 'spans', lines, to: 'x', keys: '', how: NO_OUTCOME });

test.each([
  [
    'the log falls silent where it did before',
    [silence(13), silence(15), sent(18)],
    [lines(20)],
    '3 - 2 - 15',
  ],
  ['also at the very checkpoint, and when nothing new is written', [silence(10)], [SILENCE], '-'],
  ['also at the end of a batch', [silence(15)], [lines(5), lines(5)], '5 - 5'],
  ['a silence of this run means nothing before that', [sent(18)], [lines(5), SILENCE, lines(5)], '5 5'],
  ['half a line of the journal is none', [sent(12), '{"kind":"silence","li'], [lines(1), SILENCE], '1'],
  ['without a journal all is as it comes', [], [SILENCE, lines(2)], '- 2'],
] as const)('%s', (_name, journal, batches, expected) => {
  expect(takenIn(journal, 10, batches, false).parts).toBe(expected);
});

test('it is over with the last line that the earlier run had read', () => {
  expect(takenIn([sent(12), silence(11)], 10, [lines(1), lines(1), lines(1)]).on).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test('a log that has lost lines is not waited for', () => {
  const { parts, on } = takenIn([sent(100)], 10, [SILENCE, lines(5), SILENCE, lines(1)]);
  expect(parts).toBe('5 - 1');
  expect(on).toEqual([true, true, true, false, false]);
});
