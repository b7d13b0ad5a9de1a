/** Turns: from `pre_llm_call` to `post_llm_call`, or to `on_session_end` without one. What closes a turn early is in `closeTurn`. */
import type { HookEvent, PreLlmCall } from '../model/event.ts';
import type { IncompleteReason } from '../model/span.ts';
import { type EpochMicros, later } from '../model/time.ts';
import { closeOpenCalls, presumeCallsEnded } from './api-calls.ts';
import { closeOpenApprovals, presumeApprovalsEnded } from './approvals.ts';
import { closeOpenAuxiliaryCalls, presumeAuxiliaryCallsEnded } from './auxiliary-calls.ts';
import { endedUnder, rememberEnded } from './ended.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import type { Output } from './output.ts';
import { positionOf } from './sessions.ts';
import type { Position, SessionState, State, TurnState } from './state.ts';
import { NO_TOKENS } from './tokens.ts';
import { closeOpenTools, presumeToolsEnded } from './tool-calls.ts';
import { turnSpan } from './turn-span.ts';

/**
 * Opens the turn that `event` belongs to: its own `pre_llm_call`, or the first event inside it. A `late` one has been
 * sent already and only gathers children that come after its end.
 */
export function openTurn(state: State, session: SessionState, event: HookEvent, late: boolean): TurnState {
  const key = event.turnId ?? `${session.id}@${event.hook}@${event.time}`;
  const background = isBackground(session, event);
  const position = placeTurn(state, session, key);
  const selected = isSelected(state, session, event);
  const turn: TurnState = {
    key,
    turnId: event.turnId,
    sessionId: session.id,
    latestSessionId: session.id,
    position,
    index: background || late ? undefined : session.turnCount + 1,
    background,
    selected,
    previousTurn: state.options.tracePer === 'turn' ? session.previousTurn : undefined,
    announced: false,
    taskId: event.taskId,
    startTime: event.time,
    lastTime: event.time,
    endTime: undefined,
    isFirstTurn: undefined,
    model: event.model,
    platform: event.platform ?? session.platform,
    provider: undefined,
    senderId: undefined,
    completed: undefined,
    interrupted: undefined,
    failed: undefined,
    exitReason: undefined,
    userMessage: undefined,
    assistantResponse: undefined,
    sent: late,
    calls: new Map(),
    currentCall: undefined,
    tools: [],
    approvals: [],
    auxiliaryCalls: new Map(),
    events: [],
    apiCallCount: 0,
    toolCallCount: 0,
    tokens: NO_TOKENS,
    toolNames: [],
    toolOutcomes: {},
  };
  if (event.hook === 'pre_llm_call') announce(turn, event);
  if (!late) {
    // The session speaks again: its span leaves again, whole, when it ends.
    session.sent = false;
    session.endTime = undefined;
    session.incomplete = undefined;
    if (!background) countTurn(session, event.taskId);
  }
  if (selected) session.selected = true;
  session.turns.set(key, turn);
  state.quiet.delete(session.id);
  if (turn.turnId !== undefined) state.turnSessions.set(turn.turnId, session.id);
  state.openTurns.set(openTurnKey(turn), true);
  return turn;
}

/** Fills in what only `pre_llm_call` says. */
export function announce(turn: TurnState, event: PreLlmCall): void {
  turn.announced = true;
  turn.isFirstTurn = event.isFirstTurn;
  turn.senderId = event.senderId;
  turn.userMessage = event.userMessage;
  turn.model ??= event.model;
}

function countTurn(session: SessionState, taskId: string | undefined): void {
  session.turnCount++;
  if (taskId !== undefined) rememberTask(session, taskId);
}

export function rememberTask(session: SessionState, taskId: string): void {
  if (!session.tasks.includes(taskId)) session.tasks.push(taskId);
}

/**
 * A background review fork has the session's id but a task of its own: neither the session id nor a task of its
 * ordinary turns (seen in 0.16 and 0.19). A resumed `hermes -z` has a new task too, so a user message that does not
 * open as the review prompt does says that it is an ordinary turn.
 */
function isBackground(session: SessionState, event: HookEvent): boolean {
  const reviewPrompt = event.hook === 'pre_llm_call' ? event.reviewPrompt : undefined;
  if (event.taskId === undefined) return reviewPrompt === true && session.turnCount > 0;
  if (event.taskId === session.id || session.tasks.includes(event.taskId)) return false;
  if (reviewPrompt !== undefined) return reviewPrompt;
  return session.tasks.length > 0;
}

function placeTurn(state: State, session: SessionState, key: string): Position {
  const above = positionOf(state, session);
  const spanId = turnSpanId(key);
  if (state.options.tracePer === 'session' || session.subagent !== undefined) {
    return { traceId: above.traceId, spanId, parentSpanId: above.spanId };
  }
  return { traceId: traceIdOf('turn', key), spanId, parentSpanId: undefined };
}

/**
 * True when this turn has ended and left, as far as is remembered: what comes now is a late child of it. A session that was
 * forgotten meanwhile may have come back in another trace, where the turn's span is not.
 */
export function turnHasLeft(state: State, session: SessionState, turnId: string): boolean {
  const ended = endedUnder(state, turnId);
  return ended !== undefined && ended.traceId === placeTurn(state, session, turnId).traceId;
}

/** The turn's span id follows from its key alone, so a late child finds a parent that was sent long ago. */
export function turnSpanId(key: string): TurnState['position']['spanId'] {
  return spanIdOf('turn', key);
}

function isSelected(state: State, session: SessionState, event: HookEvent): boolean {
  const subagent = session.subagent === undefined ? undefined : state.subagents.get(session.subagent);
  if (subagent !== undefined) return subagent.selected;
  const facts = {
    sessionId: session.id,
    startTime: event.time,
    model: event.model ?? session.model,
    platform: event.platform ?? session.platform,
  };
  return state.options.selectTurn?.(facts) ?? true;
}

/** The turn's end is in the log, at `time`: it leaves. Children whose end is still awaited stay behind for a while. */
export function endTurn(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  time: EpochMicros,
): void {
  turn.endTime ??= time;
  turn.lastTime = later(turn.lastTime, time);
  presumeChildrenEnded(turn, turn.endTime);
  sendTurn(state, out, session, turn, undefined);
  if (!hasOpenChildren(turn)) forgetTurn(state, session, turn);
}

/**
 * Closes the turn and all that is open in it. A turn whose `post_llm_call` was seen is whole; any other is
 * incomplete with `reason`, and ends with the last thing known to have happened inside it.
 */
export function closeTurn(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  reason: IncompleteReason,
): void {
  const whole = turn.endTime !== undefined;
  if (turn.endTime !== undefined) presumeChildrenEnded(turn, turn.endTime);
  closeOpenCalls(state, out, turn, reason);
  closeOpenTools(state, out, session, turn, reason);
  closeOpenApprovals(state, out, turn, reason);
  closeOpenAuxiliaryCalls(state, out, turn, reason);
  sendTurn(state, out, session, turn, whole ? undefined : reason);
  forgetTurn(state, session, turn);
}

function presumeChildrenEnded(turn: TurnState, time: EpochMicros): void {
  const end = { time, reason: 'turn_end' } as const;
  presumeCallsEnded(turn, end);
  presumeToolsEnded(turn, end);
  presumeApprovalsEnded(turn, end);
  presumeAuxiliaryCallsEnded(turn, end);
}

function hasOpenChildren(turn: TurnState): boolean {
  if (turn.tools.length > 0 || turn.approvals.length > 0 || turn.auxiliaryCalls.size > 0) return true;
  const current = turn.currentCall === undefined ? undefined : turn.calls.get(turn.currentCall);
  return current?.open !== undefined || [...turn.calls.values()].some((call) => call.open !== undefined);
}

function sendTurn(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  reason: IncompleteReason | undefined,
): void {
  if (turn.sent) return;
  turn.sent = true;
  if (!turn.background) {
    session.completed = turn.completed ?? session.completed;
    session.interrupted = turn.interrupted ?? session.interrupted;
    session.previousTurn = { traceId: turn.position.traceId, spanId: turn.position.spanId };
  }
  if (turn.selected) out.spans.push(turnSpan(state, session, turn, reason));
}

function forgetTurn(state: State, session: SessionState, turn: TurnState): void {
  session.turns.delete(turn.key);
  if (turn.turnId !== undefined) state.turnSessions.delete(turn.turnId);
  state.openTurns.delete(openTurnKey(turn));
  rememberEnded(state, turn.key, turn.startTime, { traceId: turn.position.traceId });
  if (session.turns.size === 0) state.quiet.set(session.id, true);
}

function openTurnKey(turn: TurnState): string {
  return `${turn.sessionId}\0${turn.key}`;
}
