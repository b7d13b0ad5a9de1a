import { describe, expect, test } from '@jest/globals';
import { outsideText, plainText } from '../../src/export/outside-text.ts';

describe('text from outside', () => {
  test.each<[string, string, string]>([
    ['stays as it is', 'Grüße, 世界 🎉', 'Grüße, 世界 🎉'],
    ['becomes one line', 'a\r\n\tb\u2028c', 'a b c'],
    ['cannot reach the terminal', '\u001b[31mred\u009b0m\u0007', '[31mred 0m'],
    ['cannot turn the direction of writing', 'a\u202eb\u2066c', 'a b c'],
    ['has no half characters', 'a\ud800b', 'a b'],
    ['is cut between characters', '🎉'.repeat(15), `${'🎉'.repeat(11)}…`],
  ])('%s', (_, text, expected) => {
    expect(plainText(text, 12)).toBe(expected);
  });

  test('is rid of secrets before it is cut', () => {
    const message = `${'x'.repeat(295)}hunter2-and-more`;
    expect(outsideText(message, (text) => text.replaceAll('hunter2-and-more', '***'))).not.toContain('hunt');
  });
});
