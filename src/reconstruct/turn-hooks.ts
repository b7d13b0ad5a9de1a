/** The hooks of a turn: `pre_llm_call`, `post_llm_call`, `on_session_end`, and the moments that become its span events. */
import type { Mark, PostLlmCall, PreLlmCall, SessionEnd } from '../model/event.ts';
import type { AgentSpanEvent } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { closeTurn, ENDED_WAIT_MICROS, endTurn, isClosedByNext, waitForLateEvents } from './close-turns.ts';
import type { LineOutcome, TurnContext } from './output.ts';
import { hasClosed } from './recently-closed.ts';
import { moveToUser, originOf, releaseHeld } from './reviews.ts';
import type { State, TurnState } from './state.ts';
import { clampedEnd, differ, endAround, isRepeat } from './times.ts';
import { applyPreLlmCall, type MaybeTurnContext, openTurn, reopenSession } from './turns.ts';

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
  if (next.span.background) return 'mapped';
  for (const other of session.turns.values()) {
    if (other !== next && isClosedByNext(other)) closeTurn({ ...context, turn: other }, 'next_turn');
  }
  return 'mapped';
}

/** True when the log had this start of a turn before. Without a turn id only a second recorder is so close behind. */
function isSecondPre(state: State, turn: TurnState | undefined, event: PreLlmCall): boolean {
  if (event.turnId !== undefined) return turn?.hasPreLlmCall ?? hasClosed(state, event.turnId);
  if (turn === undefined || !isRepeat(turn.span.startTime, event.time)) return false;
  // The second recorder may be slower than the first call is to begin, but not than its answer.
  if ([...turn.calls.values()].some(({ answers }) => answers > 0)) return false;
  return (
    !differ(turn.span.userMessage, event.userMessage) && !differ(turn.span.isFirstTurn, event.isFirstTurn)
  );
}

/** The answer: a turn's own end, also when events follow it. */
export function onPostLlmCall(context: MaybeTurnContext, event: PostLlmCall): LineOutcome {
  const { session, turn } = context;
  if (turn === undefined || turn.endTime !== undefined) return 'merged';
  session.hasTurnHooks = true;
  turn.endTime = ownEnd({ ...context, turn }, event);
  waitForLateEvents(context.state, turn, { from: event.time, micros: ENDED_WAIT_MICROS });
  turn.span.assistantResponse = event.assistantResponse;
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
  turn.span.completed = event.completed;
  turn.span.interrupted = event.interrupted;
  turn.span.failed = event.failed;
  turn.span.exitReason = event.turnExitReason ?? event.reason;
  endTurn({ ...context, turn }, turn.endTime ?? ownEnd({ ...context, turn }, event));
  return 'mapped';
}

/** The time of the hook that ends the turn. */
function ownEnd(context: TurnContext, event: PostLlmCall | SessionEnd): EpochMicros {
  return endAround(clampedEnd(context, event, context.turn.span.startTime), context.turn.lastTime);
}

/** Whose turn it is has become certain. */
function settleOrigin(context: TurnContext, background: boolean): void {
  const { session, turn } = context;
  if (turn.certain) return;
  if (turn.span.background && !background) {
    moveToUser(context);
    reopenSession(session, turn);
  }
  releaseHeld(context);
}

/** Becomes a span event of its turn. */
export function onMark(turn: TurnState | undefined, event: Mark): LineOutcome {
  if (turn === undefined) return 'unmapped';
  const last = turn.span.events.at(-1);
  if (last !== undefined && isSecondMark(last, event)) return 'merged';
  turn.span.events.push({ time: event.time, name: event.name, fields: event.fields });
  return 'mapped';
}

function isSecondMark(last: AgentSpanEvent, event: Mark): boolean {
  if (last.name !== event.name || !isRepeat(last.time, event.time)) return false;
  return JSON.stringify(last.fields) === JSON.stringify(event.fields);
}
