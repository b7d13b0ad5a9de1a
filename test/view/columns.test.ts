import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { visible } from '../../src/model/visible.ts';
import { clip, pad, truncate, widthOf } from '../../src/view/columns.ts';
import { anyText } from '../any-text.ts';
import { processorMillis } from '../processor-time.ts';

const CUTS: readonly (readonly [claim: string, text: string, width: number, expected: string])[] = [
  ['what fits is left alone', 'abc', 3, 'abc'],
  ['what does not fit ends in an ellipsis', 'abcd', 3, 'ab…'],
  ['a wide character is not halved', '日本語', 4, '日…'],
  ['an emoji family is one character', '👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…'],
  ['a combining mark stays with its letter', 'e\u0301e\u0301e\u0301', 2, 'e\u0301…'],
  ['one column is enough for an ellipsis', '日本', 1, '…'],
  ['no column, no text', 'abc', 0, ''],
  ['a letter under a thousand accents is replaced', `a${'\u0301'.repeat(1000)}b`, 5, '\ufffd…'],
];

test.each(CUTS)('%s', (_, text, width, expected) => {
  expect(truncate(visible(text), width)).toBe(expected);
});

const shownText = anyText().map(visible);
const anyWidth = fc.integer({ min: 1, max: 40 });

test('padded text is exactly as wide as asked, whatever is in it', () => {
  fc.assert(
    fc.property(shownText, anyWidth, fc.constantFrom('left', 'right'), (text, width, side) => {
      expect(widthOf(pad(text, width, side))).toBe(width);
    }),
  );
});

test('pieces side by side are never wider than the page', () => {
  fc.assert(
    fc.property(fc.array(shownText), anyWidth, (texts, width) => {
      const clipped = clip(
        texts.map((text) => ({ text })),
        width,
      );
      expect(clipped.reduce((sum, { text }) => sum + widthOf(text), 0)).toBeLessThanOrEqual(width);
    }),
  );
});

test('a megabyte costs no more than what is shown of it', () => {
  const text = visible('日本'.repeat(500_000));
  const thousandTimes = () => {
    for (let i = 0; i < 1000; i += 1) truncate(text, 80);
  };
  expect(processorMillis(thousandTimes)).toBeLessThan(2000);
});
