/** The ends of a turn: its own, the next turn, an error that is not retried, the end of its session, and silence. */
import type { HookEvent } from '../model/event.ts';
import type { FinalStatus, IncompleteReason, TurnSpan } from '../model/span.ts';
import { type EpochMicros, earlier, later, shift } from '../model/time.ts';
import { closeOpenCalls, presumeCallsEnded } from './api-calls.ts';
import { closeOpenApprovals } from './approvals.ts';
import { closeOpenAuxiliaryCalls, releaseAggregators } from './auxiliary-calls.ts';
import { type Context, emit, type SessionContext, type TurnContext } from './output.ts';
import { rememberClosed } from './recently-closed.ts';
import { endsWithLastEvent, releaseHeld } from './reviews.ts';
import { sendSession } from './sessions.ts';
import {
  type Open,
  openTurnKey,
  openTurnUnder,
  type SessionState,
  type State,
  type TurnState,
  type Wait,
} from './state.ts';
import { closeOpenTools, presumeToolsEnded } from './tool-calls.ts';

/** A turn with an id has hooks of its own that end it, and two turns of one session may run at the same time. */
export function isClosedByNext(turn: TurnState): boolean {
  if (turn.span.background || turn.outside) return false;
  if (turn.span.turnId === undefined) return true;
  return turn.fatal && turn.errorTime !== undefined && turn.lastTime <= turn.errorTime;
}

/** True when the turn's last event is an API error, after which Hermes did not try again or never would. */
function endedByError(session: SessionState, turn: TurnState): boolean {
  if (turn.errorTime === undefined || turn.lastTime > turn.errorTime) return false;
  return turn.fatal || isSuperseded(session, turn);
}

/** A turn with a `post_llm_call` waits this long for its `on_session_end`, which not everybody records. */
export const ENDED_WAIT_MICROS = 30_000_000;
/** Late children of an ended turn, and the end of a turn in a session that was finalized, are awaited this long. */
export const LATE_WAIT_MICROS = 300_000_000;

/** Lets a turn that no hook ends close soon after its last event. */
export function waitForRest(state: State, turn: TurnState, from: EpochMicros): void {
  if (!turn.sent && endsWithLastEvent(turn))
    waitForLateEvents(state, turn, { from, micros: ENDED_WAIT_MICROS });
}

/** Lets the turn close by itself when no more events of it come. */
export function waitForLateEvents(state: State, turn: TurnState, wait: Wait): void {
  turn.wait = wait;
  state.expiring.set(openTurnKey(turn), true);
  state.nextExpiry = earlier(state.nextExpiry, shift(wait.from, wait.micros));
}

/** Later while something in the turn is open. */
function dueTime(turn: TurnState, { from, micros }: Wait): EpochMicros {
  return shift(later(turn.lastTime, from), hasOpenChildren(turn) ? LATE_WAIT_MICROS : micros);
}

/** Closes the turns of the session for which late events were awaited long enough, but not the one of this event. */
export function closeExpiredTurns(context: SessionContext, event: HookEvent): void {
  for (const turn of context.session.turns.values()) {
    if (turn.wait === undefined || isOwn(turn, event) || dueTime(turn, turn.wait) >= event.time) continue;
    closeTurn({ ...context, turn }, 'session_end');
  }
}

/** True for the late end that was awaited. */
function isOwn(turn: TurnState, { hook, turnId }: HookEvent): boolean {
  return turn.span.turnId === undefined ? hook === 'on_session_end' : turn.span.turnId === turnId;
}

/** The same in all sessions, for a live log: in a finite one the order of other sessions' lines must not matter. */
export function closeAllExpiredTurns(context: Context, now: EpochMicros): void {
  const { state } = context;
  if (now < state.nextExpiry || state.options.sessionSpans === 'at_finish') return;
  state.nextExpiry = Number.MAX_SAFE_INTEGER as EpochMicros;
  for (const key of state.expiring.keys()) {
    const found = openTurnUnder(state, key);
    if (found?.turn.wait === undefined) {
      state.expiring.delete(key);
      continue;
    }
    const due = dueTime(found.turn, found.turn.wait);
    if (due < now) closeTurn({ ...context, ...found }, 'session_end');
    else state.nextExpiry = earlier(state.nextExpiry, due);
  }
}

/** Sends the turn, which ended at `time`. It stays while the ends of its children are awaited. */
export function endTurn(context: TurnContext, time: EpochMicros): void {
  const { turn } = context;
  turn.endTime ??= time;
  turn.lastTime = later(turn.lastTime, time);
  presumeChildrenEnded(turn, turn.endTime);
  if (!turn.certain) releaseHeld(context);
  releaseAggregators(context);
  sendTurn(context, undefined);
  if (hasOpenChildren(turn)) {
    waitForLateEvents(context.state, turn, { from: time, micros: LATE_WAIT_MICROS });
  } else forgetTurn(context);
}

/**
 * Closes the turn and all that is open in it. A turn with a `post_llm_call` is whole, and so is one that ended with an
 * error; any other is incomplete and ends with the last thing known to have happened inside it. The reason is
 * `next_turn` when the session had gone on to another turn.
 */
export function closeTurn(context: TurnContext, because: IncompleteReason): void {
  const { session, turn } = context;
  if (turn.endTime === undefined && endedByError(session, turn)) {
    turn.endTime = turn.lastTime;
    turn.span.failed = true;
  }
  if (endsWithLastEvent(turn) && !hasOpenChildren(turn)) turn.endTime ??= turn.lastTime;
  const whole = turn.endTime !== undefined;
  const reason = isSuperseded(session, turn) ? 'next_turn' : because;
  if (turn.endTime !== undefined) presumeChildrenEnded(turn, turn.endTime);
  if (!turn.certain) releaseHeld(context);
  closeOpenCalls(context, reason);
  closeOpenTools(context, reason);
  closeOpenApprovals(context, reason);
  closeOpenAuxiliaryCalls(context, reason);
  releaseAggregators(context);
  sendTurn(context, whole ? undefined : reason);
  forgetTurn(context);
}

/** True when nothing happened in the turn since the session's next one began. */
export function isSuperseded({ latestTurn }: SessionState, turn: TurnState): boolean {
  if (latestTurn === undefined || turn.span.background || latestTurn.key === turn.key) return false;
  return turn.lastTime <= latestTurn.startTime;
}

/** True when the turn would be cut off by an end of its session. */
export function isCutOff(session: SessionState, turn: TurnState): boolean {
  if (turn.sent || turn.span.background || turn.endTime !== undefined) return false;
  return !endedByError(session, turn) && !isSuperseded(session, turn);
}

/** Closes the turns without an id, when an event shows that the next one began. */
export function closeOverTurns(context: SessionContext): void {
  for (const turn of context.session.turns.values()) {
    if (!turn.sent && isClosedByNext(turn)) closeTurn({ ...context, turn }, 'next_turn');
  }
}

/** Closes every turn of the session. */
export function closeTurns(context: SessionContext, reason: IncompleteReason): void {
  for (const turn of context.session.turns.values()) closeTurn({ ...context, turn }, reason);
}

/** Notes that what is open ended with the turn, unless its own end still comes. */
function presumeChildrenEnded(turn: TurnState, time: EpochMicros): void {
  const end = { time, reason: 'turn_end' } as const;
  presumeCallsEnded(turn, end);
  presumeToolsEnded(turn, end);
  for (const approval of turn.approvals) approval.presumed ??= end;
  for (const auxiliary of turn.auxiliaryCalls.values()) auxiliary.presumed ??= end;
}

export function hasOpenChildren(turn: TurnState): boolean {
  if (turn.tools.length > 0 || turn.approvals.length > 0 || turn.auxiliaryCalls.size > 0) return true;
  for (const call of turn.calls.values()) if (call.open !== undefined) return true;
  return false;
}

function sendTurn(context: TurnContext, reason: IncompleteReason | undefined): void {
  const { session, turn } = context;
  if (turn.sent) return;
  turn.sent = true;
  if (!turn.span.background) {
    session.completed = turn.span.completed ?? session.completed;
    session.interrupted = turn.span.interrupted ?? session.interrupted;
    session.userMessage ??= turn.span.userMessage;
    session.assistantResponse = turn.span.assistantResponse ?? session.assistantResponse;
  }
  const span = turnSpan(context, reason);
  // A session ends no earlier than its turns, also one that was finalized while the turn ran.
  if (!turn.span.background) {
    session.lastTime = later(session.lastTime, span.endTime);
    if (session.endTime !== undefined) session.endTime = later(session.endTime, span.endTime);
  }
  emit(context, span);
}

function forgetTurn(context: TurnContext): void {
  const { state, session, turn } = context;
  session.turns.delete(turn.key);
  if (turn.span.turnId !== undefined) state.turnSessions.delete(turn.span.turnId);
  state.openTurns.delete(openTurnKey(turn));
  state.expiring.delete(openTurnKey(turn));
  rememberClosed(state, turn.key, { startTime: turn.span.startTime, traceId: turn.span.traceId });
  if (session.turns.size > 0) return;
  state.quiet.set(session.id, true);
  if (session.endTime !== undefined && state.options.sessionSpans === 'at_end') sendSession(context);
}

/** A copy of the turn so far, as late events still change its state. `reason`: why it is incomplete; `undefined` when it is whole. */
export function turnSpan(
  { session, turn }: Pick<TurnContext, 'session' | 'turn'>,
  reason: IncompleteReason | undefined,
): TurnSpan {
  const { endpoint, tools } = turn;
  const span: Open<TurnSpan> = { ...turn.span };
  span.endTime = later(span.startTime, turn.endTime ?? turn.lastTime);
  span.incomplete = reason;
  span.model ??= session.model;
  span.platform ??= session.platform;
  span.profile ??= session.profile;
  span.provider = endpoint?.provider;
  span.baseUrl = endpoint?.baseUrl;
  span.apiMode = endpoint?.apiMode;
  span.inSubagent = session.subagent !== undefined;
  span.finalStatus = finalStatusOf(span, reason);
  span.events = [...span.events];
  span.toolNames = [...span.toolNames];
  // Open tool calls count as incomplete.
  span.toolCallCount += tools.filter((tool) => tool.span.parentSpanId === span.spanId).length;
  const incomplete = (span.toolOutcomes.incomplete ?? 0) + tools.length;
  span.toolOutcomes = { ...span.toolOutcomes, ...(incomplete > 0 && { incomplete }) };
  return span;
}

function finalStatusOf(turn: TurnSpan, reason: IncompleteReason | undefined): FinalStatus {
  if (turn.failed === true) return 'failed';
  if (turn.interrupted === true) return 'interrupted';
  if (reason !== undefined) return 'incomplete';
  return turn.completed === false ? 'incomplete' : 'completed';
}
