import { describe, expect, test } from '@jest/globals';
import { exactTime, oneLine, tickLabel, visible } from '../../../src/viewer/data/words.ts';

describe('words', () => {
  test.each([
    [0, '0'],
    [250_000, '250ms'],
    [200_000, '200ms'],
    [2_000, '2ms'],
    [2_500_000, '2.5s'],
    [10_000_000, '10s'],
    [90_000_000, '1:30'],
    [90_500_000, '1:30.5'],
    [7_500_000_000, '2:05:00'],
    [93_600_000_000, '1d 02:00'],
    [172_800_000_000, '2d'],
  ])('tick at %d micros: %s', (micros, words) => {
    expect(tickLabel(micros)).toBe(words);
  });

  test('a time keeps its microseconds', () => {
    expect(exactTime(1_795_421_696_961_197)).toBe('2026-11-23 08:14:56.961197 UTC');
  });

  test.each([
    ['a right-to-left override', 'a\u202eb', 'a‹U+202E›b'],
    ['an escape sequence', '\u001b[31m', '‹U+001B›[31m'],
    ['a byte order mark', '\ufeffa', '‹U+FEFF›a'],
    ['a lone surrogate', 'a\ud800', 'a‹U+D800›'],
    ['a line separator', 'a\u2028b', 'a‹U+2028›b'],
    ['joined emoji and Persian stay whole', '👩‍💻 می‌خواهم', '👩‍💻 می‌خواهم'],
    ['layout stays', 'a\n\tb', 'a\n\tb'],
  ])('named or left alone: %s', (_name, text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('a name of a megabyte is cut, and has one line', () => {
    expect(oneLine(`a\r\nb${'x'.repeat(1e6)}`)).toMatch(/^a bx{196}…$/);
    expect(oneLine(`${'x'.repeat(199)}😀😀`)).toBe(`${'x'.repeat(199)}…`);
  });
});
