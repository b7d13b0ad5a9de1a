import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cut, errorText } from '../../src/model/safe-text.ts';
import { anyText } from '../any-text.ts';

describe('a cut never falls inside a surrogate pair', () => {
  test.each([
    ['short text stays', 'abc', 5, 'abc'],
    ['text of exactly the limit stays', 'abcde', 5, 'abcde'],
    ['longer text is cut', 'abcdef', 5, 'abcde'],
    ['the pair that crosses the limit goes', 'abcd😀', 5, 'abcd'],
    ['the pair that ends at the limit stays', 'abc😀x', 5, 'abc😀'],
    ['a lone high surrogate is no pair', 'abcd\ud83dx', 5, 'abcd\ud83d'],
  ])('%s', (_claim, text, limit, expected) => {
    expect(cut(text, limit)).toBe(expected);
  });

  test('of well-formed text, every cut is well-formed', () => {
    fc.assert(
      fc.property(anyText(), fc.integer({ min: 1, max: 20 }), (text, limit) => {
        const short = cut(text, limit);
        expect(text.startsWith(short)).toBe(true);
        expect(short.length).toBeGreaterThanOrEqual(Math.min(text.length, limit - 1));
        expect(short.length).toBeLessThanOrEqual(limit);
        // A lone surrogate is what UTF-8 cannot write.
        expect(new TextDecoder().decode(new TextEncoder().encode(short))).toBe(short);
      }),
    );
  });
});

test('an error without a message stays without one', () => {
  expect([errorText(undefined), errorText('')]).toEqual([undefined, '']);
});
