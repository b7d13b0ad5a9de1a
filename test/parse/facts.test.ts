import { describe, expect, test } from '@jest/globals';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { CALL, OBSERVER } from './kwargs.ts';
import { eventIn, flat, shell } from './lines.ts';

// Facts that receivers need beside times and tokens: profile, cost, messages, tools.
const API = { ...OBSERVER, api_request_id: CALL, api_call_count: 1 };

/** The request and the response of a call whose bodies are these, with content. */
function bodies(request: JsonValue, response: JsonValue) {
  const pre = eventIn(flat('pre_api_request', { ...API, request }), true);
  const post = eventIn(flat('post_api_request', { ...API, response }), true);
  if (pre.hook !== 'pre_api_request' || post.hook !== 'post_api_request') throw new Error('other hooks');
  return { request: pre.request, response: post.response };
}

const CALL_PART = { kind: 'tool_call', id: 'c1', name: 'terminal', args: { command: 'ls' } };
const RESULT_PART = { kind: 'tool_result', id: 'c1', text: 'a.txt' };
const CONVERSATION = [
  { role: 'user', parts: [{ kind: 'text', text: 'list files' }] },
  { role: 'assistant', parts: [{ kind: 'reasoning', text: 'look first' }, CALL_PART] },
];

/** [API, body of the request, assistant message] of one and the same conversation. */
const FORMS: [string, JsonObject, JsonValue][] = [
  [
    'chat completions',
    {
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'list files' },
        {
          role: 'assistant',
          content: '',
          reasoning_content: 'look first',
          tool_calls: [
            { id: 'c1', type: 'function', function: { name: 'terminal', arguments: '{"command":"ls"}' } },
          ],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a.txt' },
      ],
      tools: [{ type: 'function', function: { name: 'terminal', parameters: { type: 'object' } } }],
    },
    { role: 'assistant', content: 'a.txt', tool_calls: [] },
  ],
  [
    'Anthropic messages',
    {
      system: [{ type: 'text', text: 'be brief' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'list files' }] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'look first' },
            { type: 'tool_use', id: 'c1', name: 'terminal', input: { command: 'ls' } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'a.txt' }] },
      ],
      tools: [{ name: 'terminal', input_schema: { type: 'object' } }],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'a.txt' }] },
  ],
  [
    'Bedrock converse',
    {
      system: [{ text: 'be brief' }],
      messages: [
        { role: 'user', content: [{ text: 'list files' }] },
        {
          role: 'assistant',
          content: [
            { reasoningContent: { reasoningText: { text: 'look first' } } },
            { toolUse: { toolUseId: 'c1', name: 'terminal', input: { command: 'ls' } } },
          ],
        },
        { role: 'user', content: [{ toolResult: { toolUseId: 'c1', content: [{ text: 'a.txt' }] } }] },
      ],
      tools: [{ toolSpec: { name: 'terminal', inputSchema: { type: 'object' } } }],
    },
    { role: 'assistant', content: [{ text: 'a.txt' }] },
  ],
];

test.each(FORMS)('%s: messages, system prompt and tools', (_api, body, answer) => {
  const { request, response } = bodies({ method: 'POST', body }, { assistant_message: answer });
  expect(request?.messages?.slice(0, 2)).toEqual(CONVERSATION);
  expect(request?.messages?.[2]?.parts).toEqual([RESULT_PART]);
  expect(request?.systemInstructions).toBe('be brief');
  expect(request?.tools).toEqual([
    { name: 'terminal', description: undefined, parameters: { type: 'object' } },
  ]);
  expect(response?.messages).toEqual([{ role: 'assistant', parts: [{ kind: 'text', text: 'a.txt' }] }]);
});

test('responses API: items are messages, calls, outputs and reasoning', () => {
  const input = [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'list files' }] },
    { type: 'reasoning', summary: [{ type: 'summary_text', text: 'look first' }] },
    { type: 'function_call', call_id: 'c1', name: 'terminal', arguments: '{"command":"ls"}' },
    { type: 'function_call_output', call_id: 'c1', output: 'a.txt' },
    { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: 'x' }] },
  ];
  const { request } = bodies({ body: { instructions: 'be brief', input } }, null);
  expect(request).toMatchObject({ systemInstructions: 'be brief' });
  expect(request?.messages).toEqual([
    CONVERSATION[0],
    { role: 'assistant', parts: [{ kind: 'reasoning', text: 'look first' }] },
    { role: 'assistant', parts: [CALL_PART] },
    { role: 'tool', parts: [RESULT_PART] },
    { role: 'user', parts: [{ kind: 'other', type: 'input_image' }] },
  ]);
});

describe('bodies that Hermes cut', () => {
  test('the note of cut messages is no message', () => {
    const messages = [{ role: 'user', content: 'hi' }, { _truncated_items: 7 }];
    expect(bodies({ body: { messages } }, null).request?.messages).toHaveLength(1);
  });

  test.each([
    ['a preview instead of a body', { _truncated: true, preview: '{"messages"' }],
    ['a body that is no object', 'POST'],
    ['messages that are none', { messages: 7 }],
    ['messages of nothing', { messages: [null, 3, {}, [], { role: 5 }] }],
  ])('%s has no facts', (_claim, body) => {
    expect(bodies({ body }, body)).toEqual({ request: undefined, response: undefined });
  });
});

test('without content only settings are read', () => {
  const body = {
    stream: true,
    reasoning: { effort: 'high' },
    messages: [{ role: 'user', content: 'a private matter' }],
    tools: [{ name: 'terminal' }],
  };
  const event = eventIn(flat('pre_api_request', { ...API, request: { body }, system_prompt: 'private too' }));
  expect(event).toMatchObject({
    request: { streaming: true, reasoningLevel: 'high', messages: undefined, tools: undefined },
  });
  expect(JSON.stringify(event)).not.toContain('private');
});

test('before 0.16 the messages are in request_messages', () => {
  const kwargs = { ...API, request_messages: [{ role: 'user', content: 'hi' }], system_prompt: 'be brief' };
  expect(eventIn(shell('pre_api_request', kwargs), true)).toMatchObject({
    request: { systemInstructions: 'be brief', messages: [{ role: 'user' }] },
  });
});

test('the response has the id and the provider behind a router', () => {
  const response = { id: 'gen-1', upstream_provider: 'DeepInfra' };
  expect(eventIn(flat('post_api_request', { ...API, response }))).toMatchObject({
    response: { id: 'gen-1', upstreamProvider: 'DeepInfra', messages: undefined },
  });
});

test.each([
  ['beside usage', { cost: 0.00025 }],
  ['in usage', { usage: { input_tokens: 1, cost: 0.00025 } }],
  ['in both', { cost: 0.00025, usage: { input_tokens: 1, cost: 7 } }],
])('the cost, %s', (_where, kwargs) => {
  expect(eventIn(flat('post_api_request', { ...API, ...kwargs }))).toMatchObject({ costUsd: 0.00025 });
});

test.each([null, undefined])('a cost of %s is unknown, not 0', (cost) => {
  const event = eventIn(flat('post_api_request', { ...API, ...(cost === undefined ? {} : { cost }) }));
  expect(event).toMatchObject({ costUsd: undefined });
});

test('the profile of the envelope, with any hook', () => {
  expect(eventIn(shell('pre_llm_call', { ...OBSERVER, profile: 'work' }))).toMatchObject({ profile: 'work' });
  expect(eventIn(flat('pre_verify', { ...OBSERVER, profile: 'work' }))).toMatchObject({ profile: 'work' });
});

describe('the error of a call', () => {
  const errorOf = (hook: string, kwargs: JsonObject) => {
    const event = eventIn(flat(hook, { ...API, ...kwargs }));
    if (event.hook !== 'api_request_error' && event.hook !== 'post_auxiliary_call')
      throw new Error(event.hook);
    return [event.errorType, event.errorMessage];
  };
  const hooks = ['api_request_error', 'post_auxiliary_call'];

  test.each([null, false, '', 0, [], {}])('%j is none', (error) => {
    for (const hook of hooks) expect(errorOf(hook, { error })).toEqual([undefined, undefined]);
  });

  test.each<[string, JsonObject, unknown[]]>([
    ['has its class and its message', { error: { type: 'T', message: 'm' } }, ['T', 'm']],
    ['is a text', { error: 'm' }, [undefined, 'm']],
    [
      'has the class that Hermes names',
      { error: { type: 'T', message: 'm' }, error_type: 'Own' },
      ['Own', 'm'],
    ],
    ['has a class alone', { error_type: 'Own', error: false }, ['Own', undefined]],
  ])('%s', (_claim, kwargs, expected) => {
    for (const hook of hooks) expect(errorOf(hook, kwargs)).toEqual(expected);
  });
});
