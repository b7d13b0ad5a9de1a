/** The output of a reconstruction: finished spans, diagnostics, and the outcome of each event. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { AnswerFields } from '../model/event.ts';
import type { LineRef } from '../model/line.ts';
import type { AgentSpan, ApiCallSpan, AuxiliaryCallSpan, SpanBase, TimeSource } from '../model/span.ts';
import { type EpochMicros, earlier, later } from '../model/time.ts';
import type { Open, Position, PresumedEnd, SessionState, State, TurnState } from './state.ts';

/** What one or more steps produced. */
export interface Output {
  readonly spans: AgentSpan[];
  readonly diagnostics: Diagnostic[];
  readonly lines: LineCounts;
  /** Where the merged events are, when the caller gives a list. */
  readonly merged?: LineRef[];
}

/** Events by outcome. Each event is counted once. */
export interface LineCounts {
  /** Became a span or a part of one. */
  mapped: number;
  /** Repeated what another event had reported. */
  merged: number;
  /** Known hooks that are no part of a span. */
  unmapped: number;
  /** Events of no known session. */
  unplaced: number;
  /** Events of a turn that the filters left out. */
  filtered: number;
}

export type LineOutcome = keyof LineCounts;

/** What every function of the reconstruction works on. */
export interface Context {
  readonly state: State;
  readonly out: Output;
}

export interface SessionContext extends Context {
  readonly session: SessionState;
}

/** `session` is the session that the event names: after a rotation it is not the one in which the turn began. */
export interface TurnContext extends SessionContext {
  readonly turn: TurnState;
}

export function createOutput(): Output {
  return {
    spans: [],
    diagnostics: [],
    lines: { mapped: 0, merged: 0, unmapped: 0, unplaced: 0, filtered: 0 },
  };
}

/** Adds a span of the turn to the output, unless the filters left the turn out. Held until the turn's origin is certain. */
export function emit({ out, turn }: TurnContext, span: AgentSpan): void {
  if (turn.selected) (turn.certain ? out.spans : turn.held).push(span);
}

/** A turn without a `pre_llm_call` begins no later than what is inside it, and its session no later than the turn. */
export function includeStart({ session, turn }: TurnContext, startTime: EpochMicros): void {
  if (turn.hasPreLlmCall || turn.sent || startTime >= turn.span.startTime) return;
  turn.span.startTime = startTime;
  session.startTime = earlier(session.startTime, startTime);
}

/** Adds the fields that only an answer has. */
export function addAnswer(span: Open<ApiCallSpan | AuxiliaryCallSpan>, answer: AnswerFields): void {
  span.endedAt = answer.endedAt;
  span.apiDurationMicros = answer.apiDurationMicros;
  span.finishReason = answer.finishReason;
  span.responseModel = answer.responseModel;
  span.usage = answer.usage;
  span.costUsd = answer.costUsd;
  span.response = answer.response;
  span.assistantContentChars = answer.assistantContentChars;
  span.assistantToolCallCount = answer.assistantToolCallCount;
}

/** Ends an open span where its end was presumed, else at `last`. */
export function cutOff({ span, presumed }: Unended, last: PresumedEnd): void {
  const { time, reason } = presumed ?? last;
  span.endTime = later(span.startTime, time);
  span.incomplete = reason;
}

interface Unended {
  readonly span: Open<SpanBase>;
  readonly presumed: PresumedEnd | undefined;
}

interface Opened {
  readonly sessionId: string;
  readonly startTime: EpochMicros;
  readonly timeSource?: TimeSource | undefined;
}

/** The fields that all spans share. The end is the start, until the caller sets it. */
export function spanBase({ options }: State, position: Position, opened: Opened): SpanBase {
  const { sessionId, startTime, timeSource } = opened;
  const base = {
    traceId: position.traceId,
    spanId: position.spanId,
    parentSpanId: position.parentSpanId,
    startTime,
    endTime: startTime,
    sessionId,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: options.syntheticTime,
  };
  return timeSource === undefined ? base : { ...base, timeSource };
}
