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
const genAi = convention(['gen-ai'], { captureContent: false });
const withContent = convention(['gen-ai'], { captureContent: true });

/** Input is Hermes's `prompt_tokens`: 120 fresh + 9000 read from + 30 written to the cache. */
const usageAttributes = {
  'gen_ai.usage.input_tokens': 9150,
  'gen_ai.usage.output_tokens': 48,
  'gen_ai.usage.cache_read.input_tokens': 9000,
  'gen_ai.usage.cache_creation.input_tokens': 30,
  'gen_ai.usage.cache_write.input_tokens': 30,
  'gen_ai.usage.reasoning.output_tokens': 7,
};

/** Cached tokens are on the calls alone. */
const totals = { 'gen_ai.usage.input_tokens': 9150, 'gen_ai.usage.output_tokens': 48 };

const requestAttributes = {
  'gen_ai.operation.name': 'chat',
  'gen_ai.provider.name': 'x_ai',
  'gen_ai.conversation.id': SESSION,
  'gen_ai.request.model': 'claude-sonnet-4-6',
  'gen_ai.request.max_tokens': 16384,
  'server.address': 'api.example.com',
  'server.port': 8443,
};

const answerAttributes = {
  'gen_ai.response.model': 'claude-sonnet-4-6-20260217',
  'gen_ai.response.finish_reasons': ['tool_calls'],
  'gen_ai.request.stream': true,
  'gen_ai.response.time_to_first_chunk': { double: 1 },
};

const toolAttributes = {
  'gen_ai.operation.name': 'execute_tool',
  'gen_ai.conversation.id': SESSION,
  'gen_ai.tool.name': 'terminal',
  'gen_ai.tool.type': 'function',
  'gen_ai.tool.call.id': 'toolu_01',
};

const subagentAttributes = {
  'gen_ai.operation.name': 'invoke_agent',
  'gen_ai.agent.name': 'leaf',
  'gen_ai.provider.name': 'anthropic',
  'gen_ai.conversation.id': SESSION,
  'gen_ai.request.model': 'claude-haiku-4-5',
  ...totals,
};

const turnAttributes = {
  'gen_ai.operation.name': 'invoke_agent',
  'gen_ai.agent.name': 'hermes',
  'gen_ai.provider.name': 'x_ai',
  'gen_ai.conversation.id': SESSION,
  'gen_ai.request.model': 'claude-sonnet-4-6',
  ...totals,
};

describe('a span with every field filled has exactly these attributes', () => {
  test.each<[string, AgentSpan, Attributes]>([
    [
      'hermes.session',
      session(),
      {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.conversation.id': SESSION,
        'gen_ai.agent.name': 'hermes',
        'gen_ai.conversation.compacted': true,
      },
    ],
    ['invoke_agent hermes', turn(), turnAttributes],
    ['chat claude-sonnet-4-6', apiCall(), { ...requestAttributes, ...answerAttributes, ...usageAttributes }],
    ['chat claude-sonnet-4-6', failedCall(), { ...requestAttributes, 'error.type': 'RateLimitError' }],
    ['execute_tool terminal', toolCall(), toolAttributes],
    [
      'hermes.approval',
      approval(),
      { 'gen_ai.conversation.id': SESSION, 'hermes.approval.tool_call_id': 'toolu_02' },
    ],
    ['invoke_agent leaf', subagent(), subagentAttributes],
    [
      'chat gemini-3-flash',
      auxiliaryCall(),
      {
        'gen_ai.operation.name': 'chat',
        'gen_ai.provider.name': 'openrouter',
        'gen_ai.conversation.id': SESSION,
        'gen_ai.request.model': 'gemini-3-flash',
        'server.address': 'openrouter.ai',
        'server.port': 443,
        'gen_ai.request.stream': false,
        'gen_ai.response.model': 'gemini-3-flash',
        'gen_ai.response.finish_reasons': ['stop'],
        ...usageAttributes,
      },
    ],
  ])('%s', (name, span, attributes) => {
    const made = genAi.toSpan(span);
    expect(made.name).toBe(name);
    expect(made.attributes).toStrictEqual(attributes);
  });
});

describe('what the log does not say is absent', () => {
  test.each<[string, AgentSpan, Attributes]>([
    ['answer without usage', apiCall({ usage: undefined }), { ...requestAttributes, ...answerAttributes }],
    [
      'turn',
      turn({ model: undefined, provider: undefined, tokens: noUsage }),
      {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'hermes',
        'gen_ai.conversation.id': SESSION,
      },
    ],
    [
      'sub-agent',
      subagent({ role: undefined, model: undefined, provider: undefined, tokens: noUsage }),
      {
        'gen_ai.operation.name': 'invoke_agent',
        'gen_ai.agent.name': 'hermes',
        'gen_ai.conversation.id': SESSION,
      },
    ],
    [
      'tool',
      toolCall({ toolCallId: undefined }),
      {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.conversation.id': SESSION,
        'gen_ai.tool.name': 'terminal',
        'gen_ai.tool.type': 'function',
      },
    ],
  ])('%s', (_claim, span, attributes) => {
    expect(genAi.toSpan(span).attributes).toStrictEqual(attributes);
  });

  test('a sub-agent without a role has the name of the agent', () => {
    expect(genAi.toSpan(subagent({ role: undefined })).name).toBe('invoke_agent hermes');
  });
});

describe('what went wrong is `error.type`', () => {
  test.each<[string, AgentSpan, string | undefined]>([
    ['a tool that failed', toolCall({ status: 'error', errorType: 'tool_error' }), 'tool_error'],
    ['a tool that ran out of time', toolCall({ status: 'timeout' }), 'tool_timeout'],
    [
      'a turn that failed',
      turn({ finalStatus: 'failed', exitReason: 'max_iterations(9/9)' }),
      'max_iterations',
    ],
    ['a turn that failed without a reason', turn({ finalStatus: 'failed', exitReason: undefined }), '_OTHER'],
    ['a sub-agent that failed', subagent({ status: 'timeout' }), 'timeout'],
    ['a cancelled tool is no error', toolCall({ status: 'cancelled' }), undefined],
    ['an interrupted turn is no error', turn({ finalStatus: 'interrupted' }), undefined],
    ['an interrupted sub-agent is no error', subagent({ status: 'interrupted' }), undefined],
  ])('%s', (_claim, span, type) => {
    expect(genAi.toSpan(span).attributes['error.type']).toBe(type);
  });
});

describe('Hermes calls providers by its own words', () => {
  test.each([
    ['anthropic', 'anthropic'],
    ['bedrock', 'aws.bedrock'],
    ['gemini', 'gcp.gemini'],
    ['xai', 'x_ai'],
    ['mistral', 'mistral_ai'],
    ['kimi-coding', 'moonshot_ai'],
    ['openai-codex', 'openai'],
    ['groq', 'groq'],
    ['openrouter', 'openrouter'],
    ['__proto__', '__proto__'],
  ])('%s is %s', (provider, name) => {
    expect(genAi.toSpan(apiCall({ provider })).attributes['gen_ai.provider.name']).toBe(name);
  });
});

test('arguments and result of a tool are there when content was asked for', () => {
  expect(withContent.toSpan(toolCall()).attributes).toStrictEqual({
    ...toolAttributes,
    'gen_ai.tool.call.arguments': '{"command":"ls"}',
    'gen_ai.tool.call.result': '{"output":"a b c","error":null}',
  });
});
