import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { OBSERVER } from './kwargs.ts';
import { ENVELOPES, eventIn, flat } from './lines.ts';

const SECRET = 'the user said so';

describe('content is read only when asked for', () => {
  const rows: [string, JsonObject, string][] = [
    ['pre_llm_call', { user_message: SECRET }, 'userMessage'],
    ['post_llm_call', { assistant_response: SECRET, user_message: SECRET }, 'assistantResponse'],
    ['post_tool_call', { tool_name: 't', result: SECRET }, 'result'],
    ['subagent_start', { child_goal: SECRET }, 'childGoal'],
    ['subagent_stop', { child_summary: SECRET }, 'childSummary'],
  ];
  test.each(rows)('%s', (hook, kwargs, key) => {
    for (const envelope of Object.values(ENVELOPES)) {
      const line = envelope(hook, { ...OBSERVER, ...kwargs });
      expect(JSON.stringify(eventIn(line, false))).not.toContain(SECRET);
      expect(eventIn(line, true)).toMatchObject({ [key]: SECRET });
    }
  });
});

// As the arguments of tools: the state keeps a fingerprint of it, and no span has it without content.
test.each(['pre_approval_request', 'post_approval_response'])(
  '%s: its command is read, as it pairs',
  (hook) => {
    const line = flat(hook, { ...OBSERVER, command: SECRET, description: 'why' });
    expect(eventIn(line, false)).toMatchObject({ command: SECRET });
    expect(JSON.stringify(eventIn(line, true))).not.toContain('why');
  },
);

describe('the user message', () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } };
  const rows: [string, JsonValue, string | undefined, boolean | undefined][] = [
    ['text', 'hi', 'hi', false],
    ['none', null, undefined, undefined],
    ['an empty one', '', undefined, undefined],
    [
      'parts',
      [{ type: 'text', text: 'look' }, image, { type: 'text', text: 'at it' }],
      'look\n[image]\nat it',
      false,
    ],
    [
      'parts of other kinds',
      ['a', { type: 'input_image' }, { type: 'audio' }, 5, null],
      'a\n[image]\n[other]\n[other]\n[other]',
      false,
    ],
    [
      'a review prompt',
      'Review the conversation above and update the skill library.',
      'Review the conversation above and update the skill library.',
      true,
    ],
    [
      'a review prompt in parts',
      [{ type: 'text', text: 'Review the conversation above.' }],
      'Review the conversation above.',
      true,
    ],
    [
      'talk of one',
      'Please do not Review the conversation above',
      'Please do not Review the conversation above',
      false,
    ],
  ];
  test.each(rows)('%s', (_claim, user_message, userMessage, reviewPrompt) => {
    const line = flat('pre_llm_call', { ...OBSERVER, user_message });
    expect(eventIn(line, true)).toMatchObject({ userMessage, reviewPrompt });
    expect(eventIn(line, false)).toMatchObject({ userMessage: undefined, reviewPrompt });
  });
});

test.each<[string, JsonValue, string | undefined]>([
  [
    'an object is JSON',
    { content: [{ type: 'text', text: 'a' }] },
    '{"content":[{"type":"text","text":"a"}]}',
  ],
  ['a list is JSON', [1, null], '[1,null]'],
  ['an empty string is none', '', undefined],
  ['null is none', null, undefined],
])('a result that is no string: %s', (_claim, result, expected) => {
  const line = flat('post_tool_call', { ...OBSERVER, tool_name: 't', result });
  expect(eventIn(line, true)).toMatchObject({ result: expected });
});
