/**
 * Reconstruction: hook events in order → finished spans. A pure function of the log: no clock, no randomness, no I/O.
 * `handle` is where a hook becomes a span; a hook that is missing there does not compile.
 */
import type { HookEvent } from '../model/event.ts';
import type { AgentSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { noteFirstChunk, onApiRequestError, onPostApiRequest, onPreApiRequest } from './api-calls.ts';
import { onPostApprovalResponse, onPreApprovalRequest } from './approvals.ts';
import { onPostAuxiliaryCall, onPreAuxiliaryCall } from './auxiliary-calls.ts';
import {
  closeIdleSessions,
  closeIfIdle,
  endSession,
  enforceBounds,
  onSessionFinalize,
} from './close-sessions.ts';
import {
  closeAllExpiredTurns,
  closeExpiredTurns,
  closeOverTurns,
  turnSpan,
  waitForRest,
} from './close-turns.ts';
import type { Context, LineOutcome, Output, TurnContext } from './output.ts';
import { findTurn, isAuxiliary, noteTask, sessionOf, turnOwner } from './resolve-session.ts';
import { onSessionStart, sendSessions, sessionSpan, touchSession } from './sessions.ts';
import type { SessionState, State } from './state.ts';
import {
  adoptChild,
  closeIdleSubagents,
  closeOpenSubagents,
  evictSubagents,
  onSubagentStart,
  onSubagentStop,
  openSubagentSpan,
} from './subagents.ts';
import { warn } from './times.ts';
import { onPostToolCall, onPreToolCall } from './tool-calls.ts';
import { onMark, onPostLlmCall, onPreLlmCall, onSessionEnd } from './turn-hooks.ts';
import { type MaybeTurnContext, openTurn, outsideTurn, turnWasSent } from './turns.ts';

/** Takes one event and adds to `out` what it finished. Events may wait in the reorder window first. */
export function step(state: State, event: HookEvent, out: Output): void {
  if (state.options.reorderWindowMicros === 0) {
    apply({ state, out }, event);
    state.reached = later(state.reached, event.time);
  } else reorder(state, event, (next) => apply({ state, out }, next));
}

/** Flushes the reorder window, when a live log is silent. */
export function settle(state: State, out: Output): void {
  flushWindow(state, (next) => apply({ state, out }, next));
}

/**
 * The log has been silent for the idle timeout by another clock than its own: closes what an event after that silence
 * would find idle. Without an idle timeout only the reorder window is flushed.
 */
export function closeSilent(state: State, out: Output): void {
  settle(state, out);
  const { idleTimeoutMicros } = state.options;
  if (idleTimeoutMicros === undefined) return;
  const context = { state, out };
  // Twice as long: a span may end after the time of the event that reports it.
  const after = shift(state.clock, 2 * idleTimeoutMicros);
  closeAllExpiredTurns(context, after);
  if (closeIdleSessions(context, after)) closeIdleSubagents(context, after);
}

/** The end of input: closes what is open and sends what is unsent. A second call changes nothing. */
export function finish(state: State, out: Output): void {
  const context = { state, out };
  settle(state, out);
  for (const session of state.sessions.values()) {
    if (session.turns.size > 0) endSession({ ...context, session }, 'end_of_input', session.endTime);
  }
  closeOpenSubagents(context, 'end_of_input');
  sendSessions(context);
  state.sessions.clear();
  state.quiet.clear();
  state.taskSessions.clear();
  state.turnSessions.clear();
  state.openTurns.clear();
  state.expiring.clear();
}

function apply(context: Context, event: HookEvent): void {
  const { state, out } = context;
  if (event.time < state.watermark) {
    warn(
      context,
      event,
      'out-of-order',
      'its time lies before that of earlier events, beyond the reorder window: paired by id',
    );
  }
  closeAllExpiredTurns(context, event.time);
  // Sub-agents first: their sessions end with them.
  if (closeIdleSessions(context, event.time)) closeIdleSubagents(context, event.time);
  const session = sessionOf(state, event);
  if (session === undefined) {
    out.lines[withoutSession(context, event)]++;
    return;
  }
  const inSession = { state, out, session };
  closeIfIdle(inSession, event.time);
  closeExpiredTurns(inSession, event);
  noteTask(state, session, event);
  const owner = turnOwner(state, event, session);
  if (state.subagents.size > 0) adoptChild(state, session, event.taskId);
  touchSession(state, session, event);
  if (owner !== session) touchSession(state, owner, event);
  const turn = findTurn(owner, event);
  if (turn !== undefined && !IS_OF_SESSION.has(event.hook)) turn.lastTime = later(turn.lastTime, event.time);
  const inTurn = { state, out, session, owner, turn };
  const outcome = handle(inTurn, event);
  // A session that a rotation opened has a part of the turn's sums, so it is sent, also when no turn of its own follows.
  if (owner !== session && turn?.selected) session.selected = true;
  countLine(inTurn, event, outcome);
  enforceBounds(context);
  evictSubagents(context);
}

/** An event that opened a turn counts as one of that turn. */
function countLine({ out, owner, turn }: EventContext, event: HookEvent, outcome: LineOutcome): void {
  const current = turn === undefined || event.hook === 'pre_llm_call' ? findTurn(owner, event) : turn;
  out.lines[outcome === 'mapped' && current?.selected === false ? 'filtered' : outcome]++;
  if (outcome === 'merged') out.merged?.push({ source: event.source, line: event.line });
}

/** Hooks of the session: what happens there is not inside the turn that is open. */
const IS_OF_SESSION: ReadonlySet<string> = new Set([
  'on_session_start',
  'on_session_finalize',
  'on_session_reset',
]);

/** `session` is the one that the event names; `owner` that of the event's turn. */
type EventContext = MaybeTurnContext & { readonly owner: SessionState };

/** Hooks that begin, end or describe a session or a turn. */
function handle(context: EventContext, event: HookEvent): LineOutcome {
  const { state, out, session, owner, turn } = context;
  switch (event.hook) {
    case 'on_session_start':
      return onSessionStart(context, event);
    case 'session_totals':
      session.totals = { usage: event.usage, cost: event.cost, modelUsage: event.modelUsage };
      return 'mapped';
    case 'on_session_end':
      return onSessionEnd({ ...context, session: owner }, event);
    case 'on_session_finalize':
    case 'on_session_reset':
      return onSessionFinalize(context, event);
    case 'pre_llm_call':
      if (event.parentSessionId !== session.id) session.parentSessionId ??= event.parentSessionId;
      return onPreLlmCall({ ...context, session: owner }, event);
    case 'post_llm_call':
      return onPostLlmCall(context, event);
    case 'subagent_start':
      return onSubagentStart(context, event);
    case 'subagent_stop':
      return onSubagentStop(context, event);
    case 'on_stream_delta':
      return turn === undefined ? 'unmapped' : noteFirstChunk(turn, event.iteration, event.time);
    case 'mark':
      return onMark(turn, event);
    case 'unmapped':
      return 'unmapped';
    default:
      return handleAndRest({ state, out, session, turn: turn ?? enterTurn(context, event) }, event);
  }
}

type EventInTurn = Extract<
  HookEvent,
  {
    hook:
      | `${'pre' | 'post'}_${'api_request' | 'tool_call' | 'auxiliary_call'}`
      | 'api_request_error'
      | 'pre_approval_request'
      | 'post_approval_response';
  }
>;

function handleAndRest(context: TurnContext, event: EventInTurn): LineOutcome {
  const outcome = handleInTurn(context, event);
  waitForRest(context.state, context.turn, event.time);
  return outcome;
}

/** Hooks that become a span inside a turn. Without a turn such an event opens one. */
function handleInTurn(context: TurnContext, event: EventInTurn): LineOutcome {
  switch (event.hook) {
    case 'pre_api_request':
      return onPreApiRequest(context, event);
    case 'post_api_request':
      return onPostApiRequest(context, event);
    case 'api_request_error':
      return onApiRequestError(context, event);
    case 'pre_tool_call':
      return onPreToolCall(context, event);
    case 'post_tool_call':
      return onPostToolCall(context, event);
    case 'pre_approval_request':
      return onPreApprovalRequest(context, event);
    case 'post_approval_response':
      return onPostApprovalResponse(context, event);
    case 'pre_auxiliary_call':
      return onPreAuxiliaryCall(context, event);
    case 'post_auxiliary_call':
      return onPostAuxiliaryCall(context, event);
    default:
      return event satisfies never;
  }
}

/** Opens the turn of an event that comes first in it, or after its end. Auxiliary calls open none. */
function enterTurn(context: EventContext, event: HookEvent): TurnContext['turn'] {
  const { state, owner } = context;
  if (isAuxiliary(event) && event.turnId === undefined) return outsideTurn(context, event);
  if (event.turnId === undefined) closeOverTurns({ ...context, session: owner });
  const late = event.turnId !== undefined && turnWasSent(state, owner, event.turnId);
  return openTurn({ ...context, session: owner }, event, late);
}

/** A CLI that never built an agent finalizes no session (D7 in docs/mapping.md); a terminal's transform names none. */
const NEEDS_NO_SESSION: ReadonlySet<string> = new Set([
  'on_session_finalize',
  'on_session_reset',
  'unmapped',
  'mark',
]);

function withoutSession(context: Context, event: HookEvent): LineOutcome {
  if (NEEDS_NO_SESSION.has(event.hook)) return 'unmapped';
  warn(context, event, 'no-session', `this ${event.hook} names no session that is known: it is in no span`);
  return 'unplaced';
}

/**
 * The open sessions, turns and sub-agents as the spans they would be if the log ended here: incomplete, and sent again,
 * whole, under the same ids. Changes no state.
 */
export function openSpans(state: State): readonly AgentSpan[] {
  const subagents = Array.from(state.subagents.values()).filter(({ selected }) => selected);
  return [
    ...Array.from(state.sessions.values()).flatMap((session) => openSpansOf(state, session)),
    ...subagents.map((subagent) => openSubagentSpan(state, subagent)),
  ];
}

function openSpansOf(state: State, session: SessionState): readonly AgentSpan[] {
  const turns = Array.from(session.turns.values()).filter(({ selected, sent }) => selected && !sent);
  const spans: AgentSpan[] = turns.map((turn) =>
    turnSpan({ session, turn }, turn.endTime === undefined ? 'end_of_input' : undefined),
  );
  const reason = session.turns.size > 0 ? 'end_of_input' : undefined;
  if (hasUnsentSpan(state, session)) spans.push(sessionSpan(state, session, reason));
  return spans;
}

/** Sessions without an end in which nothing is open: whole, as far as the log goes. */
export function quietSessionSpans(state: State): readonly AgentSpan[] {
  const waiting = new Set(Array.from(state.subagents.values(), ({ sessionId }) => sessionId));
  return Array.from(state.sessions.values())
    .filter(
      (session) => session.turns.size === 0 && !waiting.has(session.id) && hasUnsentSpan(state, session),
    )
    .map((session) => sessionSpan(state, session));
}

/** An unplaced session may still get a session above it, and placing it would decide that. */
function hasUnsentSpan({ options }: State, session: SessionState): boolean {
  const isPlaced = session.position !== undefined && session.subagent === undefined;
  return isPlaced && session.selected && !session.sent && options.tracePer === 'session';
}

type Apply = (event: HookEvent) => void;

/**
 * Adds `event` to the window and applies, in order of time, the events that no later line can precede: several threads
 * and processes write one log. Equal times keep the order of their lines. The window is bounded in count too.
 */
function reorder(state: State, event: HookEvent, apply: Apply): void {
  const { reorderWindowMicros, reorderMaxEvents } = state.options;
  if (event.time < state.clock - reorderWindowMicros) resetClock(state, event.time, apply);
  state.clock = later(state.clock, event.time);
  insert(state, event);
  release(state, state.clock - reorderWindowMicros, reorderMaxEvents, apply);
}

/**
 * An event lies before the window: the clock was set back, or the event is late. Nothing shows which, so the window is
 * flushed and the order of time begins anew.
 */
function resetClock(state: State, time: EpochMicros, apply: Apply): void {
  flushWindow(state, apply);
  state.clock = time;
}

/** Applies every waiting event: at the end of input, or when a live log is silent. */
function flushWindow(state: State, apply: Apply): void {
  release(state, Number.POSITIVE_INFINITY, 0, apply);
}

/** Removing the head of an array moves the rest, so it is done for many events at once. */
const COMPACT_AT = 1024;

function release(state: State, due: number, keep: number, apply: Apply): void {
  const { waiting } = state;
  for (let event = waiting[state.waitingFrom]; event !== undefined; event = waiting[state.waitingFrom]) {
    if (event.time > due && waiting.length - state.waitingFrom <= keep) break;
    state.waitingFrom++;
    apply(event);
    state.watermark = event.time;
    state.reached = later(state.reached, event.time);
  }
  if (state.waitingFrom === waiting.length || state.waitingFrom >= COMPACT_AT) {
    waiting.splice(0, state.waitingFrom);
    state.waitingFrom = 0;
  }
}

function insert(state: State, event: HookEvent): void {
  const { waiting, waitingFrom } = state;
  let at = waiting.length;
  while (at > waitingFrom && (waiting[at - 1]?.time ?? 0) > event.time) at--;
  if (at === waiting.length) waiting.push(event);
  else waiting.splice(at, 0, event);
}
