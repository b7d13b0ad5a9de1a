import { describe, expect, test } from '@jest/globals';
import { compact, duration, exactTime, oneLine, tickLabel, visible } from '../../../src/viewer/data/words.ts';

describe('words', () => {
  test.each([
    [0, '0'],
    [640, '640 µs'],
    [1_500, '1.5 ms'],
    [350_000, '350 ms'],
    [999_600, '1.00 s'],
    [3_420_000, '3.42 s'],
    [34_210_000, '34.2 s'],
    [59_960_000, '1 m 00 s'],
    [252_000_000, '4 m 12 s'],
    [7_500_000_000, '2 h 05 m'],
    [273_600_000_000, '3 d 4 h'],
    [-1_500_000, '−1.50 s'],
  ])('duration of %d micros: %s', (micros, words) => {
    expect(duration(micros)).toBe(words);
  });

  test.each([
    [0, '0'],
    [250_000, '250 ms'],
    [200_000, '200 ms'],
    [2_000, '2 ms'],
    [2_500_000, '2.5 s'],
    [10_000_000, '10 s'],
    [90_000_000, '1:30'],
    [90_500_000, '1:30.5'],
    [7_500_000_000, '2:05:00'],
    [93_600_000_000, '1 d 02:00'],
    [172_800_000_000, '2 d'],
  ])('tick at %d micros: %s', (micros, words) => {
    expect(tickLabel(micros)).toBe(words);
  });

  test.each([
    [950, '950'],
    [1_234, '1.23k'],
    [12_345, '12.3k'],
    [123_456, '123k'],
    [999_600, '1M'],
    [4_560_000, '4.56M'],
  ])('%d in short: %s', (value, words) => {
    expect(compact(value)).toBe(words);
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
  });
});
