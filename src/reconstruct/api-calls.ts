/**
 * API calls: one span for each attempt. All attempts of a logical call share `api_request_id` and `started_at`, so an
 * attempt's key comes from what ended it (its answer, its error): a log cut between two attempts gives the same ids.
 */
import type { ApiRequestError, PostApiRequest, PreApiRequest } from '../model/event.ts';
import type { ApiCallSpan, CallError, IncompleteReason } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { attemptSpan } from './api-call-span.ts';
import { spanIdOf } from './ids.ts';
import type { Fate, Output } from './output.ts';
import type { AttemptState, CallState, PresumedEnd, SessionState, State, TurnState } from './state.ts';
import { clampedEnd, isRepeat, trusted } from './times.ts';
import { addUsage } from './tokens.ts';
import { presumeToolsEnded } from './tool-calls.ts';

/** Hermes's error class for an attempt that failed without a word (before 0.16), as OpenTelemetry names the unknown. */
const UNKNOWN_ERROR: CallError = {
  type: '_OTHER',
  message: undefined,
  statusCode: undefined,
  reason: undefined,
  retryable: undefined,
  maxRetries: undefined,
};

/** An attempt begins. `session` is the one that the event names: after a rotation not the turn's own. */
export function onPreApiRequest(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: PreApiRequest,
): Fate {
  const key = callKey(event.apiRequestId, event.apiCallCount);
  const call = callOf(session, turn, key);
  if (call.open !== undefined) {
    const sameTarget = call.open.provider === event.provider && call.open.model === event.model;
    if (sameTarget && isRepeat(call.open.openedAt, event.time)) return 'merged';
    failUnanswered(state, out, turn, call, event.time);
  } else if (call.answers > 0 && call.lastEnd !== undefined && event.time <= call.lastEnd) {
    return 'merged';
  }
  const startTime = attemptStart(out, call, event);
  if (turn.currentCall !== key) presumeCallsEnded(turn, { time: startTime, reason: 'next_call' });
  presumeToolsEnded(turn, { time: startTime, reason: 'next_call' });
  turn.currentCall = key;
  turn.model ??= event.model;
  turn.provider ??= event.provider;
  call.open = {
    startTime,
    openedAt: event.time,
    attempt: call.attempts,
    sessionId: session.id,
    model: event.model,
    platform: event.platform,
    apiRequestId: event.apiRequestId,
    apiCallCount: event.apiCallCount,
    provider: event.provider,
    baseUrl: event.baseUrl,
    apiMode: event.apiMode,
    startedAt: event.startedAt,
    retryCount: event.retryCount,
    messageCount: event.messageCount,
    toolCount: event.toolCount,
    approxInputTokens: event.approxInputTokens,
    requestCharCount: event.requestCharCount,
    maxTokens: event.maxTokens,
    firstChunkAt: undefined,
    presumed: undefined,
  };
  call.attempts++;
  if (!turn.announced && startTime < turn.startTime) turn.startTime = startTime;
  return 'mapped';
}

/** The answer: it closes the open attempt, and carries the usage of the whole logical call once. */
export function onPostApiRequest(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: PostApiRequest,
): Fate {
  const call = callOf(session, turn, callKey(event.apiRequestId, event.apiCallCount));
  if (call.open === undefined && call.answers > 0) return 'merged';
  const end = trusted(out, event, event.endedAt, event.time, 'ended_at');
  const attempt = call.open ?? lostAttempt(session, call, event, end);
  const ordinal = call.answers === 0 ? [] : [String(call.answers)];
  turn.tokens = addUsage(turn.tokens, event.usage);
  if (!turn.background) session.tokens = addUsage(session.tokens, event.usage);
  turn.model ??= event.model;
  turn.provider ??= event.provider;
  const span = attemptSpan(state, turn, attempt, {
    spanId: spanIdOf('api_call', ...callParts(turn, call), 'answer', ...ordinal),
    endTime: clampedEnd(out, event, attempt.startTime, end),
    incomplete: undefined,
    error: undefined,
    answer: event,
    callDurationMicros: event.apiDurationMicros ?? end - (call.firstStart ?? attempt.startTime),
  });
  closeAttempt(out, turn, call, span);
  call.answers++;
  return 'mapped';
}

/** A failed attempt. The call goes on when Hermes tries again. */
export function onApiRequestError(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: ApiRequestError,
): Fate {
  const call = callOf(session, turn, callKey(event.apiRequestId, event.apiCallCount));
  const name = String(event.endedAt ?? event.time);
  if (call.open === undefined && isSameError(call, event, name)) return 'merged';
  const end = trusted(out, event, event.endedAt, event.time, 'ended_at');
  const attempt = call.open ?? lostAttempt(session, call, event, end);
  const span = attemptSpan(state, turn, attempt, {
    spanId: spanIdOf('api_call', ...callParts(turn, call), 'error', name),
    endTime: clampedEnd(out, event, attempt.startTime, end),
    incomplete: undefined,
    error: {
      type: event.errorType ?? (event.statusCode === undefined ? '_OTHER' : String(event.statusCode)),
      message: event.errorMessage,
      statusCode: event.statusCode,
      reason: event.reason,
      retryable: event.retryable,
      maxRetries: event.maxRetries,
    },
    answer: undefined,
  });
  call.lastError = { name, time: event.time, retryCount: event.retryCount };
  closeAttempt(out, turn, call, { ...span, retryCount: event.retryCount ?? span.retryCount });
  return 'mapped';
}

function isSameError({ lastError }: CallState, event: ApiRequestError, name: string): boolean {
  if (lastError === undefined || lastError.retryCount !== event.retryCount) return false;
  return lastError.name === name || (event.endedAt === undefined && isRepeat(lastError.time, event.time));
}

/** The first chunk of the answer to call number `callNumber` (or to the call that is open) arrived. */
export function noteFirstChunk(turn: TurnState, callNumber: number | undefined, time: EpochMicros): Fate {
  const key = turn.turnId === undefined ? `#${callNumber}` : `${turn.turnId}:api:${callNumber}`;
  const call = turn.calls.get(key) ?? turn.calls.get(turn.currentCall ?? '');
  if (call?.open === undefined) return 'unmapped';
  call.open.firstChunkAt ??= time;
  return 'mapped';
}

/** Notes that what is open must have ended by `end.time`. It is closed with the turn, unless its own end still comes. */
export function presumeCallsEnded(turn: TurnState, end: PresumedEnd): void {
  const call = turn.currentCall === undefined ? undefined : turn.calls.get(turn.currentCall);
  if (call?.open !== undefined) call.open.presumed ??= end;
}

/** Closes every open attempt of the turn as incomplete. */
export function closeOpenCalls(state: State, out: Output, turn: TurnState, reason: IncompleteReason): void {
  for (const call of turn.calls.values()) {
    const attempt = call.open;
    if (attempt === undefined) continue;
    const end = attempt.presumed ?? {
      time: later(attempt.openedAt, attempt.firstChunkAt ?? attempt.openedAt),
      reason,
    };
    const ordinal = call.answers === 0 ? [] : [String(call.answers)];
    const span = attemptSpan(state, turn, attempt, {
      // The id that its answer will have, when the rest of the log brings one.
      spanId: spanIdOf('api_call', ...callParts(turn, call), 'answer', ...ordinal),
      endTime: later(attempt.startTime, end.time),
      incomplete: end.reason,
      error: undefined,
      answer: undefined,
    });
    closeAttempt(out, turn, call, span);
  }
}

/** Before 0.16 a failed attempt leaves nothing but the next attempt's `pre`. */
function failUnanswered(
  state: State,
  out: Output,
  turn: TurnState,
  call: CallState,
  time: EpochMicros,
): void {
  if (call.open === undefined) return;
  const span = attemptSpan(state, turn, call.open, {
    spanId: spanIdOf('api_call', ...callParts(turn, call), 'unanswered', String(call.open.openedAt)),
    endTime: later(call.open.startTime, time),
    incomplete: undefined,
    error: UNKNOWN_ERROR,
    answer: undefined,
  });
  closeAttempt(out, turn, call, span);
}

function closeAttempt(out: Output, turn: TurnState, call: CallState, span: ApiCallSpan): void {
  call.open = undefined;
  call.lastEnd = span.endTime;
  turn.lastTime = later(turn.lastTime, span.endTime);
  if (turn.selected) out.spans.push(span);
}

function callKey(apiRequestId: string | undefined, apiCallCount: number | undefined): string {
  return apiRequestId ?? `#${apiCallCount}`;
}

/** What names the logical call in an id: its own id, or its turn and number where the dialect has none. */
function callParts(turn: TurnState, call: CallState): readonly string[] {
  return call.key.startsWith('#') ? [turn.key, call.key] : [call.key];
}

function callOf(session: SessionState, turn: TurnState, key: string): CallState {
  const known = turn.calls.get(key);
  if (known !== undefined) return known;
  const call: CallState = {
    key,
    attempts: 0,
    answers: 0,
    firstStart: undefined,
    lastEnd: undefined,
    lastError: undefined,
    open: undefined,
  };
  turn.calls.set(key, call);
  turn.apiCallCount++;
  if (!turn.background) session.apiCallCount++;
  return call;
}

/** The first attempt starts with the logical call (`started_at`), each later one with its own event. */
function attemptStart(out: Output, call: CallState, event: PreApiRequest): EpochMicros {
  const first = call.attempts === 0 && (event.retryCount ?? 0) === 0;
  const start = first ? trusted(out, event, event.startedAt, event.time, 'started_at') : event.time;
  call.firstStart ??= start;
  return start;
}

/** The attempt whose `pre_api_request` is not in the log, as far as its end tells. */
function lostAttempt(
  session: SessionState,
  call: CallState,
  event: PostApiRequest | ApiRequestError,
  end: EpochMicros,
): AttemptState {
  const measured = event.apiDurationMicros === undefined ? end : shift(end, -event.apiDurationMicros);
  const startTime = call.lastEnd ?? event.startedAt ?? measured;
  call.firstStart ??= startTime;
  const attempt = call.attempts++;
  return {
    startTime: startTime > end ? end : startTime,
    openedAt: event.time,
    attempt,
    sessionId: session.id,
    model: event.model,
    platform: event.platform,
    apiRequestId: event.apiRequestId,
    apiCallCount: event.apiCallCount,
    provider: event.provider,
    baseUrl: event.baseUrl,
    apiMode: event.apiMode,
    startedAt: event.startedAt,
    retryCount: event.retryCount,
    messageCount: undefined,
    toolCount: undefined,
    approxInputTokens: undefined,
    requestCharCount: undefined,
    maxTokens: undefined,
    firstChunkAt: undefined,
    presumed: undefined,
  };
}
