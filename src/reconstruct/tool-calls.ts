/**
 * Tool calls, paired by id and never by a stack: parallel calls end in any order. Before 0.16 a `pre` has no id while
 * its `post` has one, so those pair by name and arguments, first in first out; nested `execute_code` calls never have one.
 */
import type { HookEvent, PostToolCall, PreToolCall } from '../model/event.ts';
import { isJsonObject } from '../model/json.ts';
import type { IncompleteReason, SpanId, ToolCallSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { fingerprintOf, spanIdOf } from './ids.ts';
import {
  addOpen,
  changeOpen,
  noteName,
  openById,
  openNamedLater,
  openWithoutId,
  removeOpen,
  takeOpen,
} from './open-tools.ts';
import { cutOff, emit, includeStart, type LineOutcome, type TurnContext } from './output.ts';
import { closedUnder, derivedTwinId, rememberClosed } from './recently-closed.ts';
import type { ClosedFacts, Open, PresumedEnd, State, ToolState, TurnState } from './state.ts';
import { clampedEnd, differ, isRepeat, warn } from './times.ts';

/** Opens a tool call. */
export function onPreToolCall(context: TurnContext, event: PreToolCall): LineOutcome {
  const { state, turn } = context;
  const repeated = findRepeated(turn, event);
  if (repeated !== undefined) {
    changeOpen(turn, repeated, () => giveId(repeated, turn, event.toolCallId));
    return 'merged';
  }
  const key = toolKey(turn, event);
  const closed = key === undefined ? undefined : closedUnder(state, key);
  if (closed !== undefined && isPreOfClosed(closed, event)) return 'merged';
  const count = key === undefined ? 0 : (closed?.count ?? 0) + countOpen(turn, event, key);
  if (count > 0) {
    warn(
      context,
      event,
      'tool-call-id-repeated',
      'the provider gave this tool_call_id to an earlier call too: kept apart',
    );
  }
  addOpen(turn, newTool(context, event, key, count));
  return 'mapped';
}

/** Closes a tool call. One without a `pre` in the log starts where its duration says. */
export function onPostToolCall(context: TurnContext, event: PostToolCall): LineOutcome {
  const { state, turn } = context;
  const open = findOpen(context, event);
  if (open === ALREADY_ENDED) {
    noteSecondEnd(context, closedUnder(state, toolKey(turn, event) ?? ''), event);
    return 'merged';
  }
  if (open === undefined && isSecondPostWithoutId(context, event)) return 'merged';
  if (open !== undefined) removeOpen(turn, open);
  const tool = open ?? newTool(context, event, toolKey(turn, event), 0);
  const { span } = tool;
  giveId(tool, turn, event.toolCallId);
  span.endTime = clampedEnd(context, event, span.startTime);
  span.apiRequestId ??= event.apiRequestId;
  span.status = event.status;
  span.errorType = event.errorType;
  span.errorMessage = event.errorMessage;
  span.durationMillis = measuredMillis(event);
  span.result = event.result;
  closeTool(context, tool);
  return 'mapped';
}

/** A call is below its `execute_code` only while no event gives it an id: then it is a call of the turn. */
function giveId({ span }: ToolState, turn: TurnState, toolCallId: string | undefined): void {
  if (span.toolCallId !== undefined || toolCallId === undefined) return;
  span.toolCallId = toolCallId;
  span.parentSpanId = turn.span.spanId;
}

/** True when the end of a call without an id is in the log already: a second recorder wrote it. */
function isSecondPostWithoutId({ state, turn }: TurnContext, event: PostToolCall): boolean {
  if (event.toolCallId !== undefined) return false;
  const closed = closedUnder(state, keyWithoutId(turn, event.toolName, fingerprintOf(event.args)));
  return closed !== undefined && isSecondPost(closed, event);
}

/** True when all that is remembered of the call's end is equal but the time. */
function isSecondPost({ endTime, durationMillis }: ClosedFacts, event: PostToolCall): boolean {
  return (
    endTime !== undefined && isRepeat(endTime, event.time) && !differ(durationMillis, measuredMillis(event))
  );
}

/** A worker that Hermes gave up may end later, with another result: the first end counts. */
function noteSecondEnd(context: TurnContext, closed: ClosedFacts | undefined, event: PostToolCall): void {
  if (closed?.endTime === undefined || isRepeat(closed.endTime, event.time)) return;
  warn(context, event, 'ended-twice', 'this tool call had ended already: the first end counts');
}

/** Notes that what is open ended by `end.time`. It is closed with the turn, unless its own end still comes. */
export function presumeToolsEnded(turn: TurnState, end: PresumedEnd): void {
  for (const tool of turn.tools) tool.presumed ??= end;
}

/** The API request at `time` was a repetition: it did not end the open tools. */
export function forgetPresumed(turn: TurnState, time: EpochMicros): void {
  for (const tool of turn.tools)
    if (tool.presumed?.reason === 'next_call' && tool.presumed.time === time) tool.presumed = undefined;
}

/** Closes every open tool call of the turn as incomplete. */
export function closeOpenTools(context: TurnContext, reason: IncompleteReason): void {
  for (const tool of takeOpen(context.turn)) {
    cutOff(tool, { time: lastInside(context.state, tool), reason });
    closeTool(context, tool);
  }
}

function closeTool(context: TurnContext, { span, key: ownKey, fingerprint }: ToolState): void {
  const { state, session, turn } = context;
  span.background = turn.span.background;
  const outcome = span.status ?? 'incomplete';
  turn.span.toolOutcomes[outcome] = (turn.span.toolOutcomes[outcome] ?? 0) + 1;
  turn.lastTime = later(turn.lastTime, span.endTime);
  for (const approval of turn.approvals) {
    if (approval.span.parentSpanId === span.spanId)
      approval.presumed ??= { time: span.endTime, reason: span.incomplete ?? 'turn_end' };
  }
  // A call of an `execute_code` script is none that the model asked for.
  if (span.parentSpanId === turn.span.spanId) {
    turn.span.toolCallCount++;
    if (!turn.span.background) session.toolCallCount++;
  }
  const { startTime, endTime, apiRequestId, toolCallId, durationMillis } = span;
  const key = ownKey ?? (toolCallId === undefined ? undefined : keyOf(turn, apiRequestId, toolCallId));
  rememberClosed(state, key ?? keyWithoutId(turn, span.toolName, fingerprint), {
    startTime,
    endTime,
    fingerprint,
    durationMillis,
    cutOff: span.incomplete !== undefined,
  });
  emit(context, span);
}

/** The `execute_code` that runs while a call without an id starts: such a call comes from its script. */
function enclosingOf(turn: TurnState): SpanId | undefined {
  const open = turn.tools.find(
    ({ span, presumed }) => span.toolName === 'execute_code' && presumed === undefined,
  );
  return open?.span.spanId;
}

/** `earlierOfKey`: how many calls had the same key before. */
function newTool(
  context: TurnContext,
  event: PreToolCall | PostToolCall,
  key: SpanId | undefined,
  earlierOfKey: number,
): ToolState {
  const { state, session, turn } = context;
  const isPre = event.hook === 'pre_tool_call';
  const startTime = isPre ? event.time : startOfLost(state, key, event);
  noteName(turn, turn.span.toolNames, event.toolName);
  includeStart(context, startTime);
  const enclosing = event.toolCallId === undefined ? enclosingOf(turn) : undefined;
  const span: Open<ToolCallSpan> = {
    kind: 'tool_call',
    traceId: turn.span.traceId,
    spanId: earlierOfKey === 0 && key !== undefined ? key : toolSpanId(context, event, earlierOfKey),
    parentSpanId: enclosing ?? turn.span.spanId,
    startTime,
    endTime: startTime,
    sessionId: session.id,
    incomplete: undefined,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    timeSource: event.timeSource,
    toolName: event.toolName,
    toolCallId: event.toolCallId,
    apiRequestId: event.apiRequestId,
    status: undefined,
    errorType: undefined,
    errorMessage: undefined,
    durationMillis: undefined,
    args: state.options.content && event.args !== undefined ? JSON.stringify(event.args) : undefined,
    result: undefined,
    background: turn.span.background,
  };
  return {
    span,
    key,
    fingerprint: fingerprintOf(event.args),
    command: commandOf(event),
    presumed: undefined,
  };
}

/** The start of a call that was closed without its end, or that the log does not have: then as its duration says. */
function startOfLost(state: State, key: SpanId | undefined, event: PostToolCall): EpochMicros {
  const closed = key === undefined ? undefined : closedUnder(state, key);
  return closed?.cutOff ? closed.startTime : shift(event.time, -1000 * (measuredMillis(event) ?? 0));
}

/** Fingerprint of the command that the tool runs, as an approval names it. */
function commandOf({ args }: PreToolCall | PostToolCall): number | undefined {
  const command = isJsonObject(args) ? args.command : undefined;
  return command === undefined ? undefined : fingerprintOf(command);
}

/** 0 stands for "not measured" where the call never ran to its end. */
function measuredMillis(event: PostToolCall): number | undefined {
  const measured = event.status === 'ok' || event.status === 'error' || (event.durationMillis ?? 0) > 0;
  return measured ? event.durationMillis : undefined;
}

/** The last time known inside a sub-agent that this call runs. */
function lastInside(state: State, tool: ToolState): EpochMicros {
  let last = tool.span.startTime;
  for (const subagent of state.subagents.values()) {
    if (subagent.position.parentSpanId !== tool.span.spanId) continue;
    const child = state.sessions.get(subagent.childSessionId ?? '');
    last = later(last, child?.lastTime ?? subagent.startTime);
  }
  return last;
}

/**
 * The pairing of tool events: by id, or by name and arguments where a dialect gives no id. docs/mapping.md has a row for
 * each case.
 */
type ToolEvent = PreToolCall | PostToolCall;

/** The open call that this `pre` repeats: written by a second recorder, or once without and once with its ids. */
function findRepeated(turn: TurnState, event: PreToolCall): ToolState | undefined {
  if (turn.tools.length === 0) return undefined;
  const { toolCallId, toolName } = event;
  const fingerprint = fingerprintOf(event.args);
  const isSame = ({ span, fingerprint: other }: ToolState) =>
    span.toolName === toolName && other === fingerprint && span.apiRequestId === event.apiRequestId;
  // One of two recorders may write the start with the id before the other writes it without.
  const same =
    toolCallId === undefined
      ? first(
          openNamedLater(turn, toolName, fingerprint),
          (tool) => isSame(tool) && isRepeat(tool.span.startTime, event.time),
        )
      : first(openById(turn, toolCallId), isSame);
  const unnamed = first(
    openWithoutId(turn, toolName, fingerprint),
    ({ span }) =>
      toolCallId !== undefined ||
      span.apiRequestId !== event.apiRequestId ||
      isRepeat(span.startTime, event.time),
  );
  if (same === undefined || unnamed === undefined) return same ?? unnamed;
  return turn.tools.indexOf(same) < turn.tools.indexOf(unnamed) ? same : unnamed;
}

function first(
  tools: Iterable<ToolState>,
  test: (tool: ToolState) => boolean = () => true,
): ToolState | undefined {
  for (const tool of tools) if (test(tool)) return tool;
  return undefined;
}

/** The `post` is of a call that ended already: a second recorder wrote it, or a worker that was given up. */
const ALREADY_ENDED = 'already ended';

/** The open call that this `post` ends, `undefined` when there is none, or `ALREADY_ENDED`. */
function findOpen(context: TurnContext, event: PostToolCall): ToolState | typeof ALREADY_ENDED | undefined {
  const { turn } = context;
  const named = findNamed(context, event);
  if (named !== undefined && named !== ALREADY_ENDED) return named;
  const match = first(openWithoutId(turn, event.toolName, fingerprintOf(event.args)));
  if (named === ALREADY_ENDED && (match === undefined || isSecondEnd(context, event))) return ALREADY_ENDED;
  if (match !== undefined) return match;
  // Hooks may rewrite arguments between the two events; a single candidate leaves no doubt.
  const [only, another] = openWithoutId(turn, event.toolName);
  return another === undefined ? only : undefined;
}

/** True for a second end of the call that closed under this id; some providers give one id to all calls of a turn. */
function isSecondEnd({ state, turn }: TurnContext, event: PostToolCall): boolean {
  const closed = closedUnder(state, toolKey(turn, event) ?? '');
  return closed?.fingerprint === fingerprintOf(event.args) && isSecondPost(closed, event);
}

/** The same among the calls that opened with an id; `undefined` when the event has none, or no such call is known. */
function findNamed(
  { state, turn }: TurnContext,
  event: PostToolCall,
): ToolState | typeof ALREADY_ENDED | undefined {
  if (event.toolCallId === undefined) return undefined;
  const same = [...openById(turn, event.toolCallId)].filter(
    ({ span }) => !differ(span.apiRequestId, event.apiRequestId),
  );
  const fingerprint = fingerprintOf(event.args);
  const exact = same.find((tool) => tool.fingerprint === fingerprint);
  if (exact !== undefined) return exact;
  const closed = closedUnder(state, keyOf(turn, event.apiRequestId, event.toolCallId));
  // Where an id stands for several calls, a second end of the one must not end the other.
  if (same.length > 0 && closed?.fingerprint !== fingerprint) return same[0];
  return closed === undefined || closed.cutOff ? undefined : ALREADY_ENDED;
}

/** How many open calls have this key. */
function countOpen(turn: TurnState, { toolCallId = '' }: PreToolCall, key: SpanId): number {
  return [...openById(turn, toolCallId)].filter((tool) => tool.key === key).length;
}

/** True when a `pre` is of the call that ended: of a second recorder, or late. Other arguments are another call. */
function isPreOfClosed({ startTime, fingerprint }: ClosedFacts, event: PreToolCall): boolean {
  if (fingerprint !== undefined && fingerprint !== fingerprintOf(event.args)) return false;
  return event.time <= startTime || isRepeat(startTime, event.time);
}

/** Names a call among those that ended: the id of its span, as long as no other call has its id. */
function toolKey(turn: TurnState, event: ToolEvent): SpanId | undefined {
  return event.toolCallId === undefined ? undefined : keyOf(turn, event.apiRequestId, event.toolCallId);
}

function keyOf(turn: TurnState, apiRequestId: string | undefined, toolCallId: string): SpanId {
  return spanIdOf('tool_call', turn.key, apiRequestId ?? '', toolCallId);
}

/** Names the calls without an id among those that closed. */
function keyWithoutId(turn: TurnState, toolName: string, fingerprint: number): string {
  return `tool\0${turn.key}\0${toolName}\0${fingerprint}`;
}

/** True for another call of the tool that starts at the same time without an id. */
function isTwin(event: ToolEvent, other: HookEvent): boolean {
  if (other.hook !== 'pre_tool_call' || other.toolCallId !== undefined) return false;
  if (other.toolName !== event.toolName || other.taskId !== event.taskId) return false;
  return fingerprintOf(other.args) !== fingerprintOf(event.args);
}

/** The id of a call that has no key, or shares it with `earlier` calls. */
function toolSpanId(context: TurnContext, event: ToolEvent, earlier: number): SpanId {
  const { turn } = context;
  if (event.toolCallId === undefined) {
    const facts = fingerprintOf(event.args);
    const parts = ['tool_call', turn.key, event.toolName, String(event.time)];
    return derivedTwinId(context, event, parts, { facts, isTwin: (other) => isTwin(event, other) });
  }
  return spanIdOf('tool_call', turn.key, event.apiRequestId ?? '', event.toolCallId, String(earlier));
}
