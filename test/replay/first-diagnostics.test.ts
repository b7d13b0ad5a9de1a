import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import { keepFirst } from '../../src/replay/report.ts';

const diagnostic = (source: string | undefined, line: number, code = 'odd'): Diagnostic => ({
  severity: 'warning',
  code,
  message: '',
  at: source === undefined ? undefined : { source, line },
});

const kept = (all: readonly Diagnostic[]) => {
  const list: Diagnostic[] = [];
  for (const one of all) keepFirst(list, one);
  return list;
};

test('by file and line; what names no line comes last', () => {
  const [late, early, other, nowhere] = [
    diagnostic('a', 9),
    diagnostic('a', 2),
    diagnostic('b', 1),
    diagnostic(undefined, 0),
  ];
  expect(kept([nowhere, other, late, early])).toEqual([early, late, other, nowhere]);
});

test('of one line, as they were found', () => {
  const [first, second] = [diagnostic('a', 1, 'first'), diagnostic('a', 1, 'second')];
  expect(kept([first, second])).toEqual([first, second]);
});

test('the first thousand, in whatever order they come', () => {
  const lines = Array.from({ length: 1500 }, (_, index) => index + 1);
  fc.assert(
    fc.property(fc.shuffledSubarray(lines, { minLength: 1500 }), (order) => {
      const list = kept(order.map((line) => diagnostic('a', line)));
      expect(list.map(({ at }) => at?.line)).toEqual(lines.slice(0, 1000));
    }),
    { numRuns: 5 },
  );
});
