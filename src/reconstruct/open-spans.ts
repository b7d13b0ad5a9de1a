/** Sessions, turns and sub-agents that have not ended, as the spans they would be if the log ended here. Changes nothing. */
import type { AgentSpan } from '../model/span.ts';
import { sessionSpan } from './sessions.ts';
import type { SessionState, State } from './state.ts';
import { openSubagentSpan } from './subagents.ts';
import { turnSpan } from './turn-span.ts';

/** Everything open that others hang below; what is still open is incomplete. It leaves again, whole, under the same ids. */
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
    turnSpan(state, session, turn, turn.endTime === undefined ? 'end_of_input' : undefined),
  );
  const reason = session.turns.size > 0 ? 'end_of_input' : undefined;
  if (hasUnsentSpan(state, session)) spans.push(sessionSpan(state, session, reason));
  return spans;
}

/** Sessions in which nothing is open, and which nobody has ended: whole, so far as is known. */
export function quietSessionSpans(state: State): readonly AgentSpan[] {
  const waiting = new Set(Array.from(state.subagents.values(), ({ sessionId }) => sessionId));
  return Array.from(state.sessions.values())
    .filter(
      (session) => session.turns.size === 0 && !waiting.has(session.id) && hasUnsentSpan(state, session),
    )
    .map((session) => sessionSpan(state, session));
}

/** One that has no place yet may still learn of a session above it: asking for its place would decide that. */
function hasUnsentSpan({ options }: State, session: SessionState): boolean {
  const isPlaced = session.position !== undefined && session.subagent === undefined;
  return isPlaced && session.selected && !session.sent && options.tracePer === 'session';
}
