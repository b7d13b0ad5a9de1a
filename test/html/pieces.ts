import type { ApprovalSpan, SpanBase, SpanId, TokenSums, TraceId } from '../../src/model/span.ts';
import { type EpochMicros, epochMicros } from '../../src/model/time.ts';
import type { Random } from './random.ts';

/** What every span of one session repeats. */
export interface Ids {
  readonly sessionId: string;
  readonly trace: TraceId;
  readonly turnId: string | undefined;
}

/** Micros. */
export const SECOND = 1_000_000;

export const NO_TOKENS: TokenSums = {
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined,
  promptTokens: undefined,
  totalTokens: undefined,
};

export function spanId(digits: string): SpanId {
  return digits as SpanId;
}

export function traceId(digits: string): TraceId {
  return digits as TraceId;
}

export function baseOf(
  ids: Ids,
  id: SpanId,
  parentSpanId: SpanId | undefined,
  startTime: EpochMicros,
  endTime: EpochMicros,
): SpanBase {
  return {
    traceId: ids.trace,
    spanId: id,
    parentSpanId,
    startTime,
    endTime,
    sessionId: ids.sessionId,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: false,
  };
}

export function addTokens(a: TokenSums, b: TokenSums): TokenSums {
  return {
    inputTokens: plus(a.inputTokens, b.inputTokens),
    outputTokens: plus(a.outputTokens, b.outputTokens),
    cacheReadTokens: plus(a.cacheReadTokens, b.cacheReadTokens),
    cacheWriteTokens: plus(a.cacheWriteTokens, b.cacheWriteTokens),
    reasoningTokens: plus(a.reasoningTokens, b.reasoningTokens),
    promptTokens: plus(a.promptTokens, b.promptTokens),
    totalTokens: plus(a.totalTokens, b.totalTokens),
  };
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : a + (b ?? 0);
}

export function approvalSpan(
  ids: Ids,
  random: Random,
  parent: SpanId,
  toolCallId: string,
  start: number,
  end: number,
): ApprovalSpan {
  const granted = random.chance(0.8);
  return {
    ...baseOf(ids, spanId(random.hex(16)), parent, epochMicros(start), epochMicros(end)),
    kind: 'approval',
    surface: 'cli',
    choice: granted ? 'once' : 'deny',
    granted,
    timedOut: false,
    decidedBy: 'user',
    patternKey: 'rm -rf',
    toolCallId,
    command: undefined,
  };
}
