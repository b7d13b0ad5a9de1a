import type { HookEvent } from '../model/event.ts';
import type { Envelope } from '../model/line.ts';
import { nameIn } from './name.ts';
import { type LintState, note } from './state.ts';

/** Remembers which sessions the log speaks of, and whether it has their start and end. */
export function checkSession(state: LintState, event: HookEvent, envelope: Envelope | undefined): void {
  const { sessionId } = event;
  if (sessionId === undefined) return;
  const session = state.sessions.get(sessionId) ?? {
    first: { source: event.source, line: event.line },
    envelope,
    twice: false,
    started: false,
    ended: false,
  };
  if (envelope !== session.envelope && !session.twice) {
    session.twice = true;
    const message = `one session in two envelopes, ${session.envelope} and ${envelope}: two recorders wrote it`;
    note(state, 'two-recorders', message, event, nameIn(sessionId));
  }
  if (event.hook === 'on_session_start') session.started = true;
  if (event.hook === 'on_session_finalize') session.ended = true;
  state.sessions.set(sessionId, session);
}

export function finishSessions(state: LintState): void {
  for (const { first, started, ended } of state.sessions.values()) {
    if (!started) note(state, 'no-session-start', 'a session without on_session_start', first);
    if (!ended) note(state, 'no-session-end', 'a session without on_session_finalize', first);
  }
}
