/**
 * Reconstruct: hook events in order → finished spans. A pure function of the log: no clock, no randomness, no I/O.
 * `handle` below is where a hook becomes a span; a hook that is missing there does not compile.
 */
import type {
  ApiRequestError,
  HookEvent,
  Mark,
  PostApiRequest,
  PostApprovalResponse,
  PostAuxiliaryCall,
  PostLlmCall,
  PostToolCall,
  PreApiRequest,
  PreApprovalRequest,
  PreAuxiliaryCall,
  PreLlmCall,
  PreToolCall,
  SessionEnd,
} from '../model/event.ts';
import type { EpochMicros } from '../model/time.ts';
import { noteFirstChunk, onApiRequestError, onPostApiRequest, onPreApiRequest } from './api-calls.ts';
import { onPostApprovalResponse, onPreApprovalRequest } from './approvals.ts';
import { onPostAuxiliaryCall, onPreAuxiliaryCall } from './auxiliary-calls.ts';
import { closeIdleSessions, closeIfIdle, endSession, enforceBounds } from './close-sessions.ts';
import { findTurn, noteTask, sessionOf, turnHasEnded, turnOwner } from './placing.ts';
import { flushWaiting, reorder } from './reorder.ts';
import { sendSession, touchSession } from './sessions.ts';
import type { Fate, Output, SessionState, State, TurnState, Waiting } from './state.ts';
import {
  closeIdleSubagents,
  closeOpenSubagents,
  evictSubagents,
  onSubagentStart,
  onSubagentStop,
} from './subagents.ts';
import { clampedEnd, isRepeat, warn } from './times.ts';
import { onPostToolCall, onPreToolCall } from './tool-calls.ts';
import { announce, closeTurn, endTurn, openTurn } from './turns.ts';

/** Takes in one event, adds to `out` what it finished. Events may wait in the reorder window for their turn. */
export function step(state: State, event: Waiting, out: Output): void {
  if (state.options.reorderWindowMicros === 0) apply(state, event, out);
  else reorder(state, event, (next) => apply(state, next, out));
}

/** Hands on what waits in the reorder window, because a live log has fallen silent. */
export function settle(state: State, out: Output): void {
  flushWaiting(state, (next) => apply(state, next, out));
}

/** The end of input: everything still open is closed, everything unsent leaves. Twice is as once. */
export function finish(state: State, out: Output): void {
  settle(state, out);
  for (const session of state.sessions.values()) {
    const open = session.turns.size > 0;
    if (open) endSession(state, out, session, 'end_of_input', session.endTime);
  }
  closeOpenSubagents(state, out, 'end_of_input');
  for (const session of state.sessions.values()) sendSession(state, out, session);
  state.sessions.clear();
  state.quiet.clear();
  state.taskSessions.clear();
  state.turnSessions.clear();
  state.openTurns.clear();
}

function apply(state: State, event: Waiting, out: Output): void {
  if (event.hook === 'elsewhere') {
    closeIdle(state, out, event.time);
    return;
  }
  if (event.time < state.handedOn) {
    warn(
      out,
      event,
      'out-of-order',
      'its time lies before that of earlier events, beyond the reorder window: paired by id',
    );
  }
  closeIdle(state, out, event.time);
  const session = sessionOf(state, event);
  if (session === undefined) {
    out.lines[withoutSession(out, event)]++;
    return;
  }
  closeIfIdle(state, out, session, event.time);
  noteTask(state, session, event);
  const owner = turnOwner(state, event, session);
  touchSession(state, session, event);
  if (owner !== session) touchSession(state, owner, event);
  const turn = findTurn(owner, event);
  if (turn !== undefined && event.time > turn.lastTime) turn.lastTime = event.time;
  const fate = handle(state, out, { session, owner, turn }, event);
  // A session that a rotation opened has a part of the turn's sums: they are shown, also when no turn of its own follows.
  if (owner !== session && turn?.selected) session.selected = true;
  out.lines[fate === 'mapped' && turn?.selected === false ? 'filtered' : fate]++;
  enforceBounds(state, out);
  evictSubagents(state, out);
}

/** Sub-agents first: their sessions end with them. */
function closeIdle(state: State, out: Output, now: EpochMicros): void {
  if (closeIdleSessions(state, out, now)) closeIdleSubagents(state, out, now);
}

interface Place {
  /** The session that the event names. */
  readonly session: SessionState;
  /** The session of the event's turn. */
  readonly owner: SessionState;
  /** `undefined`: no open turn of the session is the event's. */
  readonly turn: TurnState | undefined;
}

/** Where a hook becomes a part of a session, or of a turn that is open already. */
function handle(state: State, out: Output, place: Place, event: HookEvent): Fate {
  const { session, owner, turn } = place;
  switch (event.hook) {
    case 'on_session_start':
      return onSessionStart(state, session);
    case 'on_session_end':
      return onSessionEnd(state, out, place, event);
    case 'on_session_finalize':
      return onSessionFinalize(state, out, session, event.time, event.reason);
    case 'on_session_reset':
      return onSessionFinalize(state, out, session, event.time, event.reason);
    case 'pre_llm_call':
      session.parentSessionId ??= event.parentSessionId;
      return onPreLlmCall(state, out, place, event);
    case 'post_llm_call':
      return onPostLlmCall(out, turn, event);
    case 'subagent_start':
      return onSubagentStart(state, out, session, turn ?? parentTurn(session, event.parentTurnId), event);
    case 'subagent_stop':
      return onSubagentStop(state, out, session, turn ?? parentTurn(session, event.parentTurnId), event);
    case 'on_stream_delta':
      return turn === undefined ? 'unmapped' : noteFirstChunk(turn, event.iteration, event.time);
    case 'mark':
      return onMark(turn, event);
    case 'on_stream_start':
    case 'on_stream_end':
    case 'unmapped':
      return 'unmapped';
    default:
      return handleInTurn(state, out, session, turn ?? enter(state, owner, event), event);
  }
}

type EventInTurn =
  | PreApiRequest
  | PostApiRequest
  | ApiRequestError
  | PreToolCall
  | PostToolCall
  | PreApprovalRequest
  | PostApprovalResponse
  | PreAuxiliaryCall
  | PostAuxiliaryCall;

/** Where a hook becomes a span inside a turn. Without a turn such an event opens one. */
function handleInTurn(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: EventInTurn,
): Fate {
  switch (event.hook) {
    case 'pre_api_request':
      return onPreApiRequest(state, out, session, turn, event);
    case 'post_api_request':
      return onPostApiRequest(state, out, session, turn, event);
    case 'api_request_error':
      return onApiRequestError(state, out, session, turn, event);
    case 'pre_tool_call':
      return onPreToolCall(state, out, session, turn, event);
    case 'post_tool_call':
      return onPostToolCall(state, out, session, turn, event);
    case 'pre_approval_request':
      return onPreApprovalRequest(session, turn, event);
    case 'post_approval_response':
      return onPostApprovalResponse(state, out, session, turn, event);
    case 'pre_auxiliary_call':
      return onPreAuxiliaryCall(out, session, turn, event);
    case 'post_auxiliary_call':
      return onPostAuxiliaryCall(state, out, session, turn, event);
    default:
      return event satisfies never;
  }
}

/** The turn of an event that comes without one: opened by it, or ended already and only waiting for its late children. */
function enter(state: State, owner: SessionState, event: HookEvent): TurnState {
  return openTurn(state, owner, event, turnHasEnded(owner, event));
}

function parentTurn(parent: SessionState, turnId: string | undefined): TurnState | undefined {
  return turnId === undefined ? undefined : parent.turns.get(turnId);
}

/** A CLI that never built an agent finalises no session (D7); a terminal's transform names none at all. */
const NEEDS_NO_SESSION: ReadonlySet<string> = new Set([
  'on_session_finalize',
  'on_session_reset',
  'unmapped',
  'mark',
]);

function withoutSession(out: Output, event: HookEvent): Fate {
  if (NEEDS_NO_SESSION.has(event.hook)) return 'unmapped';
  warn(out, event, 'no-session', `this ${event.hook} names no session that is known: it is in no span`);
  return 'unplaced';
}

function onSessionStart(state: State, session: SessionState): Fate {
  const again = session.selected;
  // A session that never takes a turn still has its span, unless turns are being chosen.
  if (state.options.selectTurn === undefined) session.selected = true;
  state.quiet.set(session.id, true);
  return again ? 'merged' : 'mapped';
}

/** The end of a turn, despite its name. */
function onSessionEnd(state: State, out: Output, place: Place, event: SessionEnd): Fate {
  const { owner, turn } = place;
  // A TUI says it at every close, also when no turn is open (D6).
  if (turn === undefined || turn.sent) return 'merged';
  turn.completed = event.completed;
  turn.interrupted = event.interrupted;
  turn.failed = event.failed;
  turn.exitReason = event.turnExitReason ?? event.reason;
  endTurn(state, out, owner, turn, turn.endTime ?? clampedEnd(out, event, turn.startTime, event.time));
  return 'mapped';
}

function onSessionFinalize(
  state: State,
  out: Output,
  session: SessionState,
  time: SessionState['startTime'],
  reason: string | undefined,
): Fate {
  const nothingOpen = session.turns.size === 0;
  if (nothingOpen && session.endTime !== undefined) return 'merged';
  session.endReason = reason;
  endSession(state, out, session, 'session_end', time);
  return session.selected ? 'mapped' : 'unmapped';
}

function onPreLlmCall(state: State, out: Output, place: Place, event: PreLlmCall): Fate {
  const { owner, turn } = place;
  if (isAnnounced(owner, turn, event)) return 'merged';
  if (turn !== undefined && event.turnId !== undefined) {
    announce(turn, event);
    return 'mapped';
  }
  const next = openTurn(state, owner, event, false);
  if (next.background) return 'mapped';
  for (const other of owner.turns.values()) {
    if (other !== next && !other.background) closeTurn(state, out, owner, other, 'next_turn');
  }
  return 'mapped';
}

/** True when this start of a turn was heard before. Without a turn id only a second recorder is so close behind. */
function isAnnounced(owner: SessionState, turn: TurnState | undefined, event: PreLlmCall): boolean {
  if (event.turnId !== undefined) return turn?.announced ?? turnHasEnded(owner, event);
  return turn !== undefined && turn.apiCallCount === 0 && isRepeat(turn.startTime, event.time);
}

function onPostLlmCall(out: Output, turn: TurnState | undefined, event: PostLlmCall): Fate {
  if (turn === undefined || turn.endTime !== undefined) return 'merged';
  turn.endTime = clampedEnd(out, event, turn.startTime, event.time);
  turn.assistantResponse = event.assistantResponse;
  return 'mapped';
}

function onMark(turn: TurnState | undefined, event: Mark): Fate {
  if (turn === undefined) return 'unmapped';
  turn.events.push({ time: event.time, name: event.name, fields: event.fields });
  return 'mapped';
}
