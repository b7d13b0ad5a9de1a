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
  unanswered,
} from './spans.ts';

const SESSION = '20260915_101500_a1b2c3';
const TURN = `${SESSION}:task:5f0e9d11`;
const TWO_SECONDS = { double: 2 };

const hermes = convention(['hermes'], { captureContent: false });
const withContent = convention(['hermes'], { captureContent: true });

const AGENT = { 'gen_ai.operation.name': 'invoke_agent', 'gen_ai.agent.name': 'hermes' };

const sessionAttributes = {
  'hermes.span.kind': 'AGENT',
  'hermes.session.id': SESSION,
  'gen_ai.system': 'hermes-agent',
  ...AGENT,
  'gen_ai.request.model': 'claude-sonnet-4-6',
  'hermes.platform': 'cli',
  'hermes.session.completed': true,
  'hermes.session.interrupted': false,
  'hermes.session.total_turns': 2,
  'hermes.session.api_call_count': 5,
  'hermes.session.tool_call_count': 3,
  'hermes.session.input_tokens': 120,
  'hermes.session.output_tokens': 48,
  'hermes.session.cache_read_tokens': 9000,
  'hermes.session.cache_write_tokens': 30,
  'hermes.session.reasoning_tokens': 7,
  'hermes.session.previous_id': '20260915_100000_000001',
  'hermes.session.parent_id': '20260915_090000_000002',
  'hermes.session.end_reason': 'new_session',
};

const turnAttributes = {
  'hermes.span.kind': 'CHAIN',
  'hermes.session.id': SESSION,
  'gen_ai.conversation.id': SESSION,
  ...AGENT,
  'hermes.turn.id': TURN,
  'hermes.turn.index': 1,
  'hermes.is_first_turn': true,
  'gen_ai.request.model': 'claude-sonnet-4-6',
  'hermes.platform': 'cli',
  'hermes.provider': 'xai',
  'gen_ai.provider.name': 'x_ai',
  'hermes.turn.api_call_count': 2,
  'hermes.turn.tool_call_count': 4,
  'hermes.turn.duration_s': TWO_SECONDS,
  'hermes.turn.input_tokens': 120,
  'hermes.turn.output_tokens': 48,
  'hermes.turn.cache_read_tokens': 9000,
  'hermes.turn.cache_write_tokens': 30,
  'hermes.turn.reasoning_tokens': 7,
  'hermes.turn.final_status': 'completed',
  'hermes.turn.completed': true,
  'hermes.turn.interrupted': false,
  'hermes.turn.exit_reason': 'text_response(stop)',
  'hermes.turn.tools': ['terminal', 'read_file'],
  'hermes.turn.tool_outcomes': ['ok:3', 'blocked:1'],
};

const requestAttributes = {
  'hermes.span.kind': 'LLM',
  'hermes.session.id': SESSION,
  'gen_ai.operation.name': 'chat',
  'gen_ai.system': 'hermes-agent',
  'gen_ai.request.model': 'claude-sonnet-4-6',
  'hermes.platform': 'cli',
  'hermes.provider': 'xai',
  'gen_ai.provider.name': 'x_ai',
  'hermes.api_mode': 'anthropic_messages',
  'hermes.api_request_id': `${TURN}:api:1`,
  'hermes.message_count': 2,
  'server.address': 'api.example.com',
  'hermes.api_call_number': 1,
  'hermes.tool_count': 28,
  'hermes.approx_input_tokens': 9120,
  'hermes.request_char_count': 36480,
  'gen_ai.request.max_tokens': 16384,
};

const answerAttributes = {
  'gen_ai.response.model': 'claude-sonnet-4-6-20260217',
  'gen_ai.response.finish_reasons': ['tool_calls'],
  'hermes.assistant_content_chars': 0,
  'hermes.assistant_tool_call_count': 1,
  'hermes.context_length': 200000,
  'hermes.call.duration_s': { double: 5 },
  'gen_ai.response.time_to_first_chunk': { double: 1 },
};

const usageAttributes = {
  'gen_ai.usage.input_tokens': 120,
  'gen_ai.usage.output_tokens': 48,
  'hermes.cache.read_tokens': 9000,
  'hermes.cache.write_tokens': 30,
  'hermes.reasoning_tokens': 7,
};

const failureAttributes = {
  'error.type': 'RateLimitError',
  'http.response.status_code': 429,
  'hermes.max_retries': 3,
  'hermes.retryable': true,
  'hermes.error.reason': 'rate_limit',
  'hermes.retry_count': 0,
};

const toolAttributes = {
  'hermes.span.kind': 'TOOL',
  'gen_ai.operation.name': 'execute_tool',
  'hermes.tool.name': 'terminal',
  'gen_ai.tool.name': 'terminal',
  'hermes.session.id': SESSION,
  'gen_ai.tool.call.id': 'toolu_01',
  'hermes.api_request_id': `${TURN}:api:1`,
  'hermes.tool.status': 'ok',
  'hermes.tool.duration_s': TWO_SECONDS,
};

const approvalAttributes = {
  'hermes.span.kind': 'CHAIN',
  'hermes.session.id': SESSION,
  'hermes.approval.surface': 'smart',
  'hermes.approval.choice': 'smart_approve',
  'hermes.approval.granted': true,
  'hermes.approval.timed_out': false,
  'hermes.approval.decided_by': 'aux_llm',
  'hermes.approval.pattern_key': 'recursive_delete',
  'hermes.approval.tool_call_id': 'toolu_02',
  'hermes.approval.wait_s': TWO_SECONDS,
};

const subagentAttributes = {
  'hermes.span.kind': 'AGENT',
  'hermes.session.id': SESSION,
  'gen_ai.operation.name': 'invoke_agent',
  'gen_ai.agent.name': 'leaf',
  'gen_ai.request.model': 'claude-haiku-4-5',
  'hermes.subagent.session_id': '20260915_101510_c0ffee',
  'hermes.subagent.id': 'sa-0-1f2e3d4c',
  'hermes.subagent.parent_turn_id': TURN,
  'hermes.subagent.role': 'leaf',
  'hermes.subagent.status': 'completed',
  'hermes.subagent.duration_s': TWO_SECONDS,
  'hermes.subagent.turn_count': 1,
  'hermes.subagent.api_call_count': 2,
  'hermes.subagent.tool_call_count': 1,
  'hermes.subagent.input_tokens': 120,
  'hermes.subagent.output_tokens': 48,
  'hermes.subagent.cache_read_tokens': 9000,
  'hermes.subagent.cache_write_tokens': 30,
  'hermes.subagent.reasoning_tokens': 7,
};

const auxiliaryAttributes = {
  'hermes.span.kind': 'LLM',
  'hermes.session.id': SESSION,
  'gen_ai.operation.name': 'chat',
  'gen_ai.system': 'hermes-agent',
  'gen_ai.request.model': 'gemini-3-flash',
  'hermes.platform': 'cli',
  'hermes.provider': 'openrouter',
  'gen_ai.provider.name': 'openrouter',
  'hermes.api_mode': 'chat_completions',
  'hermes.api_request_id': 'aux-1f2e3d4c',
  'hermes.message_count': 2,
  'server.address': 'openrouter.ai',
  'gen_ai.response.model': 'gemini-3-flash',
  'gen_ai.response.finish_reasons': ['stop'],
  'hermes.assistant_content_chars': 0,
  'hermes.assistant_tool_call_count': 0,
  ...usageAttributes,
  'hermes.aux_task': 'title',
  'hermes.streaming': false,
  'hermes.call.duration_s': TWO_SECONDS,
};

describe('a span with every field filled has exactly these attributes', () => {
  test.each<[string, AgentSpan, Attributes]>([
    ['hermes.session', session(), sessionAttributes],
    ['hermes.turn', turn(), turnAttributes],
    ['chat claude-sonnet-4-6', apiCall(), { ...requestAttributes, ...answerAttributes, ...usageAttributes }],
    ['chat claude-sonnet-4-6', failedCall(), { ...requestAttributes, ...failureAttributes }],
    ['hermes.tool.terminal', toolCall(), toolAttributes],
    ['hermes.approval', approval(), approvalAttributes],
    ['hermes.subagent', subagent(), subagentAttributes],
    ['chat gemini-3-flash', auxiliaryCall(), auxiliaryAttributes],
  ])('%s', (name, span, attributes) => {
    const made = hermes.toSpan(span);
    expect(made.name).toBe(name);
    expect(made.attributes).toStrictEqual(attributes);
  });
});

describe('what the log does not say is absent, never zero', () => {
  const unknown = undefined;
  test.each<[string, AgentSpan, Attributes]>([
    [
      'session',
      session({
        model: unknown,
        platform: unknown,
        completed: unknown,
        interrupted: unknown,
        tokens: noUsage,
        previousSessionId: unknown,
        parentSessionId: unknown,
        endReason: unknown,
      }),
      {
        ...AGENT,
        'hermes.span.kind': 'AGENT',
        'hermes.session.id': SESSION,
        'gen_ai.system': 'hermes-agent',
        'hermes.session.total_turns': 2,
        'hermes.session.api_call_count': 5,
        'hermes.session.tool_call_count': 3,
      },
    ],
    [
      'turn',
      turn({
        turnId: unknown,
        index: unknown,
        isFirstTurn: unknown,
        model: unknown,
        platform: unknown,
        provider: unknown,
        tokens: noUsage,
        toolNames: [],
        toolOutcomes: {},
        completed: unknown,
        interrupted: unknown,
        exitReason: unknown,
      }),
      {
        ...AGENT,
        'hermes.span.kind': 'CHAIN',
        'hermes.session.id': SESSION,
        'gen_ai.conversation.id': SESSION,
        'hermes.turn.api_call_count': 2,
        'hermes.turn.tool_call_count': 4,
        'hermes.turn.duration_s': TWO_SECONDS,
        'hermes.turn.final_status': 'completed',
      },
    ],
    [
      'API call without an answer',
      apiCall({
        ...unanswered,
        apiRequestId: unknown,
        model: unknown,
        platform: unknown,
        provider: unknown,
        baseUrl: unknown,
        apiMode: unknown,
        callNumber: unknown,
        messageCount: unknown,
        toolCount: unknown,
        approxInputTokens: unknown,
        requestCharCount: unknown,
        maxTokens: unknown,
        callDurationMicros: unknown,
        timeToFirstChunkMicros: unknown,
        contextLength: unknown,
      }),
      {
        'hermes.span.kind': 'LLM',
        'hermes.session.id': SESSION,
        'gen_ai.operation.name': 'chat',
        'gen_ai.system': 'hermes-agent',
      },
    ],
    [
      'answer without usage',
      apiCall({ usage: unknown }),
      { ...requestAttributes, ...answerAttributes, 'hermes.usage.state': 'unreported' },
    ],
    [
      'usage with the output only',
      apiCall({ usage: { ...noUsage, outputTokens: 0 } }),
      { ...requestAttributes, ...answerAttributes, 'gen_ai.usage.output_tokens': 0 },
    ],
    [
      'failure of which only the class is known',
      failedCall({
        error: {
          type: '_OTHER',
          message: unknown,
          statusCode: unknown,
          reason: unknown,
          retryable: unknown,
          maxRetries: unknown,
        },
      }),
      { ...requestAttributes, 'error.type': '_OTHER', 'hermes.retry_count': 0 },
    ],
    [
      'tool',
      toolCall({ toolCallId: unknown, apiRequestId: unknown, status: unknown, durationMillis: unknown }),
      {
        'hermes.span.kind': 'TOOL',
        'gen_ai.operation.name': 'execute_tool',
        'hermes.tool.name': 'terminal',
        'gen_ai.tool.name': 'terminal',
        'hermes.session.id': SESSION,
      },
    ],
    [
      'approval that nobody answered',
      approval({
        incomplete: 'turn_end',
        surface: unknown,
        choice: unknown,
        granted: unknown,
        timedOut: unknown,
        decidedBy: unknown,
        patternKey: unknown,
        toolCallId: unknown,
      }),
      {
        'hermes.span.kind': 'CHAIN',
        'hermes.session.id': SESSION,
        'hermes.incomplete': true,
        'hermes.incomplete.reason': 'turn_end',
      },
    ],
    [
      'sub-agent',
      subagent({
        childSessionId: unknown,
        childSubagentId: unknown,
        parentTurnId: unknown,
        role: unknown,
        status: unknown,
        durationMillis: unknown,
        model: unknown,
        tokens: noUsage,
      }),
      {
        ...AGENT,
        'hermes.span.kind': 'AGENT',
        'hermes.session.id': SESSION,
        'hermes.subagent.turn_count': 1,
        'hermes.subagent.api_call_count': 2,
        'hermes.subagent.tool_call_count': 1,
      },
    ],
  ])('%s', (_claim, span, attributes) => {
    expect(hermes.toSpan(span).attributes).toStrictEqual(attributes);
  });

  test('a call without a model, and an auxiliary call without a task, still have a name', () => {
    expect(hermes.toSpan(apiCall({ model: undefined })).name).toBe('chat');
    expect(hermes.toSpan(auxiliaryCall({ auxTask: undefined })).attributes['hermes.aux_task']).toBe(
      'unknown',
    );
  });
});

describe('single attributes', () => {
  test.each<[string, AgentSpan, string, Attributes[string] | undefined]>([
    ['a retry has its number', apiCall({ retryCount: 2 }), 'hermes.retry_count', 2],
    ['a first attempt that succeeds does not', apiCall(), 'hermes.retry_count', undefined],
    ['a background turn', turn({ background: true }), 'hermes.turn.background', true],
    ['a call of a background turn', apiCall({ background: true }), 'hermes.turn.background', true],
    ['a tool of a background turn', toolCall({ background: true }), 'hermes.turn.background', true],
    [
      'an auxiliary call of a background turn',
      auxiliaryCall({ background: true }),
      'hermes.turn.background',
      true,
    ],
    ['a failed tool', toolCall({ status: 'error' }), 'error.type', 'tool_error'],
    ['a failed tool with its class', toolCall({ status: 'error', errorType: 'x' }), 'error.type', 'x'],
    [
      'a blocked tool is no error',
      toolCall({ status: 'blocked', errorType: 'plugin_block' }),
      'error.type',
      undefined,
    ],
    [
      'a blocked tool says why',
      toolCall({ status: 'blocked', errorType: 'plugin_block' }),
      'hermes.tool.error_type',
      'plugin_block',
    ],
    [
      'all outcomes of tools, always in one order',
      turn({ toolOutcomes: { incomplete: 6, cancelled: 5, blocked: 4, timeout: 3, error: 2, ok: 1 } }),
      'hermes.turn.tool_outcomes',
      ['ok:1', 'error:2', 'timeout:3', 'blocked:4', 'cancelled:5', 'incomplete:6'],
    ],
    ['an interrupted turn', turn({ finalStatus: 'interrupted' }), 'hermes.turn.final_status', 'interrupted'],
    ['artificial times', turn({ syntheticTime: true }), 'hermes.time.synthetic', true],
    ['an unknown host', apiCall({ baseUrl: 'not a url' }), 'server.address', undefined],
  ])('%s', (_claim, span, name, value) => {
    expect(hermes.toSpan(span).attributes[name]).toStrictEqual(value);
  });
});

describe('content is there when asked for, and only then', () => {
  test.each<[string, AgentSpan, Attributes]>([
    [
      'turn',
      turn(),
      {
        'hermes.sender_id': 'user-17',
        'hermes.turn.user_message': 'list the files',
        'hermes.turn.assistant_response': 'There are three.',
      },
    ],
    [
      'tool',
      toolCall(),
      { 'hermes.tool.args': '{"command":"ls"}', 'hermes.tool.result': '{"output":"a b c","error":null}' },
    ],
    ['approval', approval(), { 'hermes.approval.command': 'rm -rf build' }],
    [
      'sub-agent',
      subagent(),
      { 'hermes.subagent.goal': 'count the files', 'hermes.subagent.summary': 'three files' },
    ],
    ['API call', apiCall(), {}],
    ['session', session(), {}],
    ['auxiliary call', auxiliaryCall(), {}],
  ])('%s', (_kind, span, content) => {
    const without = hermes.toSpan(span).attributes;
    expect(withContent.toSpan(span).attributes).toStrictEqual({ ...without, ...content });
  });

  test.each<[string, AgentSpan, string, number]>([
    ['user message', turn({ userMessage: 'm'.repeat(3000) }), 'hermes.turn.user_message', 500],
    ['reply', turn({ assistantResponse: 'm'.repeat(3000) }), 'hermes.turn.assistant_response', 500],
    ['arguments', toolCall({ args: 'm'.repeat(3000) }), 'hermes.tool.args', 2048],
    ['result', toolCall({ result: 'm'.repeat(3000) }), 'hermes.tool.result', 2048],
  ])('a long %s is cut', (_field, span, name, limit) => {
    expect(withContent.toSpan(span).attributes[name]).toBe('m'.repeat(limit));
  });
});
