/**
 * What ends a session: finalise, reset, idleness, the bounds on memory and the end of input; never `on_session_end`,
 * which ends a turn. docs/adr/0004-closing-rules.md holds the reasons.
 */
import type { IncompleteReason } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import type { Fate, Output } from './output.ts';
import { sendSession } from './sessions.ts';
import type { SessionState, State } from './state.ts';
import { closeTurn } from './turns.ts';

/** A session is finalised or reset. */
export function onSessionFinalize(
  state: State,
  out: Output,
  session: SessionState,
  time: EpochMicros,
  reason: string | undefined,
): Fate {
  const nothingOpen = session.turns.size === 0;
  if (nothingOpen && session.endTime !== undefined) return 'merged';
  session.endReason = reason;
  endSession(state, out, session, 'session_end', time);
  return session.selected ? 'mapped' : 'unmapped';
}

/** Ends the session and what is open in it. `time` is `undefined` when nothing in the log says when it ended. */
export function endSession(
  state: State,
  out: Output,
  session: SessionState,
  reason: IncompleteReason,
  time: EpochMicros | undefined,
): void {
  for (const turn of session.turns.values()) {
    if (!turn.sent && turn.endTime === undefined && reason !== 'session_end') session.incomplete = reason;
    closeTurn(state, out, session, turn, reason);
  }
  session.endTime = time;
  state.quiet.set(session.id, true);
  if (state.options.sessionSpans === 'at_end') sendSession(state, out, session);
}

/** Sends what has a span left to send, and forgets the session. */
export function forgetSession(state: State, out: Output, session: SessionState): void {
  for (const turn of session.turns.values()) closeTurn(state, out, session, turn, 'evicted');
  sendSession(state, out, session);
  state.sessions.delete(session.id);
  state.quiet.delete(session.id);
  for (const task of session.tasks) {
    if (state.taskSessions.get(task) === session.id) state.taskSessions.delete(task);
  }
}

/** Keeps the state within its bounds: quiet sessions and open turns beyond them are closed, the oldest first. */
export function enforceBounds(state: State, out: Output): void {
  while (state.quiet.size > state.options.maxQuietSessions) {
    const [oldest = ''] = state.quiet.keys();
    state.quiet.delete(oldest);
    const session = state.sessions.get(oldest);
    if (session !== undefined) forgetSession(state, out, session);
  }
  while (state.openTurns.size > state.options.maxOpenTurns) {
    const [oldest = ''] = state.openTurns.keys();
    state.openTurns.delete(oldest);
    const at = oldest.indexOf('\0');
    const session = state.sessions.get(oldest.slice(0, at));
    const turn = session?.turns.get(oldest.slice(at + 1));
    if (session !== undefined && turn !== undefined) closeTurn(state, out, session, turn, 'evicted');
  }
}

/**
 * Closes the sessions that have been silent for longer than the idle timeout, by the log's clock.
 * @returns false when it was not yet time to look.
 */
export function closeIdleSessions(state: State, out: Output, now: EpochMicros): boolean {
  const { idleTimeoutMicros } = state.options;
  if (idleTimeoutMicros === undefined) return false;
  // Also after a clock was set back, when the next look would lie far ahead.
  if (now < state.nextIdleCheck && now > state.nextIdleCheck - idleTimeoutMicros) return false;
  state.nextIdleCheck = (now + idleTimeoutMicros / 4) as EpochMicros;
  for (const session of state.sessions.values()) {
    if (session.lastTime + idleTimeoutMicros < now) closeIdle(state, out, session);
  }
  return true;
}

/** Closes `session` when the event at `now` comes after a silence longer than the idle timeout. */
export function closeIfIdle(state: State, out: Output, session: SessionState, now: EpochMicros): void {
  const { idleTimeoutMicros } = state.options;
  if (idleTimeoutMicros !== undefined && session.lastTime + idleTimeoutMicros < now)
    closeIdle(state, out, session);
}

function closeIdle(state: State, out: Output, session: SessionState): void {
  if (session.turns.size > 0 || (session.endTime === undefined && !session.sent)) {
    endSession(state, out, session, 'idle', session.endTime);
  }
}
