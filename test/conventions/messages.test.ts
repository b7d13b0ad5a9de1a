import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { convention } from '../../src/conventions/convention.ts';
import { shortJson } from '../../src/conventions/messages.ts';
import type { ConventionName } from '../../src/conventions/names.ts';
import type { Message, MessagePart } from '../../src/model/message.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { apiCall, auxiliaryCall, request, response, session, subagent, toolCall, turn } from './spans.ts';

const attributesOf = (name: ConventionName, span: AgentSpan) =>
  convention([name], { captureContent: true }).toSpan(span).attributes;
const json = (value: unknown) => JSON.parse(String(value));
const text = (role: string, content: string) => ({ role, parts: [{ type: 'text', content }] });
const message = (role: string, content: string): Message => ({
  role,
  parts: [{ kind: 'text', text: content }],
});

describe('gen-ai writes messages by the schema of the standard', () => {
  test.each<[string, AgentSpan]>([
    ['API call', apiCall({ request, response })],
    ['auxiliary call', auxiliaryCall({ request, response, finishReason: 'tool_calls' })],
  ])('%s', (_kind, span) => {
    const a = attributesOf('gen-ai', span);
    expect(json(a['gen_ai.input.messages'])).toEqual([
      text('user', 'list the files'),
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: 'I should look.' },
          { type: 'tool_call', id: 'toolu_00', name: 'terminal', arguments: { command: 'ls' } },
        ],
      },
      { role: 'tool', parts: [{ type: 'tool_call_response', id: 'toolu_00', response: 'a b c' }] },
    ]);
    expect(json(a['gen_ai.output.messages'])).toEqual([
      {
        role: 'assistant',
        parts: [
          { type: 'text', content: 'One more look.' },
          { type: 'tool_call', id: 'toolu_01', name: 'terminal', arguments: { command: 'ls -l' } },
        ],
        finish_reason: 'tool_call',
      },
    ]);
    expect(json(a['gen_ai.system_instructions'])).toEqual([{ type: 'text', content: 'You are Hermes.' }]);
    expect(json(a['gen_ai.tool.definitions'])).toEqual([
      { type: 'function', name: 'terminal', description: 'Runs a command.', parameters: { type: 'object' } },
    ]);
    expect(a).toMatchObject({
      'gen_ai.response.id': 'msg_01',
      'gen_ai.request.reasoning.level': 'high',
    });
  });

  test.each<[string, AgentSpan, string, string, string]>([
    ['turn', turn(), 'list the files', 'There are three.', 'stop'],
    [
      'turn that was interrupted',
      turn({ finalStatus: 'interrupted' }),
      'list the files',
      'There are three.',
      'error',
    ],
    ['session', session({ userMessage: 'first', assistantResponse: 'last' }), 'first', 'last', 'stop'],
    ['sub-agent', subagent(), 'count the files', 'three files', 'stop'],
  ])('%s', (_kind, span, input, output, finish) => {
    const a = attributesOf('gen-ai', span);
    expect(json(a['gen_ai.input.messages'])).toEqual([text('user', input)]);
    expect(json(a['gen_ai.output.messages'])).toEqual([
      { ...text('assistant', output), finish_reason: finish },
    ]);
  });
});

test('OpenInference writes them flat, the system prompt first', () => {
  const a = attributesOf('openinference', apiCall({ request, response }));
  expect(a).toMatchObject({
    'llm.input_messages.0.message.role': 'system',
    'llm.input_messages.0.message.content': 'You are Hermes.',
    'llm.input_messages.1.message.role': 'user',
    'llm.input_messages.1.message.content': 'list the files',
    'llm.input_messages.2.message.tool_calls.0.tool_call.id': 'toolu_00',
    'llm.input_messages.2.message.tool_calls.0.tool_call.function.name': 'terminal',
    'llm.input_messages.2.message.tool_calls.0.tool_call.function.arguments': '{"command":"ls"}',
    'llm.input_messages.3.message.role': 'tool',
    'llm.input_messages.3.message.content': 'a b c',
    'llm.input_messages.3.message.tool_call_id': 'toolu_00',
    'llm.output_messages.0.message.role': 'assistant',
    'llm.output_messages.0.message.content': 'One more look.',
    'input.value': 'a b c',
    'output.value': 'One more look.',
    'llm.invocation_parameters': '{"max_tokens":16384,"stream":true,"reasoning_effort":"high"}',
  });
});

describe('without content asked for, there is none', () => {
  test.each(['hermes', 'gen-ai', 'gen-ai-latest', 'openinference'] as const)('%s', (name) => {
    const { toSpan } = convention([name], { captureContent: false });
    const spans = [
      apiCall({ request, response }),
      auxiliaryCall({ request, response }),
      session({ userMessage: 'list the files', assistantResponse: 'There are three.' }),
      turn(),
    ];
    const written = JSON.stringify(spans.map((span) => toSpan(span).attributes));
    expect(written).not.toMatch(
      /list the files|There are three|You are Hermes|One more look|Runs a command|user-17/,
    );
  });
});

describe('what is long is cut inside the messages', () => {
  const withMessages = (messages: readonly Message[]) =>
    attributesOf('gen-ai', apiCall({ request: { ...request, messages } }));

  test('a long text keeps its beginning', () => {
    const [only] = json(withMessages([message('user', 'x'.repeat(5000))])['gen_ai.input.messages']);
    expect(only).toEqual(text('user', 'x'.repeat(2048)));
  });

  test('of many messages the newest are kept, and the others are counted', () => {
    const messages = Array.from({ length: 100 }, (_, n) => message('user', `${n} ${'x'.repeat(1000)}`));
    const a = withMessages(messages);
    const kept = json(a['gen_ai.input.messages']);
    expect(kept.length + Number(a['hermes.input.messages_omitted'])).toBe(100);
    expect(kept.at(-1).parts[0].content).toMatch(/^99 /);
    expect(String(a['gen_ai.input.messages']).length).toBeLessThan(17_000);
    expect(kept.length).toBeGreaterThan(10);
  });

  test('a single message is kept, however long', () => {
    const parts = Array.from({ length: 20 }, () => ({ kind: 'text', text: 'x'.repeat(2000) }) as const);
    const a = withMessages([message('user', 'first'), { role: 'user', parts }]);
    expect(json(a['gen_ai.input.messages'])[0].parts).toHaveLength(20);
    expect(a['hermes.input.messages_omitted']).toBe(1);
  });

  test.each<[string, MessagePart, object]>([
    [
      'a call keeps its arguments as JSON',
      { kind: 'tool_call', id: 'c', name: 't', args: { path: 'a', content: 'y'.repeat(9000) } },
      { type: 'tool_call', id: 'c', name: 't', arguments: { path: 'a', content: 'y'.repeat(512) } },
    ],
    [
      'a call without arguments has none',
      { kind: 'tool_call', id: undefined, name: 't', args: undefined },
      { type: 'tool_call', name: 't' },
    ],
    [
      'a result keeps its beginning',
      { kind: 'tool_result', id: 'c', text: 'z'.repeat(5000) },
      { type: 'tool_call_response', id: 'c', response: 'z'.repeat(2048) },
    ],
    ['what has another form keeps its name', { kind: 'other', type: 'input_image' }, { type: 'input_image' }],
  ])('%s', (_claim, part, expected) => {
    const [only] = json(withMessages([{ role: 'user', parts: [part] }])['gen_ai.input.messages']);
    expect(only.parts).toStrictEqual([expected]);
  });

  test('tools whose names alone are too long are left out', () => {
    const tools = Array.from({ length: 900 }, (_, n) => ({
      name: `a_tool_${n}`,
      description: undefined,
      parameters: undefined,
    }));
    const a = attributesOf('gen-ai', apiCall({ request: { ...request, tools } }));
    expect(a['gen_ai.tool.definitions']).toBe('[]');
  });

  test('tools lose their schemas, and then their descriptions', () => {
    const tools = (count: number, size: number) =>
      Array.from({ length: count }, (_, n) => ({
        name: `tool_${n}`,
        description: 'd'.repeat(100),
        parameters: { description: 's'.repeat(size) },
      }));
    const written = (count: number, size: number) =>
      json(
        attributesOf('gen-ai', apiCall({ request: { ...request, tools: tools(count, size) } }))[
          'gen_ai.tool.definitions'
        ],
      );
    expect(Object.keys(written(2, 10)[0])).toEqual(['type', 'name', 'description', 'parameters']);
    expect(Object.keys(written(40, 500)[0])).toEqual(['type', 'name', 'description']);
    expect(Object.keys(written(100, 500)[0])).toEqual(['type', 'name']);
  });
});

describe('shortJson', () => {
  test('any JSON stays JSON, within the limit', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 1, max: 60 }), (value, times) => {
        const safe = shortJson(JSON.stringify(Array.from({ length: times }, () => JSON.parse(value))));
        expect(safe.length).toBeLessThanOrEqual(2048);
        expect(() => JSON.parse(safe)).not.toThrow();
      }),
    );
  });

  test.each<[string, string, (short: string) => void]>([
    [
      'text that is no JSON is cut as text',
      'x'.repeat(3000),
      (short) => expect(short).toBe('x'.repeat(2048)),
    ],
    [
      'many long texts are cut further',
      JSON.stringify(Array.from({ length: 10 }, () => 'x'.repeat(500))),
      (short) => expect(json(short)).toEqual(Array(10).fill('x'.repeat(128))),
    ],
    [
      'numbers and nulls stay',
      JSON.stringify({ n: 1, none: null, list: [true], text: 'x'.repeat(3000) }),
      (short) => expect(json(short)).toEqual({ n: 1, none: null, list: [true], text: 'x'.repeat(512) }),
    ],
    [
      'what is long without long texts becomes one text',
      JSON.stringify(Array.from({ length: 2000 }, () => 'a"')),
      (short) => expect([typeof json(short), short.length]).toEqual(['string', 1024]),
    ],
  ])('%s', (_claim, long, check) => check(shortJson(long)));

  test('what is exactly as long as the limit stays as it is', () => {
    const exact = JSON.stringify('x'.repeat(2046));
    expect(shortJson(exact)).toBe(exact);
  });

  test('what is short and harmless stays as it is', () => {
    expect(shortJson('{"a": 1.0,  "b": [ ]}')).toBe('{"a": 1.0,  "b": [ ]}');
  });

  test('a tool has its long arguments as JSON', () => {
    const args = JSON.stringify({ path: 'a.txt', content: 'y'.repeat(9000) });
    const a = attributesOf('gen-ai', toolCall({ args }));
    expect(json(a['gen_ai.tool.call.arguments'])).toEqual({ path: 'a.txt', content: 'y'.repeat(512) });
  });
});
