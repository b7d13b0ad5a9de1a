/**
 * Tool calls, paired by id and never by a stack: parallel calls end in any order. Before 0.16 a `pre` has no id while
 * its `post` has one, so those pair by name and arguments, first in first out; nested `execute_code` calls never have one.
 */
import type { PostToolCall, PreToolCall } from '../model/event.ts';
import type { IncompleteReason, SpanId, ToolCallSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { endedUnder, rememberEnded } from './ended.ts';
import { fingerprintOf } from './fingerprint.ts';
import { spanIdOf } from './ids.ts';
import type { Ended, Fate, Output, PresumedEnd, SessionState, State, ToolState, TurnState } from './state.ts';
import { clampedEnd, isRepeat, warn } from './times.ts';

/** A tool begins. */
export function onPreToolCall(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: PreToolCall,
): Fate {
  const fingerprint = fingerprintOf(event.args);
  const repeated = findRepeated(turn, event, fingerprint);
  if (repeated !== undefined) {
    repeated.toolCallId ??= event.toolCallId;
    return 'merged';
  }
  const key = toolKey(turn, event);
  const ended = key === undefined ? undefined : endedUnder(state, key);
  if (ended !== undefined && saysAgain(ended, event, fingerprint)) return 'merged';
  const count = key === undefined ? 0 : (ended?.count ?? 0) + openUnder(turn, key);
  if (count > 0) {
    warn(
      out,
      event,
      'tool-call-id-repeated',
      'the provider gave this tool_call_id to an earlier call too: kept apart',
    );
  }
  turn.tools.push({
    key,
    spanId: count === 0 && key !== undefined ? key : toolSpanId(turn, event, count),
    sessionId: session.id,
    toolName: event.toolName,
    toolCallId: event.toolCallId,
    apiRequestId: event.apiRequestId,
    fingerprint,
    startTime: event.time,
    lastTime: event.time,
    enclosing:
      event.sessionId === undefined || event.toolCallId === undefined ? enclosingOf(turn, event) : undefined,
    args: argsText(state, event),
    presumed: undefined,
  });
  if (!turn.toolNames.includes(event.toolName)) turn.toolNames.push(event.toolName);
  return 'mapped';
}

function openUnder(turn: TurnState, key: SpanId): number {
  let count = 0;
  for (const tool of turn.tools) if (tool.key === key) count++;
  return count;
}

/** True when a `pre` is of the call that ended: heard by a second recorder, or late. Other arguments are another call. */
function saysAgain(
  { startTime, fingerprint: known }: Ended,
  event: PreToolCall,
  fingerprint: number,
): boolean {
  if (known !== undefined && known !== fingerprint) return false;
  return event.time <= startTime || isRepeat(startTime, event.time);
}

/** A tool ends, in any order. One whose start is not in the log starts where its duration says. */
export function onPostToolCall(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  event: PostToolCall,
): Fate {
  const at = findOpen(state, turn, event);
  if (at === SAID_BEFORE) {
    noteSecondEnd(out, endedUnder(state, toolKey(turn, event) ?? ''), event);
    return 'merged';
  }
  const [open] = at < 0 ? [] : turn.tools.splice(at, 1);
  const tool = open ?? lostTool(state, session, turn, event);
  const nested = event.toolCallId === undefined && tool.toolCallId === undefined ? tool.enclosing : undefined;
  const span: ToolCallSpan = {
    ...toolSpan(state, turn, tool, nested),
    endTime: clampedEnd(out, event, tool.startTime, event.time),
    toolCallId: tool.toolCallId ?? event.toolCallId,
    apiRequestId: tool.apiRequestId ?? event.apiRequestId,
    status: event.status,
    errorType: event.errorType,
    errorMessage: event.errorMessage,
    durationMillis: measuredMillis(event),
    result: event.result,
  };
  closeTool(state, out, session, turn, tool, span, nested !== undefined);
  return 'mapped';
}

/** A worker that was given up may end late and say otherwise: the first end counts. */
function noteSecondEnd(out: Output, ended: Ended | undefined, event: PostToolCall): void {
  if (ended?.endTime === undefined || isRepeat(ended.endTime, event.time)) return;
  warn(out, event, 'ended-twice', 'this tool call had ended already: the first end counts');
}

/** Notes that what is open must have ended by `end.time`. It is closed with the turn, unless its own end still comes. */
export function presumeToolsEnded(turn: TurnState, end: PresumedEnd): void {
  for (const tool of turn.tools) tool.presumed ??= end;
}

/** Closes every open tool call of the turn as incomplete. */
export function closeOpenTools(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  reason: IncompleteReason,
): void {
  for (const tool of turn.tools.splice(0)) {
    const nested = tool.toolCallId === undefined ? tool.enclosing : undefined;
    const end = tool.presumed ?? { time: later(tool.lastTime, lastInside(state, tool)), reason };
    const span: ToolCallSpan = {
      ...toolSpan(state, turn, tool, nested),
      endTime: later(tool.startTime, end.time),
      incomplete: end.reason,
    };
    closeTool(state, out, session, turn, tool, span, nested !== undefined);
  }
}

function closeTool(
  state: State,
  out: Output,
  session: SessionState,
  turn: TurnState,
  tool: ToolState,
  span: ToolCallSpan,
  nested: boolean,
): void {
  const outcome = span.status ?? 'incomplete';
  turn.toolOutcomes[outcome] = (turn.toolOutcomes[outcome] ?? 0) + 1;
  turn.lastTime = later(turn.lastTime, span.endTime);
  if (!nested) {
    turn.toolCallCount++;
    if (!turn.background) session.toolCallCount++;
  }
  const key =
    tool.key ?? (span.toolCallId === undefined ? undefined : keyOf(turn, span.apiRequestId, span.toolCallId));
  if (key !== undefined) rememberEnded(state, key, tool.startTime, span.endTime, tool.fingerprint);
  if (turn.selected) out.spans.push(span);
}

/** An open call that this `pre` says again: heard by a second recorder, or once without and once with its ids. */
function findRepeated(turn: TurnState, event: PreToolCall, fingerprint: number): ToolState | undefined {
  return turn.tools.find((tool) => {
    if (tool.toolName !== event.toolName || tool.fingerprint !== fingerprint) return false;
    if (tool.toolCallId === event.toolCallId && tool.apiRequestId === event.apiRequestId) {
      return event.toolCallId !== undefined || isRepeat(tool.startTime, event.time);
    }
    return tool.toolCallId === undefined;
  });
}

/** The `post` is of a call that ended already: heard by a second recorder, or sent again by a worker that was late. */
const SAID_BEFORE = -2;

/** Index of the open call that this `post` ends, -1 when there is none, or `SAID_BEFORE`. */
function findOpen(state: State, turn: TurnState, event: PostToolCall): number {
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

/** The `execute_code` that runs while an id-less call starts: such a call comes from its script. */
function enclosingOf(turn: TurnState, event: PreToolCall): SpanId | undefined {
  if (event.toolCallId !== undefined) return undefined;
  return turn.tools.find((tool) => tool.toolName === 'execute_code' && tool.presumed === undefined)?.spanId;
}

interface ToolIds {
  readonly toolName: string;
  readonly toolCallId: string | undefined;
  readonly apiRequestId: string | undefined;
  readonly time: EpochMicros;
}

/** What names a call among those that ended: the id of its span, as long as its id is its own. */
function toolKey(turn: TurnState, event: ToolIds): SpanId | undefined {
  return event.toolCallId === undefined ? undefined : keyOf(turn, event.apiRequestId, event.toolCallId);
}

function keyOf(turn: TurnState, apiRequestId: string | undefined, toolCallId: string): SpanId {
  return spanIdOf('tool_call', turn.key, apiRequestId ?? '', toolCallId);
}

/** `count`: how many calls had the same id before. */
function toolSpanId(turn: TurnState, event: ToolIds, count: number): SpanId {
  if (event.toolCallId === undefined)
    return spanIdOf('tool_call', turn.key, event.toolName, String(event.time));
  if (count === 0) return keyOf(turn, event.apiRequestId, event.toolCallId);
  return spanIdOf('tool_call', turn.key, event.apiRequestId ?? '', event.toolCallId, String(count));
}

/** The call whose `pre_tool_call` is not in the log, or was never sent (tools blocked by scope, 0.16+). */
function lostTool(state: State, session: SessionState, turn: TurnState, event: PostToolCall): ToolState {
  const startTime = shift(event.time, -1000 * (measuredMillis(event) ?? 0));
  if (!turn.toolNames.includes(event.toolName)) turn.toolNames.push(event.toolName);
  return {
    key: toolKey(turn, event),
    spanId: toolSpanId(turn, event, 0),
    sessionId: session.id,
    toolName: event.toolName,
    toolCallId: event.toolCallId,
    apiRequestId: event.apiRequestId,
    fingerprint: fingerprintOf(event.args),
    startTime,
    lastTime: startTime,
    enclosing: undefined,
    args: argsText(state, event),
    presumed: undefined,
  };
}

/** 0 stands for "not measured" where the call never ran to its end. */
function measuredMillis(event: PostToolCall): number | undefined {
  const measured = event.status === 'ok' || event.status === 'error' || (event.durationMillis ?? 0) > 0;
  return measured ? event.durationMillis : undefined;
}

function argsText(state: State, event: PreToolCall | PostToolCall): string | undefined {
  return state.options.content && event.args !== undefined ? JSON.stringify(event.args) : undefined;
}

/** The last thing known to have happened in a sub-agent that this call runs. */
function lastInside(state: State, tool: ToolState): EpochMicros {
  let last = tool.startTime;
  for (const subagent of state.subagents.values()) {
    if (subagent.position.parentSpanId !== tool.spanId) continue;
    const child = state.sessions.get(subagent.childSessionId ?? '');
    last = later(last, child?.lastTime ?? subagent.startTime);
  }
  return last;
}

function toolSpan(
  state: State,
  turn: TurnState,
  tool: ToolState,
  enclosing: SpanId | undefined,
): ToolCallSpan {
  return {
    kind: 'tool_call',
    traceId: turn.position.traceId,
    spanId: tool.spanId,
    parentSpanId: enclosing ?? turn.position.spanId,
    startTime: tool.startTime,
    endTime: tool.startTime,
    sessionId: tool.sessionId,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    toolName: tool.toolName,
    toolCallId: tool.toolCallId,
    apiRequestId: tool.apiRequestId,
    status: undefined,
    errorType: undefined,
    errorMessage: undefined,
    durationMillis: undefined,
    args: tool.args,
    result: undefined,
    background: turn.background,
  };
}
