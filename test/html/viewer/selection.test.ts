import { describe, expect, test } from '@jest/globals';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';
import { jsonOf, markdownOf } from '../../../src/viewer/data/selection.ts';
import { createStore, type Store } from '../../../src/viewer/state.ts';
import { session, toolCall, turn } from '../../agent-spans.ts';
import { tableOf } from './table.ts';

/** The text wherever a log can put one. */
async function storeWith(text: string): Promise<Store> {
  const top = session({ at: [0, 9_000], sessionId: text, platform: text, model: text });
  const one = turn({ at: [1, 8_000], below: top, userMessage: text, assistantResponse: text, model: text });
  const tool = toolCall({
    at: [2, 7_000],
    below: one,
    toolName: text,
    args: text,
    result: text,
    status: 'error',
    errorMessage: text,
  });
  return createStore(await tableOf([tool, one, top]), { title: text, generator: 'x', resource: [] }, false);
}

const ATTACKS = [
  '<script>alert(1)</script>',
  '![x](https://evil.example/x.png)',
  '[click](javascript:alert(1))',
  '@everybody see https://evil.example',
  '`` ` ``` `<img src=x>` | a | b |',
  '```\n</details><b>\n# Heading\n- [ ] task',
  'a\u202eb\u200b\u0085c\u{e0041}',
  '\\`<i>\\',
];

describe('an export with text of strangers', () => {
  test.each(ATTACKS)('as Markdown it is code and nothing else: %j', async (attack) => {
    const html = micromark(markdownOf(await storeWith(attack)), {
      extensions: [gfm()],
      htmlExtensions: [gfmHtml()],
      allowDangerousHtml: true,
    });
    const elements = new Set(Array.from(html.matchAll(/<([a-z]+\d?)/g), ([, name]) => name));
    for (const name of ['h2', 'p', 'ul', 'li', 'code']) elements.delete(name);
    expect([...elements]).toEqual([]);
    expect(html).not.toMatch(/[\u0085\u200b\u202e]/);
  });

  test.each(ATTACKS)(
    'as JSON it is the same value, and nothing that a terminal obeys: %j',
    async (attack) => {
      const json = jsonOf(await storeWith(attack));
      expect(json).not.toMatch(/[\u0085\u200b\u202e]/);
      const { title, spans } = JSON.parse(json);
      expect(title).toBe(attack);
      expect(spans.map(({ sessionId }: { sessionId: string }) => sessionId)).toEqual([
        attack,
        attack,
        attack,
      ]);
      expect(spans[2].attributes['hermes.tool.args']).toBe(attack);
    },
  );
});
