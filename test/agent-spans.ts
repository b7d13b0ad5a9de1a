/** Builds `AgentSpan`s for tests: what a test does not care about has the plainest value there is. */
import { createHash } from 'node:crypto';
import type { Usage } from '../src/model/event.ts';
import type {
  AgentSpan,
  ApiCallSpan,
  ApprovalSpan,
  AuxiliaryCallSpan,
  SessionSpan,
  SpanBase,
  SpanId,
  SubagentSpan,
  ToolCallSpan,
  TraceId,
  TurnSpan,
} from '../src/model/span.ts';
import { epochMicros } from '../src/model/time.ts';

/** 2026-11-23 08:20:14 UTC: where the times of `at` begin. */
const BASE_MICROS = 1_795_422_014_000_000;

/** Where a span stands: from and to in milliseconds after the base time, and what it hangs below. */
interface Place {
  readonly at: readonly [startMillis: number, endMillis: number];
  readonly below?: Pick<SpanBase, 'traceId' | 'spanId' | 'sessionId'>;
}

type Build<T extends AgentSpan> = Place & Partial<Omit<T, 'kind' | 'startTime' | 'endTime'>>;

export function session(given: Build<SessionSpan>): SessionSpan {
  return {
    ...base('session', given),
    kind: 'session',
    model: 'claude-sonnet',
    platform: 'cli',
    completed: true,
    interrupted: false,
    turnCount: 1,
    apiCallCount: 0,
    toolCallCount: 0,
    tokens: NO_USAGE,
    previousSessionId: undefined,
    parentSessionId: undefined,
    endReason: undefined,
    ...own(given),
  };
}

export function turn(given: Build<TurnSpan>): TurnSpan {
  return {
    ...base('turn', given),
    kind: 'turn',
    turnId: undefined,
    index: 1,
    isFirstTurn: true,
    model: 'claude-sonnet',
    platform: 'cli',
    provider: 'anthropic',
    senderId: undefined,
    background: false,
    apiCallCount: 0,
    toolCallCount: 0,
    tokens: NO_USAGE,
    toolNames: [],
    toolOutcomes: {},
    inSubagent: false,
    finalStatus: 'completed',
    completed: true,
    interrupted: false,
    failed: undefined,
    exitReason: undefined,
    userMessage: undefined,
    assistantResponse: undefined,
    ...own(given),
  };
}

export function apiCall(given: Build<ApiCallSpan>): ApiCallSpan {
  return {
    ...base('api_call', given),
    kind: 'api_call',
    apiRequestId: undefined,
    model: 'claude-sonnet',
    platform: 'cli',
    provider: 'anthropic',
    baseUrl: undefined,
    apiMode: undefined,
    callNumber: 1,
    retryCount: 0,
    messageCount: undefined,
    toolCount: undefined,
    approxInputTokens: undefined,
    requestCharCount: undefined,
    maxTokens: undefined,
    callDurationMicros: undefined,
    timeToFirstChunkMicros: undefined,
    contextLength: undefined,
    error: undefined,
    answered: given.error === undefined,
    background: false,
    ...own(given),
  };
}

export function toolCall(given: Build<ToolCallSpan>): ToolCallSpan {
  return {
    ...base(`tool_call ${given.toolName}`, given),
    kind: 'tool_call',
    toolName: 'terminal',
    toolCallId: undefined,
    apiRequestId: undefined,
    status: 'ok',
    errorType: undefined,
    errorMessage: undefined,
    durationMillis: undefined,
    args: undefined,
    result: undefined,
    background: false,
    ...own(given),
  };
}

export function approval(given: Build<ApprovalSpan>): ApprovalSpan {
  return {
    ...base('approval', given),
    kind: 'approval',
    surface: 'cli',
    choice: 'once',
    granted: true,
    timedOut: undefined,
    decidedBy: undefined,
    patternKey: undefined,
    toolCallId: undefined,
    command: undefined,
    ...own(given),
  };
}

export function subagent(given: Build<SubagentSpan>): SubagentSpan {
  return {
    ...base('subagent', given),
    kind: 'subagent',
    childSessionId: undefined,
    childSubagentId: undefined,
    parentTurnId: undefined,
    role: 'leaf',
    status: 'completed',
    durationMillis: undefined,
    model: undefined,
    turnCount: 1,
    apiCallCount: 0,
    toolCallCount: 0,
    tokens: NO_USAGE,
    goal: undefined,
    summary: undefined,
    ...own(given),
  };
}

export function auxiliaryCall(given: Build<AuxiliaryCallSpan>): AuxiliaryCallSpan {
  return {
    ...base('auxiliary_call', given),
    kind: 'auxiliary_call',
    auxTask: 'title',
    apiRequestId: undefined,
    model: 'claude-haiku',
    platform: 'cli',
    provider: 'anthropic',
    baseUrl: undefined,
    apiMode: undefined,
    retryCount: 0,
    messageCount: undefined,
    streaming: undefined,
    error: undefined,
    answered: given.error === undefined,
    background: false,
    ...own(given),
  };
}

const NO_USAGE: Usage = {
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined,
  promptTokens: undefined,
  totalTokens: undefined,
};

/** Usage as a provider without a cache reports it, or with `cached` tokens read from one. */
export function usage(inputTokens: number, outputTokens: number, cached = 0): Usage {
  return {
    ...NO_USAGE,
    inputTokens,
    outputTokens,
    cacheReadTokens: cached,
    cacheWriteTokens: 0,
    promptTokens: inputTokens + cached,
    totalTokens: inputTokens + cached + outputTokens,
  };
}

/** The same spans in another order; the same `seed` gives the same order. */
export function shuffled<T>(values: readonly T[], seed: number): readonly T[] {
  const rank = (index: number) => createHash('sha256').update(`${seed} ${index}`).digest('hex');
  return values
    .map((value, index) => ({ value, rank: rank(index) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ value }) => value);
}

/** A span is known by its kind, its place and its session, unless the test gives it an id. */
function base(
  kind: string,
  { at, below, sessionId = below?.sessionId ?? 's1' }: Place & { sessionId?: string },
): SpanBase {
  return {
    traceId: below?.traceId ?? (hex(`trace ${sessionId}`, 32) as TraceId),
    spanId: hex(`${kind} ${sessionId} ${at}`, 16) as SpanId,
    parentSpanId: below?.spanId,
    startTime: epochMicros(BASE_MICROS + at[0] * 1000),
    endTime: epochMicros(BASE_MICROS + at[1] * 1000),
    sessionId,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: false,
  };
}

function own<T extends Place>(given: T): Omit<T, 'at' | 'below'> {
  const { at: _at, below: _below, ...fields } = given;
  return fields;
}

function hex(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
