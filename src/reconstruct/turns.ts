/** Turns: from `pre_llm_call` to `post_llm_call`, or to `on_session_end` without one. */
import type { HookEvent, Mark, PostLlmCall, PreLlmCall, SessionEnd } from '../model/event.ts';
import type { IncompleteReason } from '../model/span.ts';
import { type EpochMicros, later } from '../model/time.ts';
import { closeOpenCalls, presumeCallsEnded } from './api-calls.ts';
import { closeOpenApprovals, presumeApprovalsEnded } from './approvals.ts';
import { closeOpenAuxiliaryCalls, presumeAuxiliaryCallsEnded } from './auxiliary-calls.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { emit, type LineOutcome, type SessionContext, type TurnContext } from './output.ts';
import { positionOf } from './sessions.ts';
import {
  closedUnder,
  hasClosed,
  NO_TOKENS,
  openTurnKey,
  type Position,
  rememberClosed,
  type SessionState,
  type State,
  type TurnState,
} from './state.ts';
import { clampedEnd, isRepeat } from './times.ts';
import { closeOpenTools, presumeToolsEnded } from './tool-calls.ts';
import { turnSpan } from './turn-span.ts';

/** A session, and its open turn of the event where there is one. */
export type MaybeTurnContext = SessionContext & { readonly turn: TurnState | undefined };

/** Opens the turn, or completes one that its first events opened. */
export function onPreLlmCall(context: MaybeTurnContext, event: PreLlmCall): LineOutcome {
  const { state, session, turn } = context;
  if (isSecondPre(state, turn, event)) return 'merged';
  if (turn !== undefined && event.turnId !== undefined) {
    applyPreLlmCall(turn, event);
    return 'mapped';
  }
  const next = openTurn(context, event, false);
  if (next.background) return 'mapped';
  for (const other of session.turns.values()) {
    if (other !== next && !other.background) closeTurn({ ...context, turn: other }, 'next_turn');
  }
  return 'mapped';
}

/** True when the log had this start of a turn before. Without a turn id only a second recorder is so close behind. */
function isSecondPre(state: State, turn: TurnState | undefined, event: PreLlmCall): boolean {
  if (event.turnId !== undefined) return turn?.hasPreLlmCall ?? hasClosed(state, event.turnId);
  return turn !== undefined && turn.apiCallCount === 0 && isRepeat(turn.startTime, event.time);
}

/** The answer: a turn's own end, also when events follow it. */
export function onPostLlmCall(context: MaybeTurnContext, event: PostLlmCall): LineOutcome {
  const { turn } = context;
  if (turn === undefined || turn.endTime !== undefined) return 'merged';
  turn.endTime = clampedEnd(context, event, turn.startTime);
  turn.assistantResponse = event.assistantResponse;
  return 'mapped';
}

/** The end of a turn, despite its name. */
export function onSessionEnd(context: MaybeTurnContext, event: SessionEnd): LineOutcome {
  const { turn } = context;
  // A TUI sends it at every close, also when no turn is open (D6 in docs/mapping.md).
  if (turn === undefined || turn.sent) return 'merged';
  turn.completed = event.completed;
  turn.interrupted = event.interrupted;
  turn.failed = event.failed;
  turn.exitReason = event.turnExitReason ?? event.reason;
  endTurn({ ...context, turn }, turn.endTime ?? clampedEnd(context, event, turn.startTime));
  return 'mapped';
}

/** Becomes a span event of its turn. */
export function onMark(turn: TurnState | undefined, event: Mark): LineOutcome {
  if (turn === undefined) return 'unmapped';
  turn.events.push({ time: event.time, name: event.name, fields: event.fields });
  return 'mapped';
}

/**
 * Opens the turn that `event` belongs to: its own `pre_llm_call`, or the first event inside it. A `late` one was sent
 * already and only gathers children that come after its end.
 */
export function openTurn({ state, session }: SessionContext, event: HookEvent, late: boolean): TurnState {
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
    hasPreLlmCall: false,
    taskId: event.taskId,
    startTime: event.time,
    lastTime: event.time,
    endTime: undefined,
    isFirstTurn: undefined,
    model: event.model,
    platform: event.platform ?? session.platform,
    profile: event.profile ?? session.profile,
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
  if (event.hook === 'pre_llm_call') applyPreLlmCall(turn, event);
  if (!late) reopenSession(session, turn);
  if (selected) session.selected = true;
  session.turns.set(key, turn);
  state.quiet.delete(session.id);
  if (turn.turnId !== undefined) state.turnSessions.set(turn.turnId, session.id);
  state.openTurns.set(openTurnKey(turn), true);
  return turn;
}

/** The session goes on: its span is sent again, whole, when it ends. */
function reopenSession(session: SessionState, { background, taskId }: TurnState): void {
  session.sent = false;
  session.endTime = undefined;
  session.incomplete = undefined;
  if (background) return;
  session.turnCount++;
  if (taskId !== undefined) rememberTask(session, taskId);
}

/** Sets the fields that only `pre_llm_call` has. */
function applyPreLlmCall(turn: TurnState, event: PreLlmCall): void {
  turn.hasPreLlmCall = true;
  turn.isFirstTurn = event.isFirstTurn;
  turn.senderId = event.senderId;
  turn.userMessage = event.userMessage;
  turn.model ??= event.model;
}

export function rememberTask(session: SessionState, taskId: string): void {
  if (!session.tasks.includes(taskId)) session.tasks.push(taskId);
}

/**
 * A background review fork has the session's id but a task of its own: neither the session id nor a task of its
 * ordinary turns (seen in 0.16 and 0.19). A resumed `hermes -z` has a new task too, so a user message that does not
 * open as the review prompt does shows an ordinary turn.
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
 * True when this turn was sent, as far as is remembered: the event is of a late child. A session that was forgotten
 * meanwhile may have come back in another trace, where the turn's span is not.
 */
export function turnWasSent(state: State, session: SessionState, turnId: string): boolean {
  const closed = closedUnder(state, turnId);
  return closed !== undefined && closed.traceId === placeTurn(state, session, turnId).traceId;
}

/** Follows from the turn's key alone, so a late child finds a parent that was sent long ago. */
export function turnSpanId(key: string): Position['spanId'] {
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

/** Sends the turn, which ended at `time`. It stays while the ends of its children are awaited. */
function endTurn(context: TurnContext, time: EpochMicros): void {
  const { turn } = context;
  turn.endTime ??= time;
  turn.lastTime = later(turn.lastTime, time);
  presumeChildrenEnded(turn, turn.endTime);
  sendTurn(context, undefined);
  if (!hasOpenChildren(turn)) forgetTurn(context);
}

/**
 * Closes the turn and all that is open in it. A turn with a `post_llm_call` is whole; any other is incomplete with
 * `reason`, and ends with the last thing known to have happened inside it.
 */
export function closeTurn(context: TurnContext, reason: IncompleteReason): void {
  const { turn } = context;
  const whole = turn.endTime !== undefined;
  if (turn.endTime !== undefined) presumeChildrenEnded(turn, turn.endTime);
  closeOpenCalls(context, reason);
  closeOpenTools(context, reason);
  closeOpenApprovals(context, reason);
  closeOpenAuxiliaryCalls(context, reason);
  sendTurn(context, whole ? undefined : reason);
  forgetTurn(context);
}

/** Closes every turn of the session. */
export function closeTurns(context: SessionContext, reason: IncompleteReason): void {
  for (const turn of context.session.turns.values()) closeTurn({ ...context, turn }, reason);
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

function sendTurn(context: TurnContext, reason: IncompleteReason | undefined): void {
  const { session, turn } = context;
  if (turn.sent) return;
  turn.sent = true;
  if (!turn.background) {
    session.completed = turn.completed ?? session.completed;
    session.interrupted = turn.interrupted ?? session.interrupted;
    session.previousTurn = { traceId: turn.position.traceId, spanId: turn.position.spanId };
  }
  emit(context, turnSpan(context, reason));
}

function forgetTurn({ state, session, turn }: TurnContext): void {
  session.turns.delete(turn.key);
  if (turn.turnId !== undefined) state.turnSessions.delete(turn.turnId);
  state.openTurns.delete(openTurnKey(turn));
  rememberClosed(state, turn.key, { startTime: turn.startTime, traceId: turn.position.traceId });
  if (session.turns.size === 0) state.quiet.set(session.id, true);
}
