/** Turns: from `pre_llm_call` to `post_llm_call`, or to `on_session_end` without one. */
import type { HookEvent, Mark, PostLlmCall, PreLlmCall, SessionEnd } from '../model/event.ts';
import type { IncompleteReason } from '../model/span.ts';
import { type EpochMicros, earlier, later, shift } from '../model/time.ts';
import { closeOpenCalls, presumeCallsEnded } from './api-calls.ts';
import { closeOpenApprovals, presumeApprovalsEnded } from './approvals.ts';
import {
  closeOpenAuxiliaryCalls,
  presumeAuxiliaryCallsEnded,
  releaseAggregators,
} from './auxiliary-calls.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import { type Context, emit, type LineOutcome, type SessionContext, type TurnContext } from './output.ts';
import { closedUnder, hasClosed, rememberClosed } from './recently-closed.ts';
import { endsWithLastEvent, moveToUser, originOf, releaseHeld, USER } from './reviews.ts';
import { positionOf, sendSession } from './sessions.ts';
import {
  NO_SESSION,
  NO_TOKENS,
  openTurnKey,
  openTurnUnder,
  type Position,
  type SessionState,
  type State,
  type TurnState,
  type Wait,
} from './state.ts';
import { clampedEnd, differ, isRepeat } from './times.ts';
import { closeOpenTools, presumeToolsEnded } from './tool-calls.ts';
import { turnSpan } from './turn-span.ts';

/** A session, and its open turn of the event where there is one. */
export type MaybeTurnContext = SessionContext & { readonly turn: TurnState | undefined };

/** Opens the turn, or completes one that its first events opened. */
export function onPreLlmCall(context: MaybeTurnContext, event: PreLlmCall): LineOutcome {
  const { state, session, turn } = context;
  if (isSecondPre(state, turn, event)) {
    if (turn !== undefined) turn.heardTwice = true;
    return 'merged';
  }
  session.hasTurnHooks = true;
  if (turn !== undefined && event.turnId !== undefined) {
    applyPreLlmCall(turn, event);
    const { background, certain } = originOf(session, event);
    if (certain) settleOrigin({ ...context, turn }, background);
    return 'mapped';
  }
  const next = openTurn(context, event, false);
  if (next.background) return 'mapped';
  for (const other of session.turns.values()) {
    if (other !== next && isClosedByNext(other)) closeTurn({ ...context, turn: other }, 'next_turn');
  }
  return 'mapped';
}

/** A turn with an id has hooks of its own that end it, and two turns of one session may run at the same time. */
function isClosedByNext(turn: TurnState): boolean {
  if (turn.background) return false;
  if (turn.turnId === undefined) return true;
  return turn.fatal && turn.errorTime !== undefined && turn.lastTime <= turn.errorTime;
}

/** True when the turn's last event is an API error, after which Hermes did not try again or never would. */
function endedByError(session: SessionState, turn: TurnState): boolean {
  if (turn.errorTime === undefined || turn.lastTime > turn.errorTime) return false;
  return turn.fatal || isSuperseded(session, turn);
}

/** True when the log had this start of a turn before. Without a turn id only a second recorder is so close behind. */
function isSecondPre(state: State, turn: TurnState | undefined, event: PreLlmCall): boolean {
  if (event.turnId !== undefined) return turn?.hasPreLlmCall ?? hasClosed(state, event.turnId);
  if (turn === undefined || turn.apiCallCount > 0 || !isRepeat(turn.startTime, event.time)) return false;
  return !differ(turn.userMessage, event.userMessage) && !differ(turn.isFirstTurn, event.isFirstTurn);
}

/** The answer: a turn's own end, also when events follow it. */
export function onPostLlmCall(context: MaybeTurnContext, event: PostLlmCall): LineOutcome {
  const { session, turn } = context;
  if (turn === undefined || turn.endTime !== undefined) return 'merged';
  session.hasTurnHooks = true;
  turn.endTime = clampedEnd(context, event, turn.startTime);
  waitForLateEvents(context.state, turn, { from: event.time, micros: ENDED_WAIT_MICROS });
  turn.assistantResponse = event.assistantResponse;
  return 'mapped';
}

/** The end of a turn, despite its name. */
export function onSessionEnd(context: MaybeTurnContext, event: SessionEnd): LineOutcome {
  const { session, turn } = context;
  // A TUI sends it at every close, also when no turn is open (D6 in docs/mapping.md).
  if (turn === undefined || turn.sent) return 'merged';
  session.hasTurnHooks = true;
  // Releases that send this field end no review with this hook.
  if (event.turnExitReason !== undefined) settleOrigin({ ...context, turn }, false);
  turn.completed = event.completed;
  turn.interrupted = event.interrupted;
  turn.failed = event.failed;
  turn.exitReason = event.turnExitReason ?? event.reason;
  endTurn({ ...context, turn }, turn.endTime ?? clampedEnd(context, event, turn.startTime));
  return 'mapped';
}

/** Whose turn it is has become certain. */
function settleOrigin(context: TurnContext, background: boolean): void {
  const { session, turn } = context;
  if (turn.certain) return;
  if (turn.background && !background) {
    moveToUser(context);
    reopenSession(session, turn);
  }
  releaseHeld(context);
}

/** Becomes a span event of its turn. */
export function onMark(turn: TurnState | undefined, event: Mark): LineOutcome {
  if (turn === undefined) return 'unmapped';
  const last = turn.events.at(-1);
  if (last !== undefined && isSecondMark(last, event)) return 'merged';
  turn.events.push({ time: event.time, name: event.name, fields: event.fields });
  return 'mapped';
}

function isSecondMark(last: TurnState['events'][number], event: Mark): boolean {
  if (last.name !== event.name || !isRepeat(last.time, event.time)) return false;
  return JSON.stringify(last.fields) === JSON.stringify(event.fields);
}

/**
 * Opens the turn that `event` belongs to: its own `pre_llm_call`, or the first event inside it. A `late` one was sent
 * already and only gathers children that come after its end.
 */
export function openTurn({ state, session }: SessionContext, event: HookEvent, late: boolean): TurnState {
  const key = event.turnId ?? unusedKey(state, session, event);
  const place = { key, position: placeTurn(state, session, key), hasSpan: true };
  return startTurn({ state, session }, event, place, late);
}

/** What hangs below the session itself: calls of titles and the like, outside its turns. It has no span of its own. */
export function outsideTurn({ state, session }: SessionContext, event: HookEvent): TurnState {
  const key = `${session.id}@outside`;
  const known = session.turns.get(key);
  if (known !== undefined) return known;
  const position = positionOf(state, session);
  const hasSpan = session.id !== NO_SESSION && state.options.tracePer === 'session';
  return startTurn({ state, session }, event, { key, position, hasSpan }, true);
}

type Place = Pick<TurnState, 'key' | 'position' | 'hasSpan'>;

function startTurn(
  { state, session }: Pick<SessionContext, 'state' | 'session'>,
  event: HookEvent,
  { key, position, hasSpan }: Place,
  late: boolean,
): TurnState {
  const { background, certain } = late && event.turnId === undefined ? USER : originOf(session, event);
  const selected = isSelected(state, session, event);
  const turn: TurnState = {
    key,
    turnId: event.turnId,
    sessionId: session.id,
    latestSessionId: session.id,
    position,
    hasSpan,
    index: undefined,
    background,
    certain,
    held: [],
    selected,
    previousTurn: state.options.tracePer === 'turn' ? session.latestTurn : undefined,
    heardTwice: false,
    hasPreLlmCall: false,
    taskId: event.taskId,
    timeSource: event.timeSource,
    startTime: event.time,
    lastTime: event.time,
    endTime: undefined,
    wait: undefined,
    errorTime: undefined,
    fatal: false,
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
    aggregators: [],
    aggregatedAnswers: 0,
    events: [],
    apiCallCount: 0,
    toolCallCount: 0,
    tokens: NO_TOKENS,
    toolNames: [],
    toolOutcomes: {},
  };
  if (event.hook === 'pre_llm_call') applyPreLlmCall(turn, event);
  if (late) waitForLateEvents(state, turn, { from: event.time, micros: LATE_WAIT_MICROS });
  else reopenSession(session, turn);
  if (selected && session.id !== NO_SESSION) session.selected = true;
  session.turns.set(key, turn);
  state.quiet.delete(session.id);
  if (turn.turnId !== undefined) state.turnSessions.set(turn.turnId, session.id);
  state.openTurns.set(openTurnKey(turn), true);
  return turn;
}

/** Names a turn without an id by the event that opened it; turns that open at the same time are numbered. */
function unusedKey(state: State, session: SessionState, event: HookEvent): string {
  const first = `${session.id}@${event.hook}@${event.time}`;
  let key = first;
  for (let n = 1; session.turns.has(key) || hasClosed(state, key); n++) key = `${first}#${n}`;
  return key;
}

/** The session goes on: its span is sent again, whole, when it ends. A background review keeps no session open. */
function reopenSession(session: SessionState, turn: TurnState): void {
  if (turn.background) return;
  session.sent = false;
  session.incomplete = undefined;
  session.endTime = undefined;
  session.endReason = undefined;
  session.completed = undefined;
  session.interrupted = undefined;
  session.turnCount++;
  turn.index = session.turnCount;
  session.latestTurn = { key: turn.key, startTime: turn.startTime, ...turn.position };
  if (turn.taskId !== undefined) rememberTask(session, turn.taskId);
}

/** A turn with a `post_llm_call` waits this long for its `on_session_end`, which not everybody records. */
const ENDED_WAIT_MICROS = 10_000_000;
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

/** Closes the turns of the session for which late events were awaited long enough. */
export function closeExpiredTurns(context: SessionContext, now: EpochMicros): void {
  for (const turn of context.session.turns.values()) {
    if (turn.wait !== undefined && dueTime(turn, turn.wait) < now)
      closeTurn({ ...context, turn }, 'session_end');
  }
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

/** Sends the turn, which ended at `time`. It stays while the ends of its children are awaited. */
function endTurn(context: TurnContext, time: EpochMicros): void {
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
    turn.failed = true;
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
  if (latestTurn === undefined || turn.background || latestTurn.key === turn.key) return false;
  return turn.lastTime <= latestTurn.startTime;
}

/** True when the turn would be cut off by an end of its session. */
export function isCutOff(session: SessionState, turn: TurnState): boolean {
  if (turn.sent || turn.background || turn.endTime !== undefined) return false;
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

function presumeChildrenEnded(turn: TurnState, time: EpochMicros): void {
  const end = { time, reason: 'turn_end' } as const;
  presumeCallsEnded(turn, end);
  presumeToolsEnded(turn, end);
  presumeApprovalsEnded(turn, end);
  presumeAuxiliaryCallsEnded(turn, end);
}

export function hasOpenChildren(turn: TurnState): boolean {
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
    session.userMessage ??= turn.userMessage;
    session.assistantResponse = turn.assistantResponse ?? session.assistantResponse;
  }
  const span = turnSpan(context, reason);
  // A session that was finalized while the turn ran ends no earlier than the turn.
  if (session.endTime !== undefined && !turn.background) {
    session.endTime = later(session.endTime, span.endTime);
  }
  emit(context, span);
}

function forgetTurn(context: TurnContext): void {
  const { state, session, turn } = context;
  session.turns.delete(turn.key);
  if (turn.turnId !== undefined) state.turnSessions.delete(turn.turnId);
  state.openTurns.delete(openTurnKey(turn));
  state.expiring.delete(openTurnKey(turn));
  rememberClosed(state, turn.key, { startTime: turn.startTime, traceId: turn.position.traceId });
  if (session.turns.size > 0) return;
  state.quiet.set(session.id, true);
  if (session.endTime !== undefined && state.options.sessionSpans === 'at_end') sendSession(context);
}
