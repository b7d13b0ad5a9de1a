/** Turns: how one opens, and where it stands. Its hooks are in `turn-hooks.ts`, its ends in `close-turns.ts`. */
import type { HookEvent, PreLlmCall } from '../model/event.ts';
import { LATE_WAIT_MICROS, waitForLateEvents } from './close-turns.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import type { SessionContext } from './output.ts';
import { closedUnder, hasClosed } from './recently-closed.ts';
import { originOf, USER } from './reviews.ts';
import { positionOf } from './sessions.ts';
import {
  type LatestTurn,
  NO_SESSION,
  NO_TOKENS,
  type OpenTurn,
  openTurnKey,
  type Position,
  type SessionState,
  type State,
  type TurnState,
} from './state.ts';

/** A session, and its open turn of the event where there is one. */
export type MaybeTurnContext = SessionContext & { readonly turn: TurnState | undefined };

/**
 * Opens the turn that `event` belongs to: its own `pre_llm_call`, or the first event inside it. A `late` one was sent
 * already and only gathers children that come after its end.
 */
export function openTurn({ state, session }: SessionContext, event: HookEvent, late: boolean): TurnState {
  const key = event.turnId ?? unusedKey(state, session, event);
  const place = { key, position: placeTurn(state, session, key), outside: false, hasSpan: true };
  return startTurn({ state, session }, event, place, late);
}

/** What hangs below the session itself: calls of titles and the like, outside its turns. It has no span of its own. */
export function outsideTurn({ state, session }: SessionContext, event: HookEvent): TurnState {
  const key = `${session.id}@outside`;
  const known = session.turns.get(key);
  if (known !== undefined) return known;
  const position = positionOf(state, session);
  const hasSpan = session.id !== NO_SESSION && state.options.tracePer === 'session';
  return startTurn({ state, session }, event, { key, position, outside: true, hasSpan }, true);
}

type Place = Pick<TurnState, 'key' | 'outside' | 'hasSpan'> & { readonly position: Position };

function startTurn(
  { state, session }: Pick<SessionContext, 'state' | 'session'>,
  event: HookEvent,
  { key, position, outside, hasSpan }: Place,
  late: boolean,
): TurnState {
  const { background, certain } = outside ? USER : originOf(session, event);
  const selected = isSelected(state, session, event);
  const span: OpenTurn = {
    kind: 'turn',
    traceId: position.traceId,
    spanId: position.spanId,
    parentSpanId: position.parentSpanId,
    startTime: event.time,
    endTime: event.time,
    sessionId: session.id,
    incomplete: undefined,
    links: state.options.tracePer === 'turn' ? linksTo(session.latestTurn) : [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    timeSource: event.timeSource,
    turnId: event.turnId,
    index: undefined,
    isFirstTurn: undefined,
    model: event.model,
    platform: event.platform ?? session.platform,
    profile: event.profile ?? session.profile,
    provider: undefined,
    baseUrl: undefined,
    apiMode: undefined,
    senderId: undefined,
    background,
    inSubagent: false,
    apiCallCount: 0,
    toolCallCount: 0,
    tokens: NO_TOKENS,
    toolNames: [],
    toolOutcomes: {},
    finalStatus: 'incomplete',
    completed: undefined,
    interrupted: undefined,
    failed: undefined,
    exitReason: undefined,
    userMessage: undefined,
    assistantResponse: undefined,
  };
  const turn: TurnState = {
    key,
    span,
    latestSessionId: session.id,
    outside,
    hasSpan,
    certain,
    held: [],
    selected,
    taskId: event.taskId,
    lastTime: event.time,
    endTime: undefined,
    wait: undefined,
    errorTime: undefined,
    fatal: false,
    endpoint: undefined,
    sent: late,
    heardTwice: false,
    hasPreLlmCall: false,
    calls: new Map(),
    currentCall: undefined,
    tools: [],
    approvals: [],
    auxiliaryCalls: new Map(),
    aggregators: [],
    aggregatedAnswers: 0,
  };
  if (event.hook === 'pre_llm_call') applyPreLlmCall(turn, event);
  if (late) waitForLateEvents(state, turn, { from: event.time, micros: LATE_WAIT_MICROS });
  else reopenSession(session, turn);
  if (selected && session.id !== NO_SESSION) session.selected = true;
  session.turns.set(key, turn);
  state.quiet.delete(session.id);
  if (turn.span.turnId !== undefined) state.turnSessions.set(turn.span.turnId, session.id);
  state.openTurns.set(openTurnKey(turn), true);
  return turn;
}

function linksTo(previous: LatestTurn | undefined): OpenTurn['links'] {
  if (previous === undefined) return [];
  return [{ traceId: previous.traceId, spanId: previous.spanId, relation: 'previous_turn' }];
}

/** Names a turn without an id by the event that opened it; turns that open at the same time are numbered. */
function unusedKey(state: State, session: SessionState, event: HookEvent): string {
  const first = `${session.id}@${event.hook}@${event.time}`;
  let key = first;
  for (let n = 1; session.turns.has(key) || hasClosed(state, key); n++) key = `${first}#${n}`;
  return key;
}

/** The session goes on: its span is sent again, whole, when it ends. A background review keeps no session open. */
export function reopenSession(session: SessionState, turn: TurnState): void {
  if (turn.span.background) return;
  session.sent = false;
  session.incomplete = undefined;
  session.endTime = undefined;
  session.endReason = undefined;
  session.completed = undefined;
  session.interrupted = undefined;
  session.turnCount++;
  turn.span.index = session.turnCount;
  const { startTime, traceId, spanId } = turn.span;
  session.latestTurn = { key: turn.key, startTime, traceId, spanId };
  if (turn.taskId !== undefined) rememberTask(session, turn.taskId);
}

/** Sets the fields that only `pre_llm_call` has. */
export function applyPreLlmCall(turn: TurnState, event: PreLlmCall): void {
  turn.hasPreLlmCall = true;
  turn.span.isFirstTurn = event.isFirstTurn;
  turn.span.senderId = event.senderId;
  turn.span.userMessage = event.userMessage;
  turn.span.model ??= event.model;
}

export function rememberTask(session: SessionState, taskId: string): void {
  if (!session.tasks.includes(taskId)) session.tasks.push(taskId);
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
    profile: event.profile ?? session.profile,
  };
  return state.options.selectTurn?.(facts) ?? true;
}
