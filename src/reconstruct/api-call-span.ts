import type { PostApiRequest } from '../model/event.ts';
import type { ApiCallSpan, CallError, IncompleteReason } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import type { AttemptState, State, TurnState } from './state.ts';

/** How an attempt ended. */
export interface Ending {
  readonly spanId: ApiCallSpan['spanId'];
  readonly endTime: EpochMicros;
  readonly incomplete: IncompleteReason | undefined;
  readonly error: CallError | undefined;
  readonly answer: PostApiRequest | undefined;
  /** Of the whole logical call; only with an answer. */
  readonly callDurationMicros?: number;
}

/** The finished attempt: what its `pre` said, and what its answer or its error says. */
export function attemptSpan(
  state: State,
  turn: TurnState,
  attempt: AttemptState,
  ending: Ending,
): ApiCallSpan {
  const { answer } = ending;
  const firstChunkAt = answer?.firstChunkAt ?? attempt.firstChunkAt;
  return {
    kind: 'api_call',
    traceId: turn.position.traceId,
    spanId: ending.spanId,
    parentSpanId: turn.position.spanId,
    startTime: attempt.startTime,
    endTime: ending.endTime,
    sessionId: attempt.sessionId,
    incomplete: ending.incomplete,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    apiRequestId: attempt.apiRequestId,
    // After a fallback the answer names another model than the request did.
    model: answer?.model ?? attempt.model ?? turn.model,
    platform: attempt.platform ?? turn.platform,
    provider: answer?.provider ?? attempt.provider,
    baseUrl: answer?.baseUrl ?? attempt.baseUrl,
    apiMode: answer?.apiMode ?? attempt.apiMode,
    callNumber: attempt.apiCallCount,
    retryCount: attempt.retryCount ?? attempt.attempt,
    messageCount: attempt.messageCount ?? answer?.messageCount,
    toolCount: attempt.toolCount,
    approxInputTokens: attempt.approxInputTokens,
    requestCharCount: attempt.requestCharCount,
    maxTokens: attempt.maxTokens,
    callDurationMicros: ending.callDurationMicros,
    timeToFirstChunkMicros:
      firstChunkAt === undefined ? undefined : Math.max(0, firstChunkAt - attempt.startTime),
    contextLength: answer?.contextLength,
    error: ending.error,
    answered: answer !== undefined,
    background: turn.background,
    endedAt: answer?.endedAt,
    apiDurationMicros: answer?.apiDurationMicros,
    finishReason: answer?.finishReason,
    responseModel: answer?.responseModel,
    usage: answer?.usage,
    assistantContentChars: answer?.assistantContentChars,
    assistantToolCallCount: answer?.assistantToolCallCount,
  };
}
