/** Auxiliary calls (titles, compression summaries, vision…): their tokens count, but they are no API calls of the turn. */
import type { PostAuxiliaryCall, PreAuxiliaryCall } from '../model/event.ts';
import type { AuxiliaryCallSpan, IncompleteReason } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { hasEnded, rememberEnded } from './ended.ts';
import { spanIdOf } from './ids.ts';
import type { Fate, Output } from './output.ts';
import type { AuxiliaryState, PresumedEnd, SessionState, State, TurnState } from './state.ts';
import { clampedEnd, trusted } from './times.ts';
import { addUsage } from './tokens.ts';

export function onPreAuxiliaryCall(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: PreAuxiliaryCall,
): Fate {
  const key = auxiliaryKey(event);
  if (turn.auxiliaryCalls.has(key) || hasEnded(state, endedKey(session, key))) return 'merged';
  const first = (event.retryCount ?? 0) === 0;
  const start = first ? trusted(out, event, event.startedAt, event.time, 'started_at') : event.time;
  turn.auxiliaryCalls.set(key, openAuxiliary(session, event, start));
  return 'mapped';
}

export function onPostAuxiliaryCall(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: PostAuxiliaryCall,
): Fate {
  const key = auxiliaryKey(event);
  const open = turn.auxiliaryCalls.get(key);
  if (open === undefined && hasEnded(state, endedKey(session, key))) return 'merged';
  const end = trusted(out, event, event.endedAt, event.time, 'ended_at');
  const auxiliary = open ?? openAuxiliary(session, event, shift(end, -(event.apiDurationMicros ?? 0)));
  turn.auxiliaryCalls.delete(key);
  rememberEnded(state, endedKey(session, key), auxiliary.startTime);
  turn.tokens = addUsage(turn.tokens, event.usage);
  if (!turn.background) session.tokens = addUsage(session.tokens, event.usage);
  const failed = event.errorType !== undefined || event.errorMessage !== undefined;
  const span: AuxiliaryCallSpan = {
    ...auxiliarySpan(state, turn, key, auxiliary),
    endTime: clampedEnd(out, event, auxiliary.startTime, end),
    answered: !failed,
    error: failed ? errorOf(event) : undefined,
    endedAt: event.endedAt,
    apiDurationMicros: event.apiDurationMicros,
    finishReason: event.finishReason,
    responseModel: event.responseModel,
    usage: event.usage,
    assistantContentChars: event.assistantContentChars,
    assistantToolCallCount: event.assistantToolCallCount,
  };
  turn.lastTime = later(turn.lastTime, span.endTime);
  if (turn.selected) out.spans.push(span);
  return 'mapped';
}

/** Notes that what is open must have ended by `end.time`. */
export function presumeAuxiliaryCallsEnded(turn: TurnState, end: PresumedEnd): void {
  for (const auxiliary of turn.auxiliaryCalls.values()) auxiliary.presumed ??= end;
}

/** Closes every open auxiliary call of the turn as incomplete. */
export function closeOpenAuxiliaryCalls(
  state: State,
  out: Output,
  turn: TurnState,
  reason: IncompleteReason,
): void {
  for (const [key, auxiliary] of turn.auxiliaryCalls) {
    const end = auxiliary.presumed ?? { time: auxiliary.startTime, reason };
    const endTime = later(auxiliary.startTime, end.time);
    if (turn.selected) {
      out.spans.push({ ...auxiliarySpan(state, turn, key, auxiliary), endTime, incomplete: end.reason });
    }
  }
  turn.auxiliaryCalls.clear();
}

function errorOf(event: PostAuxiliaryCall): AuxiliaryCallSpan['error'] {
  return {
    type: event.errorType ?? '_OTHER',
    message: event.errorMessage,
    statusCode: undefined,
    reason: undefined,
    retryable: undefined,
    maxRetries: undefined,
  };
}

/** Attempts of one auxiliary call share `api_request_id`; `retry_count` tells them apart, in both of their events. */
function auxiliaryKey(event: PreAuxiliaryCall | PostAuxiliaryCall): string {
  return `aux\0${event.apiRequestId ?? `${event.auxTask}@${event.startedAt ?? event.time}`}\0${event.retryCount ?? 0}`;
}

/** A task and a time alone may be those of another session too. */
function endedKey(session: SessionState, key: string): string {
  return `${session.id}\0${key}`;
}

function openAuxiliary(
  session: SessionState,
  event: PreAuxiliaryCall | PostAuxiliaryCall,
  startTime: EpochMicros,
): AuxiliaryState {
  return {
    startTime,
    sessionId: session.id,
    auxTask: event.auxTask,
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
    streaming: event.streaming,
    presumed: undefined,
  };
}

function auxiliarySpan(
  state: State,
  turn: TurnState,
  key: string,
  auxiliary: AuxiliaryState,
): AuxiliaryCallSpan {
  return {
    kind: 'auxiliary_call',
    traceId: turn.position.traceId,
    spanId: spanIdOf('auxiliary_call', turn.key, key),
    parentSpanId: turn.position.spanId,
    startTime: auxiliary.startTime,
    endTime: auxiliary.startTime,
    sessionId: auxiliary.sessionId,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    auxTask: auxiliary.auxTask,
    apiRequestId: auxiliary.apiRequestId,
    model: auxiliary.model,
    platform: auxiliary.platform ?? turn.platform,
    provider: auxiliary.provider,
    baseUrl: auxiliary.baseUrl,
    apiMode: auxiliary.apiMode,
    retryCount: auxiliary.retryCount ?? 0,
    messageCount: auxiliary.messageCount,
    streaming: auxiliary.streaming,
    error: undefined,
    answered: false,
    background: turn.background,
  };
}
