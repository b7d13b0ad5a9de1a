/**
 * Tool calls, paired by id and never by a stack: parallel calls end in any order. Before 0.16 a `pre` has no id while
 * its `post` has one, so those pair by name and arguments, first in first out; nested `execute_code` calls never have one.
 */
import type { PostToolCall, PreToolCall } from '../model/event.ts';
import type { IncompleteReason, SpanId, ToolCallSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { endedUnder, rememberEnded } from './ended.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { Fate, Output } from './output.ts';
import type { Ended, PresumedEnd, SessionState, State, ToolState, TurnState } from './state.ts';
import { clampedEnd, isRepeat, warn } from './times.ts';
import {
  findOpen,
  findRepeated,
  keyOf,
  openUnder,
  SAID_BEFORE,
  saysAgain,
  toolKey,
  toolSpanId,
} from './tool-pairing.ts';

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
  if (key !== undefined) {
    const { endTime } = span;
    rememberEnded(state, key, tool.startTime, { endTime, fingerprint: tool.fingerprint });
  }
  if (turn.selected) out.spans.push(span);
}

/** The `execute_code` that runs while an id-less call starts: such a call comes from its script. */
function enclosingOf(turn: TurnState, event: PreToolCall): SpanId | undefined {
  if (event.toolCallId !== undefined) return undefined;
  return turn.tools.find((tool) => tool.toolName === 'execute_code' && tool.presumed === undefined)?.spanId;
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
