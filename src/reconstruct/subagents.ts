/**
 * Sub-agents: a child session whose turns hang below the span of the sub-agent, below the tool (or turn) that started
 * it. The link is `subagent_start.child_session_id` (0.16+). Children outlive their parents, so nothing here ends with one.
 */
import type { SubagentStart, SubagentStop } from '../model/event.ts';
import type { IncompleteReason, SubagentSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { endSession } from './close-sessions.ts';
import { hasEnded, rememberEnded } from './ended.ts';
import { spanIdOf } from './ids.ts';
import type { Fate, Output } from './output.ts';
import { positionOf } from './sessions.ts';
import type { Position, SessionState, State, SubagentState, TurnState } from './state.ts';
import { clampedEnd, warn } from './times.ts';
import { NO_TOKENS } from './tokens.ts';
import { turnHasLeft, turnSpanId } from './turns.ts';

/** A sub-agent begins. `parent` is the session that started it, `turn` its turn as far as that is open. */
export function onSubagentStart(
  state: State,
  out: Output,
  parent: SessionState,
  turn: TurnState | undefined,
  event: SubagentStart,
): Fate {
  const key = event.childSessionId ?? `${parent.id}@${event.time}`;
  if (state.subagents.has(key) || hasEnded(state, subagentKey(key))) return 'merged';
  if (
    event.childSessionId !== undefined &&
    state.sessions.get(event.childSessionId)?.position !== undefined
  ) {
    warn(out, event, 'late-link', 'the child session began before this link: it stays a trace of its own');
  }
  state.subagents.set(key, open(state, parent, turn, event, key, event.time));
  return 'mapped';
}

/** A sub-agent ends, and its session with it. Before 0.16 the stop names no child: it is a span without children. */
export function onSubagentStop(
  state: State,
  out: Output,
  parent: SessionState,
  turn: TurnState | undefined,
  event: SubagentStop,
): Fate {
  const key = event.childSessionId ?? `${parent.id}@${event.time}`;
  if (!state.subagents.has(key) && hasEnded(state, subagentKey(key))) return 'merged';
  const start = shift(event.time, -1000 * (event.durationMillis ?? 0));
  const subagent = state.subagents.get(key) ?? open(state, parent, turn, event, key, start);
  const end = clampedEnd(out, event, subagent.startTime, event.time);
  close(state, out, subagent, event, end, undefined);
  rememberEnded(state, subagentKey(key), subagent.startTime);
  return 'mapped';
}

/** Closes every sub-agent that is still running as incomplete. */
export function closeOpenSubagents(state: State, out: Output, reason: IncompleteReason): void {
  for (const subagent of state.subagents.values()) {
    close(state, out, subagent, undefined, lastTimeOf(state, subagent), reason);
  }
}

/** Running sub-agents beyond the bound on open turns are closed as incomplete, the oldest first: not every one is stopped. */
export function evictSubagents(state: State, out: Output): void {
  for (const subagent of state.subagents.values()) {
    if (state.subagents.size <= state.options.maxOpenTurns) return;
    close(state, out, subagent, undefined, lastTimeOf(state, subagent), 'evicted');
  }
}

/** Closes running sub-agents that have been silent for longer than the idle timeout. One that stops after all leaves again, whole. */
export function closeIdleSubagents(state: State, out: Output, now: EpochMicros): void {
  const idle = state.options.idleTimeoutMicros ?? Number.POSITIVE_INFINITY;
  for (const subagent of state.subagents.values()) {
    const lastTime = lastTimeOf(state, subagent);
    if (lastTime + idle < now) close(state, out, subagent, undefined, lastTime, 'idle');
  }
}

/** The span of a running sub-agent as it would be if nothing more came. */
export function openSubagentSpan(state: State, subagent: SubagentState): SubagentSpan {
  return subagentSpan(state, subagent, undefined, lastTimeOf(state, subagent), 'end_of_input');
}

function lastTimeOf(state: State, { childSessionId, startTime }: SubagentState): EpochMicros {
  return later(startTime, state.sessions.get(childSessionId ?? '')?.lastTime ?? startTime);
}

function close(
  state: State,
  out: Output,
  subagent: SubagentState,
  event: SubagentStop | undefined,
  endTime: EpochMicros,
  incomplete: IncompleteReason | undefined,
): void {
  const child = state.sessions.get(subagent.childSessionId ?? '');
  if (child !== undefined) endSession(state, out, child, incomplete ?? 'session_end', endTime);
  state.subagents.delete(subagent.key);
  if (subagent.selected) out.spans.push(subagentSpan(state, subagent, event, endTime, incomplete));
}

function subagentKey(key: string): string {
  return `subagent\0${key}`;
}

function open(
  state: State,
  parent: SessionState,
  turn: TurnState | undefined,
  event: SubagentStart | SubagentStop,
  key: string,
  startTime: EpochMicros,
): SubagentState {
  const start = event.hook === 'subagent_start' ? event : undefined;
  return {
    key,
    position: place(state, parent, turn, event, key),
    sessionId: parent.id,
    parentTurnId: event.parentTurnId ?? turn?.turnId,
    childSessionId: event.childSessionId,
    childSubagentId: start?.childSubagentId,
    role: event.childRole,
    goal: start?.childGoal,
    startTime,
    background: turn?.background ?? false,
    selected: turn?.selected ?? state.options.selectTurn === undefined,
  };
}

/** Below the open `delegate_task`, else below the turn, open or long ended, else below the session. */
function place(
  state: State,
  parent: SessionState,
  turn: TurnState | undefined,
  event: SubagentStart | SubagentStop,
  key: string,
): Position {
  const spanId = spanIdOf('subagent', key);
  if (turn !== undefined) {
    const tool = turn.tools.findLast((candidate) => candidate.toolName === 'delegate_task');
    return { traceId: turn.position.traceId, spanId, parentSpanId: tool?.spanId ?? turn.position.spanId };
  }
  const above = positionOf(state, parent);
  // A tree is whole or it is none: what has a child leaves.
  parent.selected = true;
  const { parentTurnId } = event;
  const perSession = state.options.tracePer === 'session';
  if (perSession && parentTurnId !== undefined && turnHasLeft(state, parent, parentTurnId)) {
    return { traceId: above.traceId, spanId, parentSpanId: turnSpanId(parentTurnId) };
  }
  if (perSession) return { traceId: above.traceId, spanId, parentSpanId: above.spanId };
  return { traceId: above.traceId, spanId, parentSpanId: undefined };
}

function subagentSpan(
  state: State,
  subagent: SubagentState,
  stop: SubagentStop | undefined,
  endTime: EpochMicros,
  incomplete: IncompleteReason | undefined,
): SubagentSpan {
  const child = state.sessions.get(subagent.childSessionId ?? '');
  const linked = child?.subagent === subagent.key ? child : undefined;
  return {
    kind: 'subagent',
    traceId: subagent.position.traceId,
    spanId: subagent.position.spanId,
    parentSpanId: subagent.position.parentSpanId,
    startTime: subagent.startTime,
    endTime,
    sessionId: subagent.sessionId,
    incomplete,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    childSessionId: subagent.childSessionId,
    childSubagentId: subagent.childSubagentId,
    parentTurnId: subagent.parentTurnId,
    role: subagent.role,
    status: stop?.childStatus,
    durationMillis: stop?.durationMillis,
    model: linked?.model,
    turnCount: linked?.turnCount ?? 0,
    apiCallCount: linked?.apiCallCount ?? 0,
    toolCallCount: linked?.toolCallCount ?? 0,
    tokens: linked?.tokens ?? NO_TOKENS,
    goal: subagent.goal,
    summary: stop?.childSummary,
  };
}
