/** Auxiliary calls (titles, compression summaries, vision…): their tokens count, but they are no API calls of the turn. */
import type { PostAuxiliaryCall, PreAuxiliaryCall } from '../model/event.ts';
import type { ApiCallSpan, AuxiliaryCallSpan, CallError, IncompleteReason } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { addAnswer, cutOff, emit, type LineOutcome, spanBase, type TurnContext } from './output.ts';
import { hasClosed, rememberClosed } from './recently-closed.ts';
import { type AuxiliaryState, countUsage, type Open, type SessionState, type TurnState } from './state.ts';
import { clampedEnd, trustedTime } from './times.ts';

type AuxiliaryEvent = PreAuxiliaryCall | PostAuxiliaryCall;

export function onPreAuxiliaryCall(context: TurnContext, event: PreAuxiliaryCall): LineOutcome {
  const { state, session, turn } = context;
  const key = auxiliaryKey(event);
  if (turn.auxiliaryCalls.has(key) || hasClosed(state, closedKey(session, key))) return 'merged';
  const time = (event.retryCount ?? 0) === 0 ? event.startedAt : undefined;
  const start = trustedTime(context, event, { field: 'started_at', time });
  turn.auxiliaryCalls.set(key, openAuxiliary(context, key, event, start));
  return 'mapped';
}

export function onPostAuxiliaryCall(context: TurnContext, event: PostAuxiliaryCall): LineOutcome {
  const { state, session, turn } = context;
  const key = auxiliaryKey(event);
  const open = turn.auxiliaryCalls.get(key);
  if (open === undefined && hasClosed(state, closedKey(session, key))) return 'merged';
  const end = trustedTime(context, event, { field: 'ended_at', time: event.endedAt });
  const opened = shift(end, -(event.apiDurationMicros ?? 0));
  const { span } = open ?? openAuxiliary(context, key, event, opened);
  turn.auxiliaryCalls.delete(key);
  rememberClosed(state, closedKey(session, key), { startTime: span.startTime });
  span.endTime = clampedEnd(context, event, span.startTime, end);
  span.error = errorOf(event);
  addAnswer(span, event);
  span.answered = span.error === undefined;
  complete(span, turn);
  turn.lastTime = later(turn.lastTime, span.endTime);
  if (event.auxTask === AGGREGATOR && span.usage !== undefined) settleAggregator(context, span);
  else emitCounted(context, span);
  return 'mapped';
}

function emitCounted(context: TurnContext, span: AuxiliaryCallSpan): void {
  countUsage(context, span.usage);
  emit(context, span);
}

/** The request of a mixture of agents that the API hooks report as well, under the provider `moa`. */
const AGGREGATOR = 'moa_aggregator';
const AGGREGATED = 'moa';

/** Counts the aggregator's tokens once: those of its API call count, whichever of the two comes first. */
function settleAggregator(context: TurnContext, span: AuxiliaryCallSpan): void {
  const { turn } = context;
  if (turn.aggregatedAnswers === 0) {
    turn.aggregators.push(span);
    return;
  }
  turn.aggregatedAnswers--;
  emit(context, withoutUsage(span));
}

/** Settles the aggregator call of an answer to the turn. An answer without usage leaves the tokens to the aggregator. */
export function settleAnswer(context: TurnContext, { provider, usage }: Open<ApiCallSpan>): void {
  const { turn } = context;
  if (provider !== AGGREGATED || usage === undefined) return;
  const aggregator = turn.aggregators.shift();
  if (aggregator === undefined) turn.aggregatedAnswers++;
  else emit(context, withoutUsage(aggregator));
}

function withoutUsage(span: AuxiliaryCallSpan): AuxiliaryCallSpan {
  return { ...span, usage: undefined, costUsd: undefined };
}

/** Sends the aggregator calls of which no API call reports the tokens. */
export function releaseAggregators(context: TurnContext): void {
  for (const span of context.turn.aggregators.splice(0)) emitCounted(context, span);
}

/** Closes every open auxiliary call of the turn as incomplete. */
export function closeOpenAuxiliaryCalls(context: TurnContext, reason: IncompleteReason): void {
  for (const auxiliary of context.turn.auxiliaryCalls.values()) {
    cutOff(auxiliary, { time: auxiliary.span.startTime, reason });
    complete(auxiliary.span, context.turn);
    emit(context, auxiliary.span);
  }
  context.turn.auxiliaryCalls.clear();
}

function errorOf({ errorType, errorMessage }: PostAuxiliaryCall): CallError | undefined {
  if (errorType === undefined && errorMessage === undefined) return undefined;
  return {
    type: errorType ?? '_OTHER',
    message: errorMessage,
    statusCode: undefined,
    reason: undefined,
    retryable: undefined,
    maxRetries: undefined,
  };
}

/** Attempts of one auxiliary call share `api_request_id`; `retry_count` distinguishes them, in both of their events. */
function auxiliaryKey(event: AuxiliaryEvent): string {
  return `aux\0${event.apiRequestId ?? `${event.auxTask}@${event.startedAt ?? event.time}`}\0${event.retryCount ?? 0}`;
}

/** With the session: another session may have the same task at the same time. */
function closedKey(session: SessionState, key: string): string {
  return `${session.id}\0${key}`;
}

function openAuxiliary(
  { state, session, turn }: TurnContext,
  key: string,
  event: AuxiliaryEvent,
  startTime: EpochMicros,
): AuxiliaryState {
  const spanId = spanIdOf('auxiliary_call', turn.key, key);
  const position = turn.hasSpan
    ? { traceId: turn.span.traceId, spanId, parentSpanId: turn.span.spanId }
    : { traceId: traceIdOf('auxiliary_call', turn.key, key), spanId, parentSpanId: undefined };
  const span: Open<AuxiliaryCallSpan> = {
    ...spanBase(state, position, { sessionId: session.id, startTime }),
    kind: 'auxiliary_call',
    auxTask: event.auxTask,
    apiRequestId: event.apiRequestId,
    model: event.model,
    platform: event.platform,
    provider: event.provider,
    baseUrl: event.baseUrl,
    apiMode: event.apiMode,
    retryCount: event.retryCount ?? 0,
    messageCount: event.messageCount,
    streaming: event.streaming,
    request: event.hook === 'pre_auxiliary_call' ? event.request : undefined,
    error: undefined,
    answered: false,
    background: turn.span.background,
  };
  return { span, presumed: undefined };
}

/** Adds what the turn knows by now. */
function complete(span: Open<AuxiliaryCallSpan>, turn: TurnState): void {
  span.platform ??= turn.span.platform;
  span.background = turn.span.background;
}
