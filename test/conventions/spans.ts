import type { AnswerFields, Usage } from '../../src/model/event.ts';
import type { RequestFacts, ResponseFacts } from '../../src/model/message.ts';
import type {
  ApiCallSpan,
  ApprovalSpan,
  AuxiliaryCallSpan,
  CallError,
  SessionSpan,
  SpanBase,
  SpanId,
  SubagentSpan,
  ToolCallSpan,
  TraceId,
  TurnSpan,
} from '../../src/model/span.ts';
import { epochMicros } from '../../src/model/time.ts';

/** Spans with every field filled in; a test overrides what its claim is about. */

export const TRACE_ID = '0af7651916cd43dd8448eb211c80319c' as TraceId;
export const SPAN_ID = 'b7ad6b7169203331' as SpanId;
export const PARENT_ID = '00f067aa0ba902b7' as SpanId;
export const START = epochMicros(1_789_467_301_123_456);
/** Exactly two seconds later: a whole number that still has to be a double. */
export const END = epochMicros(1_789_467_303_123_456);

const base: SpanBase = {
  traceId: TRACE_ID,
  spanId: SPAN_ID,
  parentSpanId: PARENT_ID,
  startTime: START,
  endTime: END,
  sessionId: '20260915_101500_a1b2c3',
  incomplete: undefined,
  links: [],
  events: [],
  syntheticTime: false,
};

const usage: Usage = {
  inputTokens: 120,
  outputTokens: 48,
  cacheReadTokens: 9000,
  cacheWriteTokens: 30,
  reasoningTokens: 7,
  promptTokens: 9150,
  totalTokens: 9198,
};

export const noUsage: Usage = {
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined,
  promptTokens: undefined,
  totalTokens: undefined,
};

export const rateLimit: CallError = {
  type: 'RateLimitError',
  message: 'Error code: 429 - slow down',
  statusCode: 429,
  reason: 'rate_limit',
  retryable: true,
  maxRetries: 3,
};

/** What an attempt without an answer lacks. */
export const unanswered = {
  answered: false,
  endedAt: undefined,
  apiDurationMicros: undefined,
  finishReason: undefined,
  responseModel: undefined,
  usage: undefined,
  assistantContentChars: undefined,
  assistantToolCallCount: undefined,
  costUsd: undefined,
  response: undefined,
} satisfies { readonly answered: boolean } & { readonly [K in keyof AnswerFields]: undefined };

const answer: AnswerFields = {
  endedAt: END,
  apiDurationMicros: 2_000_000,
  finishReason: 'tool_calls',
  responseModel: 'claude-sonnet-4-6-20260217',
  usage,
  assistantContentChars: 0,
  assistantToolCallCount: 1,
  costUsd: undefined,
  response: undefined,
};

export function session(fields: Partial<SessionSpan> = {}): SessionSpan {
  return {
    ...base,
    kind: 'session',
    parentSpanId: undefined,
    model: 'claude-sonnet-4-6',
    platform: 'cli',
    completed: true,
    interrupted: false,
    turnCount: 2,
    apiCallCount: 5,
    toolCallCount: 3,
    tokens: usage,
    previousSessionId: '20260915_100000_000001',
    parentSessionId: '20260915_090000_000002',
    endReason: 'new_session',
    ...fields,
  };
}

export function turn(fields: Partial<TurnSpan> = {}): TurnSpan {
  return {
    ...base,
    kind: 'turn',
    turnId: '20260915_101500_a1b2c3:task:5f0e9d11',
    index: 1,
    isFirstTurn: true,
    model: 'claude-sonnet-4-6',
    platform: 'cli',
    provider: 'xai',
    senderId: 'user-17',
    background: false,
    apiCallCount: 2,
    toolCallCount: 4,
    tokens: usage,
    toolNames: ['terminal', 'read_file'],
    toolOutcomes: { blocked: 1, ok: 3 },
    inSubagent: false,
    finalStatus: 'completed',
    completed: true,
    interrupted: false,
    failed: false,
    exitReason: 'text_response(stop)',
    userMessage: 'list the files',
    assistantResponse: 'There are three.',
    ...fields,
  };
}

export function apiCall(fields: Partial<ApiCallSpan> = {}): ApiCallSpan {
  return {
    ...base,
    ...answer,
    kind: 'api_call',
    apiRequestId: '20260915_101500_a1b2c3:task:5f0e9d11:api:1',
    model: 'claude-sonnet-4-6',
    platform: 'cli',
    provider: 'xai',
    baseUrl: 'https://user:pass@api.example.com:8443/v1?key=1',
    apiMode: 'anthropic_messages',
    callNumber: 1,
    retryCount: 0,
    messageCount: 2,
    toolCount: 28,
    approxInputTokens: 9120,
    requestCharCount: 36480,
    maxTokens: 16384,
    callDurationMicros: 5_000_000,
    timeToFirstChunkMicros: 1_000_000,
    contextLength: 200000,
    error: undefined,
    answered: true,
    background: false,
    ...fields,
  };
}

export function failedCall(fields: Partial<ApiCallSpan> = {}): ApiCallSpan {
  return apiCall({
    ...unanswered,
    error: rateLimit,
    retryCount: 0,
    callDurationMicros: undefined,
    timeToFirstChunkMicros: undefined,
    contextLength: undefined,
    ...fields,
  });
}

export function toolCall(fields: Partial<ToolCallSpan> = {}): ToolCallSpan {
  return {
    ...base,
    kind: 'tool_call',
    toolName: 'terminal',
    toolCallId: 'toolu_01',
    apiRequestId: '20260915_101500_a1b2c3:task:5f0e9d11:api:1',
    status: 'ok',
    errorType: undefined,
    errorMessage: undefined,
    durationMillis: 2000,
    args: '{"command":"ls"}',
    result: '{"output":"a b c","error":null}',
    background: false,
    ...fields,
  };
}

export function approval(fields: Partial<ApprovalSpan> = {}): ApprovalSpan {
  return {
    ...base,
    kind: 'approval',
    surface: 'smart',
    choice: 'smart_approve',
    granted: true,
    timedOut: false,
    decidedBy: 'aux_llm',
    patternKey: 'recursive_delete',
    toolCallId: 'toolu_02',
    command: 'rm -rf build',
    ...fields,
  };
}

export function subagent(fields: Partial<SubagentSpan> = {}): SubagentSpan {
  return {
    ...base,
    kind: 'subagent',
    childSessionId: '20260915_101510_c0ffee',
    childSubagentId: 'sa-0-1f2e3d4c',
    parentTurnId: '20260915_101500_a1b2c3:task:5f0e9d11',
    role: 'leaf',
    status: 'completed',
    durationMillis: 2000,
    model: 'claude-haiku-4-5',
    provider: 'anthropic',
    turnCount: 1,
    apiCallCount: 2,
    toolCallCount: 1,
    tokens: usage,
    goal: 'count the files',
    summary: 'three files',
    ...fields,
  };
}

export function auxiliaryCall(fields: Partial<AuxiliaryCallSpan> = {}): AuxiliaryCallSpan {
  return {
    ...base,
    ...answer,
    kind: 'auxiliary_call',
    auxTask: 'title',
    apiRequestId: 'aux-1f2e3d4c',
    model: 'gemini-3-flash',
    platform: 'cli',
    provider: 'openrouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    apiMode: 'chat_completions',
    finishReason: 'stop',
    responseModel: 'gemini-3-flash',
    assistantToolCallCount: 0,
    retryCount: 0,
    messageCount: 2,
    streaming: false,
    error: undefined,
    answered: true,
    background: false,
    ...fields,
  };
}

/** What a call cost, by the price table. */
export const cost = { usd: 0.00363, inputUsd: 0.00306, outputUsd: 0.00057, source: 'genai-prices 0.1.8' };

/** A request and its answer as the log has them: a tool was called before, and is called again. */
export const request: RequestFacts = {
  streaming: true,
  reasoningLevel: 'high',
  systemInstructions: 'You are Hermes.',
  messages: [
    { role: 'user', parts: [{ kind: 'text', text: 'list the files' }] },
    {
      role: 'assistant',
      parts: [
        { kind: 'reasoning', text: 'I should look.' },
        { kind: 'tool_call', id: 'toolu_00', name: 'terminal', args: { command: 'ls' } },
      ],
    },
    { role: 'tool', parts: [{ kind: 'tool_result', id: 'toolu_00', text: 'a b c' }] },
  ],
  tools: [{ name: 'terminal', description: 'Runs a command.', parameters: { type: 'object' } }],
};

export const response: ResponseFacts = {
  id: 'msg_01',
  upstreamProvider: undefined,
  messages: [
    {
      role: 'assistant',
      parts: [
        { kind: 'text', text: 'One more look.' },
        { kind: 'tool_call', id: 'toolu_01', name: 'terminal', args: { command: 'ls -l' } },
      ],
    },
  ],
};

/** One full span of every kind. */
export const ALL = [
  session(),
  turn(),
  apiCall(),
  toolCall(),
  approval(),
  subagent(),
  auxiliaryCall(),
] as const;
