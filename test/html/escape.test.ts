import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { htmlText, scriptJson } from '../../src/html/page.ts';
import { anyText } from '../any-text.ts';

describe('JSON inside a script element', () => {
  test.each([
    ['an end tag', '</script>', '"\\u003c/script>"'],
    ['a comment', '<!--', '"\\u003c!--"'],
    ['NUL and line ends', '\u0000\r\n', '"\\u0000\\r\\n"'],
    ['a lone surrogate', '\ud800', '"\\ud800"'],
    ['what needs nothing', 'ü→😀', '"ü→😀"'],
  ])('%s', (_name, text, json) => {
    expect(scriptJson(text)).toBe(json);
  });

  test('whatever the value, no `<` stands in it and the value comes back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), anyText(), (value, text) => {
        const written = scriptJson([value, `${text}</script>`]);
        expect(written).not.toContain('<');
        expect(JSON.stringify(JSON.parse(written))).toBe(JSON.stringify([value, `${text}</script>`]));
      }),
    );
  });
});

describe('text inside an element', () => {
  test('whatever the text, it opens no element, ends no attribute and begins no entity of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('<', '>', '&', '"', "'", 'a', ';') }), (text) => {
        expect(htmlText(text)).not.toMatch(/[<>"']|&(?!amp;|lt;|gt;|quot;|#39;)/);
      }),
    );
  });
});
