import { describe, expect, test } from '@jest/globals';
import { convention } from '../../src/conventions/convention.ts';
import type { Attributes } from '../../src/model/otel.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import {
  apiCall,
  approval,
  auxiliaryCall,
  failedCall,
  noUsage,
  session,
  subagent,
  toolCall,
  turn,
} from './spans.ts';

const SESSION = '20260915_101500_a1b2c3';
const openInference = convention(['openinference'], { captureContent: false });
const withContent = convention(['openinference'], { captureContent: true });

function common(kind: string): Attributes {
  return { 'openinference.span.kind': kind, 'session.id': SESSION };
}

const tokenCounts = {
  'llm.token_count.prompt': 9150,
  'llm.token_count.completion': 48,
  'llm.token_count.total': 9198,
  'llm.token_count.prompt_details.cache_read': 9000,
  'llm.token_count.prompt_details.cache_write': 30,
  'llm.token_count.completion_details.reasoning': 7,
};

const toolAttributes = { ...common('TOOL'), 'tool.name': 'terminal', 'tool.id': 'toolu_01' };

describe('a span with every field filled has exactly these attributes', () => {
  test.each<[string, AgentSpan, Attributes]>([
    ['hermes.session', session(), { ...common('AGENT'), 'agent.name': 'hermes' }],
    ['hermes.turn', turn(), { ...common('CHAIN'), 'agent.name': 'hermes' }],
    [
      'chat claude-sonnet-4-6',
      apiCall(),
      {
        ...common('LLM'),
        'llm.model_name': 'claude-sonnet-4-6-20260217',
        'llm.request.model_name': 'claude-sonnet-4-6',
        'llm.response.model_name': 'claude-sonnet-4-6-20260217',
        'llm.invocation_parameters': '{"max_tokens":16384}',
        'llm.provider': 'xai',
        'llm.system': 'anthropic',
        'llm.finish_reason': 'tool_calls',
        ...tokenCounts,
      },
    ],
    [
      'chat claude-sonnet-4-6',
      failedCall(),
      {
        ...common('LLM'),
        'llm.model_name': 'claude-sonnet-4-6',
        'llm.request.model_name': 'claude-sonnet-4-6',
        'llm.invocation_parameters': '{"max_tokens":16384}',
        'llm.provider': 'xai',
        'llm.system': 'anthropic',
      },
    ],
    ['hermes.tool.terminal', toolCall(), toolAttributes],
    ['hermes.approval', approval(), common('CHAIN')],
    ['hermes.subagent', subagent(), { ...common('AGENT'), 'agent.name': 'leaf' }],
    [
      'chat gemini-3-flash',
      auxiliaryCall(),
      {
        ...common('LLM'),
        'llm.model_name': 'gemini-3-flash',
        'llm.request.model_name': 'gemini-3-flash',
        'llm.response.model_name': 'gemini-3-flash',
        'llm.provider': 'openrouter',
        'llm.system': 'openai',
        'llm.finish_reason': 'stop',
        ...tokenCounts,
      },
    ],
  ])('%s', (name, span, attributes) => {
    const made = openInference.toSpan(span);
    expect(made.name).toBe(name);
    expect(made.attributes).toStrictEqual(attributes);
  });
});

describe('what the log does not say is absent', () => {
  const nothing = { model: undefined, provider: undefined, apiMode: undefined, maxTokens: undefined };
  test.each<[string, AgentSpan, Attributes]>([
    ['failed call', failedCall(nothing), common('LLM')],
    [
      'answer',
      apiCall({ ...nothing, responseModel: undefined, finishReason: undefined, usage: noUsage }),
      common('LLM'),
    ],
    [
      'an API that is none of the two',
      auxiliaryCall({ ...nothing, apiMode: 'bedrock_converse', answered: false }),
      {
        ...common('LLM'),
        'llm.model_name': 'gemini-3-flash',
        'llm.response.model_name': 'gemini-3-flash',
        'llm.provider': 'openrouter',
      },
    ],
    ['tool', toolCall({ toolCallId: undefined }), { ...common('TOOL'), 'tool.name': 'terminal' }],
  ])('%s', (_claim, span, attributes) => {
    expect(openInference.toSpan(span).attributes).toStrictEqual(attributes);
  });
});

describe('content is there when asked for, with its type', () => {
  test.each<[string, AgentSpan, Attributes]>([
    [
      'turn',
      turn(),
      {
        'user.id': 'user-17',
        'input.value': 'list the files',
        'input.mime_type': 'text/plain',
        'output.value': 'There are three.',
        'output.mime_type': 'text/plain',
      },
    ],
    [
      'tool',
      toolCall(),
      {
        'tool.parameters': '{"command":"ls"}',
        'input.value': '{"command":"ls"}',
        'input.mime_type': 'application/json',
        'output.value': '{"output":"a b c","error":null}',
        'output.mime_type': 'application/json',
      },
    ],
    [
      'sub-agent',
      subagent(),
      {
        'input.value': 'count the files',
        'input.mime_type': 'text/plain',
        'output.value': 'three files',
        'output.mime_type': 'text/plain',
      },
    ],
    ['API call', apiCall(), {}],
  ])('%s', (_kind, span, content) => {
    const without = openInference.toSpan(span).attributes;
    expect(withContent.toSpan(span).attributes).toStrictEqual({ ...without, ...content });
  });

  test('a document that is cut stays JSON', () => {
    const result = JSON.stringify({ output: 'x'.repeat(3000), error: null });
    const { attributes } = withContent.toSpan(toolCall({ args: undefined, result }));
    expect(attributes).toStrictEqual({
      ...toolAttributes,
      'output.value': JSON.stringify({ output: 'x'.repeat(512), error: null }),
      'output.mime_type': 'application/json',
    });
  });

  test('a text that is no document is cut as text', () => {
    const { attributes } = withContent.toSpan(toolCall({ args: undefined, result: 'x'.repeat(3000) }));
    expect([attributes['output.value'], attributes['output.mime_type']]).toEqual([
      'x'.repeat(2048),
      'text/plain',
    ]);
  });
});

test.each([
  ['bedrock', 'aws'],
  ['gemini', 'google'],
  ['kimi-coding', 'moonshot'],
  ['x-ai', 'xai'],
  ['mistral', 'mistralai'],
  ['azure-foundry', 'azure'],
  ['anthropic', 'anthropic'],
])("Hermes's %s is the provider %s of OpenInference", (provider, name) => {
  expect(openInference.toSpan(apiCall({ provider })).attributes['llm.provider']).toBe(name);
});
