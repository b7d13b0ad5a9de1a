/**
 * Which call an event is of: by its id, or by its name and arguments where a dialect gives none. docs/mapping.md has a row
 * for each of the cases.
 */
import type { PostToolCall, PreToolCall } from '../model/event.ts';
import type { SpanId } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { endedUnder } from './ended.ts';
import { fingerprintOf } from './fingerprint.ts';
import { spanIdOf } from './ids.ts';
import type { Ended, State, ToolState, TurnState } from './state.ts';
import { isRepeat } from './times.ts';

/** An open call that this `pre` says again: heard by a second recorder, or once without and once with its ids. */
export function findRepeated(
  turn: TurnState,
  event: PreToolCall,
  fingerprint: number,
): ToolState | undefined {
  return turn.tools.find((tool) => {
    if (tool.toolName !== event.toolName || tool.fingerprint !== fingerprint) return false;
    if (tool.toolCallId === event.toolCallId && tool.apiRequestId === event.apiRequestId) {
      return event.toolCallId !== undefined || isRepeat(tool.startTime, event.time);
    }
    return tool.toolCallId === undefined;
  });
}

/** The `post` is of a call that ended already: heard by a second recorder, or sent again by a worker that was late. */
export const SAID_BEFORE = -2;

/** Index of the open call that this `post` ends, -1 when there is none, or `SAID_BEFORE`. */
export function findOpen(state: State, turn: TurnState, event: PostToolCall): number {
  const { tools } = turn;
  const named = findNamed(state, turn, event);
  if (named !== undefined) return named;
  const unnamed = indexesOf(
    tools,
    (tool) => tool.toolCallId === undefined && tool.toolName === event.toolName,
  );
  const match = sameArguments(tools, unnamed, event);
  if (match !== undefined) return match;
  // Hooks may rewrite arguments between the two events; a single candidate leaves no doubt.
  return unnamed.length === 1 ? (unnamed[0] ?? -1) : -1;
}

/** The same among the calls that opened with an id; `undefined` when the event has none, or no such call is known. */
function findNamed(state: State, turn: TurnState, event: PostToolCall): number | undefined {
  const { tools } = turn;
  if (event.toolCallId === undefined) return undefined;
  const same = indexesOf(tools, (tool) => tool.toolCallId === event.toolCallId && sameRequest(tool, event));
  const exact = sameArguments(tools, same, event);
  if (exact !== undefined) return exact;
  const ended = endedUnder(state, keyOf(turn, event.apiRequestId, event.toolCallId));
  // Where an id stands for several calls, a second end of the one must not end the other.
  const ofEnded = ended !== undefined && ended.fingerprint === fingerprintOf(event.args);
  if (same.length > 0 && !ofEnded) return same[0];
  return ended === undefined ? undefined : SAID_BEFORE;
}

function sameRequest(tool: ToolState, event: PostToolCall): boolean {
  return (
    tool.apiRequestId === undefined ||
    event.apiRequestId === undefined ||
    tool.apiRequestId === event.apiRequestId
  );
}

function indexesOf(tools: readonly ToolState[], test: (tool: ToolState) => boolean): number[] {
  const found: number[] = [];
  for (const [index, tool] of tools.entries()) if (test(tool)) found.push(index);
  return found;
}

function sameArguments(
  tools: readonly ToolState[],
  candidates: readonly number[],
  event: PostToolCall,
): number | undefined {
  if (candidates.length === 0) return undefined;
  const fingerprint = fingerprintOf(event.args);
  return candidates.find((index) => tools[index]?.fingerprint === fingerprint);
}

/** How many open calls have this key. */
export function openUnder(turn: TurnState, key: SpanId): number {
  let count = 0;
  for (const tool of turn.tools) if (tool.key === key) count++;
  return count;
}

/** True when a `pre` is of the call that ended: heard by a second recorder, or late. Other arguments are another call. */
export function saysAgain(
  { startTime, fingerprint: known }: Ended,
  event: PreToolCall,
  fingerprint: number,
): boolean {
  if (known !== undefined && known !== fingerprint) return false;
  return event.time <= startTime || isRepeat(startTime, event.time);
}

interface ToolIds {
  readonly toolName: string;
  readonly toolCallId: string | undefined;
  readonly apiRequestId: string | undefined;
  readonly time: EpochMicros;
}

/** What names a call among those that ended: the id of its span, as long as its id is its own. */
export function toolKey(turn: TurnState, event: ToolIds): SpanId | undefined {
  return event.toolCallId === undefined ? undefined : keyOf(turn, event.apiRequestId, event.toolCallId);
}

export function keyOf(turn: TurnState, apiRequestId: string | undefined, toolCallId: string): SpanId {
  return spanIdOf('tool_call', turn.key, apiRequestId ?? '', toolCallId);
}

/** `count`: how many calls had the same id before. */
export function toolSpanId(turn: TurnState, event: ToolIds, count: number): SpanId {
  if (event.toolCallId === undefined)
    return spanIdOf('tool_call', turn.key, event.toolName, String(event.time));
  if (count === 0) return keyOf(turn, event.apiRequestId, event.toolCallId);
  return spanIdOf('tool_call', turn.key, event.apiRequestId ?? '', event.toolCallId, String(count));
}
