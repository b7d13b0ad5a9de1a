/**
 * API calls: one span for each attempt. All attempts of a logical call share `api_request_id` and `started_at`, so an
 * attempt's id comes from what ended it (its answer, its error): a log cut between two attempts gives the same ids.
 */
import type { ApiRequestError, PostApiRequest, PreApiRequest } from '../model/event.ts';
import type { ApiCallSpan, CallError, IncompleteReason } from '../model/span.ts';
import { type EpochMicros, earlier, later, shift } from '../model/time.ts';
import { settleAnswer } from './auxiliary-calls.ts';
import { spanIdOf } from './ids.ts';
import { addAnswer, cutOff, emit, includeStart, type LineOutcome, type TurnContext } from './output.ts';
import { closedUnder, derivedSpanId, rememberClosed } from './recently-closed.ts';
import {
  type AttemptState,
  type CallState,
  countUsage,
  type Open,
  type PresumedEnd,
  type TurnState,
} from './state.ts';
import { clampedEnd, differ, isRepeat, trustedTime } from './times.ts';
import { forgetPresumed, presumeToolsEnded } from './tool-calls.ts';

/** The error of an attempt that failed without a hook of its own (before 0.16). */
const UNKNOWN_ERROR: CallError = {
  type: '_OTHER',
  message: undefined,
  statusCode: undefined,
  reason: undefined,
  retryable: undefined,
  maxRetries: undefined,
};

type ApiEvent = PreApiRequest | PostApiRequest | ApiRequestError;

/** Opens an attempt. */
export function onPreApiRequest(context: TurnContext, event: PreApiRequest): LineOutcome {
  const { turn } = context;
  const call = callOf(context, event);
  if (call.open !== undefined) {
    if (isSecondPre(turn, call.open, event)) return 'merged';
    failUnanswered(context, call, event);
  } else if (call.answers > 0 && call.lastEnd !== undefined && event.time <= call.lastEnd) {
    return 'merged';
  }
  turn.fatal = false;
  const startTime = attemptStart(context, call, event);
  if (turn.currentCall !== call.key) presumeCallsEnded(turn, { time: startTime, reason: 'next_call' });
  presumeToolsEnded(turn, { time: startTime, reason: 'next_call' });
  turn.currentCall = call.key;
  noteModel(context, event);
  call.open = newAttempt(context, call, event, startTime);
  includeStart(context, startTime);
  return 'mapped';
}

/** What the turn and its session are named with: the model and the endpoint of the first call that has them. */
function noteModel({ session, turn }: TurnContext, event: PreApiRequest | PostApiRequest): void {
  turn.span.model ??= event.model;
  const { provider, baseUrl, apiMode } = event;
  if (turn.endpoint?.provider !== undefined || (provider ?? baseUrl ?? apiMode) === undefined) return;
  if (turn.endpoint !== undefined && provider === undefined) return;
  turn.endpoint = { provider, baseUrl, apiMode };
  if (session.endpoint?.provider === undefined) session.endpoint = turn.endpoint;
}

/** True when the event is the open attempt's own, from a second recorder: all is equal but the time. */
function isSecondPre(turn: TurnState, open: AttemptState, event: PreApiRequest): boolean {
  if (
    !isRepeat(open.openedAt, event.time) ||
    differ(open.startedAt, event.startedAt) ||
    REQUEST_FIELDS.some((field) => differ(open.span[field], event[field]))
  ) {
    return false;
  }
  // Before 0.16 an attempt has no number: in a log of one recorder the second is a retry.
  return event.apiRequestId !== undefined || !turn.hasPreLlmCall || turn.heardTwice;
}

const REQUEST_FIELDS = [
  'provider',
  'model',
  'baseUrl',
  'retryCount',
  'messageCount',
  'toolCount',
  'approxInputTokens',
  'requestCharCount',
  'maxTokens',
] as const;

/** Closes the open attempt with its answer, which carries the usage of the whole logical call. */
export function onPostApiRequest(context: TurnContext, event: PostApiRequest): LineOutcome {
  const { state, turn } = context;
  const call = callOf(context, event);
  if ((call.open === undefined || isSameEnd(call, event)) && isSecondAnswer(call, event)) {
    // The open attempt came from the second recorder, too. It ended no tool.
    if (call.open !== undefined) forgetPresumed(turn, call.open.span.startTime);
    call.open = undefined;
    return 'merged';
  }
  const end = trustedTime(context, event, { field: 'ended_at', time: event.endedAt });
  const attempt = call.open ?? lostAttempt(context, call, event, end);
  countUsage(context, event.usage);
  const { span } = attempt;
  answerCall(span, event);
  settleAnswer(context, span);
  noteModel(context, event);
  span.endTime = clampedEnd(context, event, span.startTime, end);
  span.callDurationMicros = event.apiDurationMicros ?? end - (call.firstStart ?? span.startTime);
  attempt.firstChunkAt = event.firstChunkAt ?? attempt.firstChunkAt;
  closeAttempt(context, call, attempt);
  call.answers++;
  const answer = { endedAt: event.endedAt, totalTokens: event.usage?.totalTokens };
  call.lastAnswer = { time: event.time, ...answer };
  rememberClosed(state, closedKey(turn, call.key), {
    startTime: span.startTime,
    endTime: call.lastEnd,
    answer,
    count: call.answers,
  });
  return 'mapped';
}

/** True for an answer of a second recorder, or delivered again. A provider may be asked again after an answer. */
function isSecondAnswer({ lastAnswer }: CallState, event: PostApiRequest): boolean {
  if (lastAnswer === undefined || differ(lastAnswer.totalTokens, event.usage?.totalTokens)) return false;
  const { time, endedAt } = lastAnswer;
  return endedAt === undefined ? isRepeat(time, event.time) : !differ(endedAt, event.endedAt);
}

/** True when both answers have the same `ended_at`, which does not depend on the clocks of the recorders. */
function isSameEnd({ lastAnswer }: CallState, { endedAt }: PostApiRequest): boolean {
  return endedAt !== undefined && endedAt === lastAnswer?.endedAt;
}

/** Closes the open attempt with its error. The call goes on when Hermes tries again. */
export function onApiRequestError(context: TurnContext, event: ApiRequestError): LineOutcome {
  const call = callOf(context, event);
  const name = String(event.endedAt ?? event.time);
  if (call.open === undefined && isSameError(call, event, name)) return 'merged';
  const end = trustedTime(context, event, { field: 'ended_at', time: event.endedAt });
  const attempt = call.open ?? lostAttempt(context, call, event, end);
  const { span } = attempt;
  span.spanId = derivedSpanId(context, event, ['api_call', ...callParts(context.turn, call), 'error', name]);
  span.endTime = clampedEnd(context, event, span.startTime, end);
  span.retryCount = event.retryCount ?? span.retryCount;
  span.error = {
    type: event.errorType ?? (event.statusCode === undefined ? '_OTHER' : String(event.statusCode)),
    message: event.errorMessage,
    statusCode: event.statusCode,
    reason: event.reason,
    retryable: event.retryable,
    maxRetries: event.maxRetries,
  };
  closeAttempt(context, call, attempt);
  context.turn.errorTime = later(event.time, end);
  context.turn.fatal = isFinal(event);
  call.lastError = { name, time: event.time, retryCount: event.retryCount, statusCode: event.statusCode };
  return 'mapped';
}

/** True when Hermes does not try again: the error is not retryable, or the retries are used up. */
function isFinal({ retryable, retryCount, maxRetries }: ApiRequestError): boolean {
  if (retryable === false) return true;
  return retryCount !== undefined && maxRetries !== undefined && retryCount + 1 >= maxRetries;
}

function isSameError({ lastError }: CallState, event: ApiRequestError, name: string): boolean {
  if (lastError === undefined || lastError.retryCount !== event.retryCount) return false;
  if (differ(lastError.statusCode, event.statusCode)) return false;
  return lastError.name === name || (event.endedAt === undefined && isRepeat(lastError.time, event.time));
}

/** Notes the first chunk of the answer to call number `callNumber`, or to the call that is open. */
export function noteFirstChunk(
  turn: TurnState,
  callNumber: number | undefined,
  time: EpochMicros,
): LineOutcome {
  const key = turn.span.turnId === undefined ? `#${callNumber}` : `${turn.span.turnId}:api:${callNumber}`;
  const call = turn.calls.get(key) ?? turn.calls.get(turn.currentCall ?? '');
  if (call?.open === undefined) return 'unmapped';
  call.open.firstChunkAt ??= time;
  return 'mapped';
}

/** Notes that the open attempt ended by `end.time`. It is closed with the turn, unless its own end still comes. */
export function presumeCallsEnded(turn: TurnState, end: PresumedEnd): void {
  const call = turn.currentCall === undefined ? undefined : turn.calls.get(turn.currentCall);
  if (call?.open !== undefined) call.open.presumed ??= end;
}

/** Closes every open attempt of the turn as incomplete, under the id of the answer that the rest of the log may bring. */
export function closeOpenCalls(context: TurnContext, reason: IncompleteReason): void {
  for (const call of context.turn.calls.values()) {
    const attempt = call.open;
    if (attempt === undefined) continue;
    cutOff(attempt, { time: later(attempt.openedAt, attempt.firstChunkAt ?? attempt.openedAt), reason });
    closeAttempt(context, call, attempt);
  }
}

/** Before 0.16 a failed attempt leaves nothing but the next attempt's `pre`. */
function failUnanswered(context: TurnContext, call: CallState, next: PreApiRequest): void {
  const attempt = call.open;
  if (attempt === undefined) return;
  const parts = ['api_call', ...callParts(context.turn, call), 'unanswered', String(attempt.openedAt)];
  attempt.span.spanId = derivedSpanId(context, next, parts);
  attempt.span.endTime = later(attempt.span.startTime, next.time);
  attempt.span.error = UNKNOWN_ERROR;
  closeAttempt(context, call, attempt);
}

/** The call of the event, with what is remembered of it when its turn was sent already. */
function callOf({ state, session, turn }: TurnContext, { apiRequestId, apiCallCount }: ApiEvent): CallState {
  const key = apiRequestId ?? `#${apiCallCount}`;
  const known = turn.calls.get(key);
  if (known !== undefined) return known;
  const answered = turn.sent ? closedUnder(state, closedKey(turn, key)) : undefined;
  const call: CallState = {
    key,
    attempts: 0,
    answers: answered?.count ?? 0,
    firstStart: undefined,
    lastEnd: answered?.endTime,
    lastError: undefined,
    lastAnswer: answered?.answer && { time: answered.endTime ?? answered.startTime, ...answered.answer },
    open: undefined,
  };
  turn.calls.set(key, call);
  if (answered !== undefined) return call;
  turn.span.apiCallCount++;
  if (!turn.span.background) session.apiCallCount++;
  return call;
}

/** What names the logical call in an id: its own id, or its turn and number where the dialect has none. */
function callParts(turn: TurnState, { key }: Pick<CallState, 'key'>): readonly string[] {
  return key.startsWith('#') ? [turn.key, key] : [key];
}

function closedKey(turn: TurnState, key: string): string {
  return `call\0${callParts(turn, { key }).join('\0')}`;
}

function answerSpanId(turn: TurnState, call: CallState): ApiCallSpan['spanId'] {
  const ordinal = call.answers === 0 ? [] : [String(call.answers)];
  return spanIdOf('api_call', ...callParts(turn, call), 'answer', ...ordinal);
}

/** The first attempt starts with the logical call (`started_at`), each later one with its own event. */
function attemptStart(context: TurnContext, call: CallState, event: PreApiRequest): EpochMicros {
  const first = call.attempts === 0 && (event.retryCount ?? 0) === 0;
  const time = first ? event.startedAt : undefined;
  const start = trustedTime(context, event, { field: 'started_at', time });
  call.firstStart ??= start;
  return start;
}

/** The attempt of which the log has only the end. */
function lostAttempt(
  context: TurnContext,
  call: CallState,
  event: PostApiRequest | ApiRequestError,
  end: EpochMicros,
): AttemptState {
  const measured = event.apiDurationMicros === undefined ? end : shift(end, -event.apiDurationMicros);
  const startTime = call.lastEnd ?? event.startedAt ?? measured;
  call.firstStart ??= startTime;
  includeStart(context, earlier(startTime, end));
  return newAttempt(context, call, event, earlier(startTime, end));
}

/** Under the id of the answer, until the log has another end. */
function newAttempt(
  { state, session, turn }: TurnContext,
  call: CallState,
  event: ApiEvent,
  startTime: EpochMicros,
): AttemptState {
  const request = event.hook === 'pre_api_request' ? event : undefined;
  const attempt = call.attempts++;
  // Written out: a literal of this size that begins with a spread costs ten times as much.
  const span: Open<ApiCallSpan> = {
    kind: 'api_call',
    traceId: turn.span.traceId,
    spanId: answerSpanId(turn, call),
    parentSpanId: turn.span.spanId,
    startTime,
    endTime: startTime,
    sessionId: session.id,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    timeSource: event.timeSource,
    apiRequestId: event.apiRequestId,
    model: event.model,
    platform: event.platform,
    provider: event.provider,
    baseUrl: event.baseUrl,
    apiMode: event.apiMode,
    callNumber: event.apiCallCount,
    retryCount: event.retryCount ?? attempt,
    messageCount: request?.messageCount,
    toolCount: request?.toolCount,
    approxInputTokens: request?.approxInputTokens,
    requestCharCount: request?.requestCharCount,
    maxTokens: request?.maxTokens,
    request: request?.request,
    callDurationMicros: undefined,
    timeToFirstChunkMicros: undefined,
    contextLength: undefined,
    error: undefined,
    answered: false,
    background: turn.span.background,
    endedAt: undefined,
    apiDurationMicros: undefined,
    finishReason: undefined,
    responseModel: undefined,
    usage: undefined,
    costUsd: undefined,
    response: undefined,
    assistantContentChars: undefined,
    assistantToolCallCount: undefined,
  };
  return {
    span,
    openedAt: event.time,
    startedAt: event.startedAt,
    firstChunkAt: undefined,
    presumed: undefined,
  };
}

/** After a fallback the answer names another model than the request did. */
function answerCall(span: Open<ApiCallSpan>, answer: PostApiRequest): void {
  span.answered = true;
  span.model = answer.model ?? span.model;
  span.provider = answer.provider ?? span.provider;
  span.baseUrl = answer.baseUrl ?? span.baseUrl;
  span.apiMode = answer.apiMode ?? span.apiMode;
  span.messageCount ??= answer.messageCount;
  span.contextLength = answer.contextLength;
  addAnswer(span, answer);
}

function closeAttempt(context: TurnContext, call: CallState, { span, firstChunkAt }: AttemptState): void {
  const { turn } = context;
  call.open = undefined;
  call.lastEnd = span.endTime;
  turn.lastTime = later(turn.lastTime, span.endTime);
  span.model ??= turn.span.model;
  span.platform ??= turn.span.platform;
  span.background = turn.span.background;
  // A chunk before the attempt is of an earlier one.
  if (firstChunkAt !== undefined && firstChunkAt >= span.startTime)
    span.timeToFirstChunkMicros = firstChunkAt - span.startTime;
  emit(context, span);
}
