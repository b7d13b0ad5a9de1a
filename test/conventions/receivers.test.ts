import { describe, expect, test } from '@jest/globals';
import { convention } from '../../src/conventions/convention.ts';
import type { ReceiverName } from '../../src/conventions/receivers.ts';
import type { Attributes } from '../../src/model/otel.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { ALL, apiCall, auxiliaryCall, subagent, toolCall, turn, unanswered } from './spans.ts';

// What only one receiver reads, beside the names of the standard. The judges in test/receivers show why.
const plain = convention(['gen-ai'], { captureContent: false });

/** The attributes that the receiver adds or changes, and `undefined` for those that it removes. */
function changes(receiver: ReceiverName, span: AgentSpan): Readonly<Record<string, unknown>> {
  const [before, after] = [plain, convention(['gen-ai'], { captureContent: false, receiver })].map(
    (one) => one.toSpan(span).attributes,
  );
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  return Object.fromEntries(
    [...names]
      .filter((name) => JSON.stringify(before?.[name]) !== JSON.stringify(after?.[name]))
      .map((name) => [name, after?.[name]]),
  );
}

describe('Langfuse', () => {
  test('reads the first chunk of an API call as a moment', () => {
    expect(changes('langfuse', apiCall())).toStrictEqual({
      'langfuse.observation.completion_start_time': '2026-09-15T10:15:02.123Z',
    });
  });

  test.each<[string, AgentSpan]>([
    ['a call that was not streamed', apiCall({ timeToFirstChunkMicros: undefined })],
    ['a tool', toolCall()],
    ['a turn', turn()],
  ])('%s stays as it is', (_claim, span) => {
    expect(changes('langfuse', span)).toStrictEqual({});
  });
});

describe('SigNoz', () => {
  test('counts no turn and no sub-agent as a model call', () => {
    const moved = { 'gen_ai.request.model': undefined, 'hermes.model': 'claude-sonnet-4-6' };
    expect(changes('signoz', turn())).toStrictEqual(moved);
    expect(changes('signoz', subagent({ model: undefined }))).toStrictEqual({});
    expect(changes('signoz', subagent())).toMatchObject({ 'hermes.model': 'claude-haiku-4-5' });
    expect(changes('signoz', turn({ model: undefined }))).toStrictEqual({});
  });

  test('reads the time to the first chunk under another name', () => {
    expect(changes('signoz', apiCall())).toStrictEqual({ 'gen_ai.server.ttft': { double: 1 } });
    expect(changes('signoz', apiCall({ timeToFirstChunkMicros: undefined }))).toStrictEqual({});
  });
});

describe('LangSmith', () => {
  const thread = { 'langsmith.trace.session_id': '20260915_101500_a1b2c3' };

  test('groups every span by its session', () => {
    for (const span of ALL) expect(changes('langsmith', span)).toMatchObject(thread);
    expect(changes('langsmith', toolCall())).toStrictEqual(thread);
  });

  test.each<[string, AgentSpan, Attributes]>([
    ['an API call', apiCall(), { 'gen_ai.system': 'x_ai', 'gen_ai.usage.details.reasoning_tokens': 7 }],
    [
      'an auxiliary call',
      auxiliaryCall(),
      { 'gen_ai.system': 'openrouter', 'gen_ai.usage.details.reasoning_tokens': 7 },
    ],
    ['a call without usage', apiCall({ usage: undefined }), { 'gen_ai.system': 'x_ai' }],
    ['a call without an answer', apiCall({ ...unanswered }), { 'gen_ai.system': 'x_ai' }],
    [
      'a call of an unknown provider',
      apiCall({ provider: undefined, baseUrl: undefined, apiMode: undefined }),
      { 'gen_ai.usage.details.reasoning_tokens': 7 },
    ],
  ])('reads provider and reasoning tokens of %s', (_claim, span, expected) => {
    expect(changes('langsmith', span)).toStrictEqual({ ...thread, ...expected });
  });
});

test.each<ReceiverName>(['phoenix', 'datadog', 'honeycomb', 'mlflow', 'jaeger', 'tempo'])(
  '%s reads the names of its conventions as they are',
  (receiver) => {
    for (const span of ALL) expect(changes(receiver, span)).toStrictEqual({});
  },
);
