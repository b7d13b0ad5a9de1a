/** Sessions: opened by any event, placed in a trace at the first need, sent as a span. Their ends are in `close-sessions.ts`. */
import type { HookEvent, SessionStart } from '../model/event.ts';
import type { SessionSpan } from '../model/span.ts';
import { type EpochMicros, earlier, later } from '../model/time.ts';
import { spanIdOf, traceIdOf } from './ids.ts';
import type { Context, LineOutcome, SessionContext } from './output.ts';
import { NO_TOKENS, type Position, type SessionState, type State } from './state.ts';

/** The session of this id, opened at `time` when it is new. */
export function openSession(state: State, id: string, time: EpochMicros): SessionState {
  const known = state.sessions.get(id);
  if (known !== undefined) return known;
  const session: SessionState = {
    id,
    position: undefined,
    startTime: time,
    lastTime: time,
    endTime: undefined,
    endReason: undefined,
    incomplete: undefined,
    model: undefined,
    platform: undefined,
    profile: undefined,
    previousSessionId: undefined,
    parentSessionId: undefined,
    continuedBy: undefined,
    subagent: undefined,
    turns: new Map(),
    tasks: [],
    notedTask: undefined,
    hasTurnHooks: false,
    turnCount: 0,
    endpoint: undefined,
    apiCallCount: 0,
    toolCallCount: 0,
    tokens: NO_TOKENS,
    completed: undefined,
    userMessage: undefined,
    assistantResponse: undefined,
    interrupted: undefined,
    latestTurn: undefined,
    totals: undefined,
    timeSource: undefined,
    selected: false,
    sent: false,
  };
  state.sessions.set(id, session);
  return session;
}

/** A second start changes nothing. */
export function onSessionStart({ state, session }: SessionContext, event: SessionStart): LineOutcome {
  session.previousSessionId ??= event.previousSessionId;
  const again = session.selected;
  // A session that never takes a turn still has its span, unless turns are being selected.
  if (state.options.selectTurn === undefined) session.selected = true;
  state.quiet.set(session.id, true);
  return again ? 'merged' : 'mapped';
}

/** Notes that something happened in `session` at `time`, and so in the sessions above a sub-agent's. */
export function touchSession(state: State, session: SessionState, event: HookEvent): void {
  session.startTime = earlier(session.startTime, event.time);
  session.lastTime = later(session.lastTime, event.time);
  session.model ??= event.model;
  session.platform ??= event.platform;
  session.profile ??= event.profile;
  session.timeSource ??= event.timeSource;
  touchAbove(state, session, event.time);
}

/** Sub-agents start sub-agents. The bound is for sessions that name each other in a circle. */
const MAX_DEPTH = 32;

function touchAbove(state: State, session: SessionState, time: EpochMicros): void {
  let below: SessionState | undefined = session;
  for (let depth = 0; below?.subagent !== undefined && depth < MAX_DEPTH; depth++) {
    const subagent = state.subagents.get(below.subagent);
    if (subagent === undefined) return;
    const parent = state.sessions.get(subagent.sessionId);
    if (parent === undefined) return;
    parent.lastTime = later(parent.lastTime, time);
    const turn = parent.turns.get(subagent.parentTurnId ?? '');
    if (turn !== undefined && !turn.sent) turn.lastTime = later(turn.lastTime, time);
    below = parent;
  }
}

/** The session's place in its trace, decided at the first need, so that a link to a parent can come before. */
export function positionOf(state: State, session: SessionState): Position {
  session.position ??= place(state, session);
  return session.position;
}

function place(state: State, session: SessionState): Position {
  const subagent = state.subagents.get(session.id);
  if (subagent !== undefined) {
    session.subagent = subagent.key;
    return subagent.position;
  }
  const spanId = spanIdOf('session', session.id);
  const above = sessionAbove(state, session);
  if (above === undefined)
    return { traceId: traceIdOf('session', session.id), spanId, parentSpanId: undefined };
  const { traceId, spanId: parentSpanId } = positionOf(state, above);
  // What has a child is sent too: no span may lack its parent.
  above.selected = true;
  return { traceId, spanId, parentSpanId };
}

/** More unplaced rotations than any real log has: sessions that name more go in a circle. */
const MAX_UNPLACED = 64;

/** The session that this one continues after a rotation, or that started it; `undefined` when the chain has no root. */
function sessionAbove(state: State, session: SessionState): SessionState | undefined {
  const above = namedAbove(state, session);
  let next = above;
  for (let steps = 0; next !== undefined && next.position === undefined; steps++) {
    if (next === session || steps === MAX_UNPLACED) return undefined;
    next = namedAbove(state, next);
  }
  return above;
}

function namedAbove(state: State, session: SessionState): SessionState | undefined {
  const id = session.previousSessionId ?? session.parentSessionId;
  return id === undefined ? undefined : state.sessions.get(id);
}

/** Sends every session that is due. All are placed first: only then is it known which sessions hang below others. */
export function sendSessions(context: Context): void {
  const { state } = context;
  for (const session of state.sessions.values()) if (isDue(state, session)) positionOf(state, session);
  for (const session of state.sessions.values()) sendSession({ ...context, session });
}

/** Sends the session's span so far; nothing when it was sent already, or has no span of its own. */
export function sendSession({ state, out, session }: SessionContext): void {
  if (!isDue(state, session)) return;
  session.sent = true;
  out.spans.push(sessionSpan(state, session));
}

function isDue({ options }: State, { sent, selected, subagent }: SessionState): boolean {
  return !sent && selected && subagent === undefined && options.tracePer === 'session';
}

/** The session so far. */
export function sessionSpan(
  state: State,
  session: SessionState,
  incomplete = session.incomplete,
): SessionSpan {
  const position = positionOf(state, session);
  return {
    traceId: position.traceId,
    spanId: position.spanId,
    parentSpanId: position.parentSpanId,
    startTime: session.startTime,
    sessionId: session.id,
    links: [],
    events: [],
    syntheticTime: state.options.syntheticTime,
    timeSource: session.timeSource,
    kind: 'session',
    endTime: later(session.startTime, session.endTime ?? session.lastTime),
    incomplete,
    model: session.model,
    platform: session.platform,
    profile: session.profile,
    completed: session.completed,
    interrupted: session.interrupted,
    userMessage: session.userMessage,
    assistantResponse: session.assistantResponse,
    turnCount: session.turnCount,
    apiCallCount: session.apiCallCount,
    toolCallCount: session.toolCallCount,
    tokens: session.totals?.usage ?? session.tokens,
    ...ownSums(session),
    previousSessionId: session.previousSessionId,
    parentSessionId: session.parentSessionId,
    endReason: session.endReason,
  };
}

/** What only Hermes's database has: the cost, and the tokens that no call reports. */
export function ownSums(session: SessionState | undefined): Pick<SessionSpan, 'cost' | 'modelUsage'> {
  const { cost, modelUsage = [] } = session?.totals ?? {};
  return { ...(cost && { cost }), ...(modelUsage.length > 0 && { modelUsage }) };
}
