/**
 * The ends of a session: finalize, reset, idleness, the bounds on memory and the end of input; never `on_session_end`,
 * which ends a turn. docs/adr/0004-closing-rules.md holds the reasons.
 */
import type { SessionFinalize, SessionReset } from '../model/event.ts';
import type { IncompleteReason } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import {
  closeTurn,
  closeTurns,
  hasOpenChildren,
  isCutOff,
  LATE_WAIT_MICROS,
  waitForLateEvents,
} from './close-turns.ts';
import type { Context, LineOutcome, SessionContext } from './output.ts';
import { endsWithLastEvent } from './reviews.ts';
import { sendSession } from './sessions.ts';
import { openTurnUnder } from './state.ts';
import { endAround } from './times.ts';

/**
 * Ends the session. `/new`, `/reset` and another process finalize a session while a turn of it runs: such a turn stays
 * open for its own end, which comes later or never.
 */
export function onSessionFinalize(
  context: SessionContext,
  event: SessionFinalize | SessionReset,
): LineOutcome {
  const { session } = context;
  if (session.endTime !== undefined) return 'merged';
  session.endReason = event.reason;
  finalizeSession(context, event.time);
  return session.selected ? 'mapped' : 'unmapped';
}

/** Ends the session at `time`, and its turns when they are over. */
export function finalizeSession(context: SessionContext, time: EpochMicros): void {
  const { state, session } = context;
  session.endTime = endAround(time, session.lastTime);
  for (const turn of session.turns.values()) {
    const isOver = turn.sent || turn.endTime !== undefined || endsWithLastEvent(turn);
    if (isOver && !hasOpenChildren(turn)) closeTurn({ ...context, turn }, 'session_end');
    else waitForLateEvents(state, turn, { from: time, micros: LATE_WAIT_MICROS });
  }
  if (session.turns.size === 0) endSession(context, 'session_end', time);
}

/** Ends the session and what is open in it. `time` is `undefined` when the log does not have its end. */
export function endSession(
  context: SessionContext,
  reason: IncompleteReason,
  time: EpochMicros | undefined,
): void {
  const { state, session } = context;
  const isFinalized = session.endTime !== undefined;
  const cutOff = Array.from(session.turns.values()).some((turn) => isCutOff(session, turn));
  if (cutOff && reason !== 'session_end' && !isFinalized) session.incomplete = reason;
  session.endTime ??= time;
  closeTurns(context, isFinalized ? 'session_end' : reason);
  state.quiet.set(session.id, true);
  if (state.options.sessionSpans === 'at_end') sendSession(context);
}

/** Sends what is left to send of the session, and forgets it. */
function forgetSession(context: SessionContext): void {
  const { state, session } = context;
  closeTurns(context, 'evicted');
  sendSession(context);
  state.sessions.delete(session.id);
  state.quiet.delete(session.id);
  for (const task of session.tasks) {
    if (state.taskSessions.get(task) === session.id) state.taskSessions.delete(task);
  }
}

/** Keeps the state within its bounds: quiet sessions and open turns beyond them are closed, the oldest first. */
export function enforceBounds(context: Context): void {
  const { state } = context;
  while (state.quiet.size > state.options.maxQuietSessions) {
    const [oldest = ''] = state.quiet.keys();
    state.quiet.delete(oldest);
    const session = state.sessions.get(oldest);
    if (session !== undefined) forgetSession({ ...context, session });
  }
  while (state.openTurns.size > state.options.maxOpenTurns) {
    const [oldest = ''] = state.openTurns.keys();
    state.openTurns.delete(oldest);
    const found = openTurnUnder(state, oldest);
    if (found !== undefined) closeTurn({ ...context, ...found }, 'evicted');
  }
}

/**
 * Closes the sessions that have been silent for longer than the idle timeout, by the log's clock.
 * @returns false when the next check was not yet due.
 */
export function closeIdleSessions(context: Context, now: EpochMicros): boolean {
  const { state } = context;
  const { idleTimeoutMicros } = state.options;
  if (idleTimeoutMicros === undefined) return false;
  // Also after a clock was set back, when the next check would lie far ahead.
  if (now < state.nextIdleCheck && now > state.nextIdleCheck - idleTimeoutMicros) return false;
  state.nextIdleCheck = (now + idleTimeoutMicros / 4) as EpochMicros;
  for (const session of state.sessions.values()) {
    closeIfIdle({ ...context, session }, now);
    for (const turn of session.turns.values()) {
      if (turn.lastTime + idleTimeoutMicros < now) closeTurn({ ...context, session, turn }, 'idle');
    }
  }
  return true;
}

/** Closes the session when the event at `now` comes after a silence longer than the idle timeout. */
export function closeIfIdle(context: SessionContext, now: EpochMicros): void {
  const { state, session } = context;
  const { idleTimeoutMicros } = state.options;
  if (idleTimeoutMicros === undefined || session.lastTime + idleTimeoutMicros >= now) return;
  if (session.turns.size > 0 || (session.endTime === undefined && !session.sent)) {
    endSession(context, 'idle', session.endTime);
  }
}
