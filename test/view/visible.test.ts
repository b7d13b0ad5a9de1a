import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { shown, visible, visibleJson } from '../../src/model/visible.ts';
import { anyText } from '../any-text.ts';

const HOSTILE: readonly (readonly [claim: string, text: string, expected: string])[] = [
  ['an escape sequence is a picture', '\u001b[2J\u001b]0;title\u0007', '␛[2J␛]0;title␇'],
  ['a C1 control is a number', 'a\u009b31mb\u0085', 'a\\u{9b}31mb\\u{85}'],
  ['a line feed, a carriage return and a tab stay on the line', 'a\r\n\tb', 'a␍␊␉b'],
  ['NUL and DEL are seen', '\0\u007f', '␀␡'],
  ['line and paragraph separators are numbers', 'a\u2028b\u2029', 'a\\u{2028}b\\u{2029}'],
  [
    'bidi overrides, isolates and marks are numbers',
    '\u202egpj\u2066\u200f\u061c',
    '\\u{202e}gpj\\u{2066}\\u{200f}\\u{61c}',
  ],
  ['zero-width spaces and byte order marks are numbers', 'a\u200bb\ufeff', 'a\\u{200b}b\\u{feff}'],
  ['invisible tags are numbers', '🏴\u{e0067}', '🏴\\u{e0067}'],
  ['half a surrogate pair is a number', 'a\ud83d', 'a\\u{d83d}'],
  ['emoji keep their joiners', '👩‍👩‍👧', '👩‍👩‍👧'],
  ['words of any script are left alone', 'नमस्ते 日本語 می‌خواهم', 'नमस्ते 日本語 می‌خواهم'],
];

test.each(HOSTILE)('%s', (_, text, expected) => {
  expect(visible(text)).toBe(expected);
});

test('values of a template are made visible, its own words are not touched', () => {
  expect(shown`tool ${'a\nb'}\t${1}`).toBe('tool a␊b\t1');
});

const ACTS_ON_A_TERMINAL =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200b\u200e\u200f\u061c\u202a-\u202e\u2060-\u206f\ufeff]/u;
const texts = anyText();

test('no text gets anything through that acts on a terminal', () => {
  fc.assert(fc.property(texts, (text) => !ACTS_ON_A_TERMINAL.test(visible(text))));
});

test('what was made visible stays as it is', () => {
  fc.assert(fc.property(texts, (text) => visible(visible(text)) === visible(text)));
});

test('JSON that is safe to print parses to the same value', () => {
  fc.assert(
    fc.property(fc.dictionary(texts, texts), (value) => {
      const json = visibleJson(value);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(json.replaceAll('\n', '')).not.toMatch(ACTS_ON_A_TERMINAL);
    }),
  );
});
