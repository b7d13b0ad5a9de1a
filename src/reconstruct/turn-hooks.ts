/** What a turn's own hooks do: where it begins, and where it ends. What else closes one is in `turns.ts`. */
import type { Mark, PostLlmCall, PreLlmCall, SessionEnd } from '../model/event.ts';
import { hasEnded } from './ended.ts';
import type { Fate, Output } from './output.ts';
import type { SessionState, State, TurnState } from './state.ts';
import { clampedEnd, isRepeat } from './times.ts';
import { announce, closeTurn, endTurn, openTurn } from './turns.ts';

/** A turn begins: it opens, or the one that its first events opened is announced. */
export function onPreLlmCall(
  state: State,
  out: Output,
  owner: SessionState,
  turn: TurnState | undefined,
  event: PreLlmCall,
): Fate {
  if (isAnnounced(state, turn, event)) return 'merged';
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
function isAnnounced(state: State, turn: TurnState | undefined, event: PreLlmCall): boolean {
  if (event.turnId !== undefined) return turn?.announced ?? hasEnded(state, event.turnId);
  return turn !== undefined && turn.apiCallCount === 0 && isRepeat(turn.startTime, event.time);
}

/** The answer is there: a turn's own end, whatever comes after it. */
export function onPostLlmCall(out: Output, turn: TurnState | undefined, event: PostLlmCall): Fate {
  if (turn === undefined || turn.endTime !== undefined) return 'merged';
  turn.endTime = clampedEnd(out, event, turn.startTime, event.time);
  turn.assistantResponse = event.assistantResponse;
  return 'mapped';
}

/** The end of a turn, despite its name. */
export function onSessionEnd(
  state: State,
  out: Output,
  owner: SessionState,
  turn: TurnState | undefined,
  event: SessionEnd,
): Fate {
  // A TUI says it at every close, also when no turn is open (D6 in docs/mapping.md).
  if (turn === undefined || turn.sent) return 'merged';
  turn.completed = event.completed;
  turn.interrupted = event.interrupted;
  turn.failed = event.failed;
  turn.exitReason = event.turnExitReason ?? event.reason;
  endTurn(state, out, owner, turn, turn.endTime ?? clampedEnd(out, event, turn.startTime, event.time));
  return 'mapped';
}

/** Becomes a span event of its turn. */
export function onMark(turn: TurnState | undefined, event: Mark): Fate {
  if (turn === undefined) return 'unmapped';
  turn.events.push({ time: event.time, name: event.name, fields: event.fields });
  return 'mapped';
}
