/**
 * Sub-agents: child sessions with turns below the span of the sub-agent, which hangs below the tool (or turn) that started
 * it. The link is `subagent_start.child_session_id` (0.16+). Children outlive their parents, so no parent closes one.
 */
import type { HookEvent, SubagentStart, SubagentStop } from '../model/event.ts';
import type { IncompleteReason, SubagentSpan } from '../model/span.ts';
import { type EpochMicros, later, shift } from '../model/time.ts';
import { endSession, finalizeSession } from './close-sessions.ts';
import { fingerprintOf, spanIdOf } from './ids.ts';
import { type Context, type LineOutcome, type SessionContext, spanBase } from './output.ts';
import { closedUnder, hasClosed, hasTwinAhead, rememberClosed } from './recently-closed.ts';
import { ownSums, positionOf } from './sessions.ts';
import {
  addUsage,
  NO_TOKENS,
  type Position,
  type SessionState,
  type State,
  type SubagentState,
} from './state.ts';
import { clampedEnd, endAround, isRepeat, warn } from './times.ts';
import { type MaybeTurnContext, turnSpanId, turnWasSent } from './turns.ts';

type SubagentEvent = SubagentStart | SubagentStop;

/** Opens a sub-agent. `context` has the session that started it, and its turn as far as that is open. */
export function onSubagentStart(context: MaybeTurnContext, event: SubagentStart): LineOutcome {
  const { state } = context;
  const key = keyOf(context, event);
  if (state.subagents.has(key) || hasClosed(state, closedKey(key))) return 'merged';
  const child = state.sessions.get(event.childSessionId ?? '');
  if (child?.position !== undefined) {
    warn(
      context,
      event,
      'late-link',
      'the child session began before this link: it stays a trace of its own',
    );
  }
  state.subagents.set(key, openSubagent(context, event, key, event.time));
  return 'mapped';
}

/** Closes a sub-agent, and its session with it. Before 0.16 the stop names no child: it is a span without children. */
export function onSubagentStop(context: MaybeTurnContext, event: SubagentStop): LineOutcome {
  const { state } = context;
  if (isSecondStop(context, event)) return 'merged';
  const running = findRunning(context, event);
  const key = running?.key ?? keyOf(context, event);
  if (running === undefined && hasClosed(state, closedKey(key))) return 'merged';
  const subagent = running ?? openSubagent(context, event, key, runStart(event));
  subagent.childSessionId ??= event.childSessionId;
  closeSubagent(context, subagent, { stop: event, time: clampedEnd(context, event, subagent.startTime) });
  rememberClosed(state, closedKey(key), { startTime: subagent.startTime, fingerprint: factsOf(event) });
  if (event.childSessionId !== undefined && event.childSessionId !== key) {
    rememberClosed(state, closedKey(event.childSessionId), subagent);
  }
  rememberClosed(state, stopKey(context.session, event), { startTime: event.time });
  return 'mapped';
}

/** When the child began to run, by what its stop reports. */
function runStart({ time, durationMillis }: SubagentStop): EpochMicros {
  return shift(time, -1000 * (durationMillis ?? 0));
}

/**
 * The running sub-agent that stops: by the child's session, which a rotation may have replaced, else the one of the
 * parent's turn, or of the parent, that began nearest to when the child did.
 */
function findRunning({ state, session }: SessionContext, event: SubagentStop): SubagentState | undefined {
  const linked = event.childSessionId === undefined ? undefined : runningIn(state, event.childSessionId);
  if (linked !== undefined) return linked;
  const running = Array.from(state.subagents.values()).filter(
    ({ sessionId, childSessionId }) =>
      sessionId === session.id && !(event.childSessionId !== undefined && childSessionId !== undefined),
  );
  const ofTurn = running.filter(({ parentTurnId }) => parentTurnId === event.parentTurnId);
  const distance = ({ startTime }: SubagentState) => Math.abs(startTime - runStart(event));
  return (ofTurn.length > 0 ? ofTurn : running).toSorted((a, b) => distance(a) - distance(b))[0];
}

/** The sub-agent of a session, or of one that it continues after rotations. */
function runningIn(state: State, sessionId: string): SubagentState | undefined {
  let id: string | undefined = sessionId;
  for (let steps = 0; id !== undefined && steps < MAX_ROTATIONS; steps++) {
    const child = state.sessions.get(id);
    const found = state.subagents.get(id) ?? state.subagents.get(child?.subagent ?? '');
    if (found !== undefined) return found;
    id = child?.previousSessionId;
  }
  return undefined;
}

/** The bound is for sessions that name each other in a circle. */
const MAX_ROTATIONS = 64;

/** Links the session of a child that `subagent_start` did not name: the child's task is the id of the sub-agent. */
export function adoptChild(state: State, session: SessionState, taskId: string | undefined): void {
  if (taskId === undefined || session.position !== undefined || state.subagents.has(session.id)) return;
  for (const subagent of state.subagents.values()) {
    if (subagent.childSessionId !== undefined || subagent.childSubagentId !== taskId) continue;
    subagent.childSessionId = session.id;
    session.subagent = subagent.key;
    session.position = subagent.position;
  }
}

/** Closes every running sub-agent as incomplete. */
export function closeOpenSubagents(context: Context, incomplete: IncompleteReason): void {
  for (const subagent of context.state.subagents.values()) closeUnstopped(context, subagent, incomplete);
}

/** Running sub-agents beyond the bound on open turns are closed as incomplete, the oldest first. */
export function evictSubagents(context: Context): void {
  const { subagents, options } = context.state;
  for (const subagent of subagents.values()) {
    if (subagents.size <= options.maxOpenTurns) return;
    closeUnstopped(context, subagent, 'evicted');
  }
}

/** Closes sub-agents silent for longer than the idle timeout. One that stops later is sent again, whole. */
export function closeIdleSubagents(context: Context, now: EpochMicros): void {
  const { state } = context;
  const idle = state.options.idleTimeoutMicros ?? Number.POSITIVE_INFINITY;
  for (const subagent of state.subagents.values()) {
    if (lastTimeOf(state, subagent) + idle < now) closeUnstopped(context, subagent, 'idle');
  }
}

/** The span of a running sub-agent so far. */
export function openSubagentSpan(state: State, subagent: SubagentState): SubagentSpan {
  return subagentSpan(state, subagent, { time: lastTimeOf(state, subagent), incomplete: 'end_of_input' });
}

function closeUnstopped(context: Context, subagent: SubagentState, incomplete: IncompleteReason): void {
  closeSubagent(context, subagent, { time: lastTimeOf(context.state, subagent), incomplete });
}

function lastTimeOf(state: State, { childSessionId, startTime }: SubagentState): EpochMicros {
  return later(startTime, state.sessions.get(childSessionId ?? '')?.lastTime ?? startTime);
}

interface SubagentEnd {
  readonly time: EpochMicros;
  readonly stop?: SubagentStop;
  readonly incomplete?: IncompleteReason;
}

function closeSubagent(context: Context, subagent: SubagentState, end: SubagentEnd): void {
  const { state, out } = context;
  for (const session of childSessions(state, subagent)) {
    // A session without turns has no position yet. It must get one while its sub-agent is still known.
    positionOf(state, session);
    endChild({ ...context, session }, end);
  }
  state.subagents.delete(subagent.key);
  if (subagent.selected) out.spans.push(subagentSpan(state, subagent, end));
}

/** The session of the child, and those that rotations made of it. */
function childSessions(state: State, { childSessionId }: SubagentState): SessionState[] {
  const sessions: SessionState[] = [];
  let next = state.sessions.get(childSessionId ?? '');
  while (next !== undefined && !sessions.includes(next)) {
    sessions.push(next);
    next = state.sessions.get(next.continuedBy ?? '');
  }
  return sessions;
}

function endChild(context: SessionContext, { incomplete, time }: SubagentEnd): void {
  if (incomplete === undefined) finalizeSession(context, time);
  else endSession(context, incomplete, time);
}

/** Before 0.16 a stop has no id: its time names it, and at one time what it reports. */
function keyOf({ state, session }: SessionContext, event: SubagentEvent): string {
  if (event.childSessionId !== undefined) return event.childSessionId;
  if (event.hook === 'subagent_start') return `${session.id}@${event.childSubagentId ?? event.time}`;
  const alone = `${session.id}@${event.time}`;
  const facts = factsOf(event);
  const closed = closedUnder(state, closedKey(alone));
  if (closed !== undefined) return closed.fingerprint === facts ? alone : `${alone}@${facts}`;
  if (!hasTwinAhead(state, event, (other) => isTwin(event, other))) return alone;
  rememberClosed(state, closedKey(alone), { startTime: event.time });
  return `${alone}@${facts}`;
}

/** Without the summary, which is content: ids are the same whether content is captured or not. */
function factsOf({ durationMillis, childRole, childStatus }: SubagentStop): number {
  return fingerprintOf([durationMillis ?? '', childRole ?? '', childStatus ?? '']);
}

/** True when a second recorder wrote this stop. */
function isSecondStop({ state, session }: SessionContext, event: SubagentStop): boolean {
  if (event.childSessionId !== undefined) return false;
  const stopped = closedUnder(state, stopKey(session, event));
  return stopped !== undefined && isRepeat(stopped.startTime, event.time);
}

function stopKey(session: SessionState, event: SubagentStop): string {
  return `stop\0${session.id}\0${factsOf(event)}`;
}

/** True for another stop at the same time, of another child of the session. */
function isTwin(event: SubagentStop, other: HookEvent): boolean {
  if (other.hook !== 'subagent_stop' || other.childSessionId !== undefined) return false;
  return other.sessionId === event.sessionId && factsOf(other) !== factsOf(event);
}

function closedKey(key: string): string {
  return `subagent\0${key}`;
}

function openSubagent(
  context: MaybeTurnContext,
  event: SubagentEvent,
  key: string,
  startTime: EpochMicros,
): SubagentState {
  const { state, session, turn } = context;
  const start = event.hook === 'subagent_start' ? event : undefined;
  return {
    key,
    position: placeSubagent(context, event, key),
    sessionId: session.id,
    parentTurnId: event.parentTurnId ?? turn?.span.turnId,
    childSessionId: event.childSessionId,
    childSubagentId: start?.childSubagentId,
    role: event.childRole,
    goal: start?.childGoal,
    startTime,
    timeSource: event.timeSource,
    background: turn?.span.background ?? false,
    selected: turn?.selected ?? state.options.selectTurn === undefined,
  };
}

/** Below the open `delegate_task`, else below the turn, open or sent, else below the session. */
function placeSubagent(context: MaybeTurnContext, event: SubagentEvent, key: string): Position {
  const { state, session, turn } = context;
  const spanId = spanIdOf('subagent', key);
  if (turn !== undefined) {
    const tool = turn.tools.findLast(({ span }) => span.toolName === 'delegate_task');
    return {
      traceId: turn.span.traceId,
      spanId,
      parentSpanId: tool?.span.spanId ?? turn.span.spanId,
    };
  }
  const { traceId, spanId: sessionSpanId } = positionOf(state, session);
  // What has a child is sent too: no span may lack its parent.
  session.selected = true;
  if (state.options.tracePer === 'turn') return { traceId, spanId, parentSpanId: undefined };
  const { parentTurnId } = event;
  const belowTurn = parentTurnId !== undefined && turnWasSent(state, session, parentTurnId);
  return { traceId, spanId, parentSpanId: belowTurn ? turnSpanId(parentTurnId) : sessionSpanId };
}

function subagentSpan(state: State, subagent: SubagentState, end: SubagentEnd): SubagentSpan {
  const [child, ...rotated] = childSessions(state, subagent);
  const linked = child?.subagent === subagent.key ? child : undefined;
  const all = linked === undefined ? [] : [linked, ...rotated];
  const sum = (field: 'turnCount' | 'apiCallCount' | 'toolCallCount') =>
    all.reduce((total, session) => total + session[field], 0);
  return {
    ...spanBase(state, subagent.position, subagent),
    kind: 'subagent',
    endTime: endAround(end.time, linked?.endTime ?? end.time),
    incomplete: end.incomplete,
    childSessionId: subagent.childSessionId,
    childSubagentId: subagent.childSubagentId,
    parentTurnId: subagent.parentTurnId,
    role: subagent.role,
    status: end.stop?.childStatus,
    durationMillis: end.stop?.durationMillis,
    model: linked?.model,
    provider: linked?.endpoint?.provider,
    baseUrl: linked?.endpoint?.baseUrl,
    apiMode: linked?.endpoint?.apiMode,
    turnCount: sum('turnCount'),
    apiCallCount: sum('apiCallCount'),
    toolCallCount: sum('toolCallCount'),
    tokens: all.reduce((total, { totals, tokens }) => addUsage(total, totals?.usage ?? tokens), NO_TOKENS),
    ...ownSums(linked),
    goal: subagent.goal,
    summary: end.stop?.childSummary,
  };
}

/**
 * False for a turn of a sub-agent whose start is not known, or of a session whose parent is not: then their events came
 * under other keys, or never. Looks at the reorder window too.
 */
export function hasKnownParent(state: State, event: HookEvent): boolean {
  if (event.hook !== 'pre_llm_call') return true;
  const { sessionId, parentSessionId: parent } = event;
  const isWaiting = (test: (other: HookEvent) => boolean) => state.waiting.some(test);
  if (parent !== undefined && parent !== sessionId) {
    return state.sessions.has(parent) || isWaiting((other) => other.sessionId === parent);
  }
  if (event.platform !== 'subagent' || sessionId === undefined) return true;
  const isChild = ({ childSessionId }: { readonly childSessionId: string | undefined }) =>
    childSessionId === sessionId;
  return (
    Array.from(state.subagents.values()).some(isChild) ||
    state.sessions.get(sessionId)?.subagent !== undefined ||
    isWaiting((other) => other.hook === 'subagent_start' && isChild(other))
  );
}
