/**
 * Reconstruct: hook events in order → finished spans. A pure function of the log: no clock, no randomness, no I/O.
 * `handle` below is where a hook becomes a span; a hook that is missing there does not compile.
 */
import type { HookEvent } from '../model/event.ts';
import type { EpochMicros } from '../model/time.ts';
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
import type { Fate, Output } from './output.ts';
import { findTurn, noteTask, sessionOf, turnOwner } from './placing.ts';
import { flushWaiting, reorder } from './reorder.ts';
import { onSessionStart, sendSessions, touchSession } from './sessions.ts';
import type { SessionState, State, TurnState } from './state.ts';
import {
  closeIdleSubagents,
  closeOpenSubagents,
  evictSubagents,
  onSubagentStart,
  onSubagentStop,
} from './subagents.ts';
import { warn } from './times.ts';
import { onPostToolCall, onPreToolCall } from './tool-calls.ts';
import { onMark, onPostLlmCall, onPreLlmCall, onSessionEnd } from './turn-hooks.ts';
import { openTurn, turnHasLeft } from './turns.ts';

/** Takes in one event, adds to `out` what it finished. Events may wait in the reorder window for their turn. */
export function step(state: State, event: HookEvent, out: Output): void {
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
  sendSessions(state, out);
  state.sessions.clear();
  state.quiet.clear();
  state.taskSessions.clear();
  state.turnSessions.clear();
  state.openTurns.clear();
}

function apply(state: State, event: HookEvent, out: Output): void {
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
      return onSessionEnd(state, out, owner, turn, event);
    case 'on_session_finalize':
      return onSessionFinalize(state, out, session, event.time, event.reason);
    case 'on_session_reset':
      return onSessionFinalize(state, out, session, event.time, event.reason);
    case 'pre_llm_call':
      session.parentSessionId ??= event.parentSessionId;
      return onPreLlmCall(state, out, owner, turn, event);
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
    case 'unmapped':
      return 'unmapped';
    default:
      return handleInTurn(state, out, session, turn ?? enter(state, owner, event), event);
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
      return onPreApprovalRequest(state, session, turn, event);
    case 'post_approval_response':
      return onPostApprovalResponse(state, out, session, turn, event);
    case 'pre_auxiliary_call':
      return onPreAuxiliaryCall(state, out, session, turn, event);
    case 'post_auxiliary_call':
      return onPostAuxiliaryCall(state, out, session, turn, event);
    default:
      return event satisfies never;
  }
}

/** The turn of an event that comes without one: opened by it, or ended already and only waiting for its late children. */
function enter(state: State, owner: SessionState, event: HookEvent): TurnState {
  const late = event.turnId !== undefined && turnHasLeft(state, owner, event.turnId);
  return openTurn(state, owner, event, late);
}

function parentTurn(parent: SessionState, turnId: string | undefined): TurnState | undefined {
  return turnId === undefined ? undefined : parent.turns.get(turnId);
}

/** A CLI that never built an agent finalises no session (D7 in docs/mapping.md); a terminal's transform names none at all. */
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
