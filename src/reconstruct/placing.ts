/** Which session and which turn an event belongs to, when it says so and when it does not. */
import type { HookEvent } from '../model/event.ts';
import { openSession } from './sessions.ts';
import type { SessionState, State, TurnState } from './state.ts';
import { rememberTask } from './turns.ts';

/** Hermes's own session ids, to tell one from the UUID that `hermes -z` gives as a task id. */
const SESSION_ID = /^(\d{8}_\d{6}_[0-9a-f]{6,8}|cron_.+)$/;

/** Id of the session that the event belongs to, `undefined` when nothing in it leads to one. */
function sessionIdOf(state: State, event: HookEvent): string | undefined {
  if (event.sessionId !== undefined) return event.sessionId;
  if (event.turnId !== undefined) {
    return state.turnSessions.get(event.turnId) ?? sessionInTurnId(event.turnId, event.taskId);
  }
  if (event.taskId !== undefined) return sessionOfTask(state, event.taskId);
  return sessionOfApproval(state, event);
}

/** Nested `execute_code` calls, and every `pre_tool_call` before 0.16, carry nothing but the task. */
function sessionOfTask(state: State, taskId: string): string | undefined {
  const known = state.taskSessions.get(taskId);
  if (known !== undefined) return known;
  return state.sessions.has(taskId) || SESSION_ID.test(taskId) ? taskId : undefined;
}

/** Approvals carry a routing key: on the CLI since 0.16 the session id, before that the word "default". */
function sessionOfApproval(state: State, event: HookEvent): string | undefined {
  if (event.hook !== 'pre_approval_request' && event.hook !== 'post_approval_response') return undefined;
  if (event.sessionKey !== undefined && state.sessions.has(event.sessionKey)) return event.sessionKey;
  return (
    onlySession(state, (turn) => turn.approvals.length > 0) ??
    onlySession(state, runsTool) ??
    onlySession(state)
  );
}

function runsTool(turn: TurnState): boolean {
  return turn.tools.some((tool) => tool.presumed === undefined);
}

/** The session of the one turn that goes on (and passes the test); `undefined` when there are none or several. */
function onlySession(state: State, test?: (turn: TurnState) => boolean): string | undefined {
  let only: string | undefined;
  for (const key of state.openTurns.keys()) {
    const at = key.indexOf('\0');
    const id = key.slice(0, at);
    const turn = state.sessions.get(id)?.turns.get(key.slice(at + 1));
    if (turn === undefined || turn.sent || (test !== undefined && !test(turn))) continue;
    if (only !== undefined && only !== id) return undefined;
    only = id;
  }
  return only;
}

/**
 * The session in which the turn began: a `turn_id` is `{session}:{task}:{8 hex}`, and keeps the old session's id when
 * compression changes the session in mid-turn. `undefined` when the id has another form.
 */
function sessionInTurnId(turnId: string, taskId: string | undefined): string | undefined {
  const tail = turnId.length - 9;
  if (tail < 1 || turnId[tail] !== ':' || !/^[0-9a-f]{8}$/.test(turnId.slice(tail + 1))) return undefined;
  const head = turnId.slice(0, tail);
  const at =
    taskId !== undefined && head.endsWith(`:${taskId}`)
      ? head.length - taskId.length - 1
      : head.lastIndexOf(':');
  const session = at < 1 ? undefined : head.slice(0, at);
  // Hermes writes the word when the session has no id.
  return session === 'session' ? undefined : session;
}

/** The session whose turn this is: after a rotation not the one that the event names. */
export function turnOwner(state: State, event: HookEvent, session: SessionState): SessionState {
  const { turnId } = event;
  if (turnId === undefined || turnId.startsWith(session.id)) return session;
  const ownerId = state.turnSessions.get(turnId) ?? sessionInTurnId(turnId, event.taskId);
  if (ownerId === undefined || ownerId === session.id) return session;
  const owner = openSession(state, ownerId, event.time);
  if (session.previousSessionId === undefined && owner.previousSessionId !== session.id) {
    const turn = owner.turns.get(turnId);
    session.previousSessionId = turn?.latestSessionId ?? ownerId;
    if (turn !== undefined) turn.latestSessionId = session.id;
    // Its own first turns carry the old task still.
    if (event.taskId !== undefined) rememberTask(session, event.taskId);
  }
  return owner;
}

/** The open turn that the event belongs to, `undefined` when it is the first sign of one (or comes after its end). */
export function findTurn(owner: SessionState, event: HookEvent): TurnState | undefined {
  if (event.turnId !== undefined) return owner.turns.get(event.turnId);
  let latest: TurnState | undefined;
  for (const turn of owner.turns.values()) {
    if (turn.sent) continue;
    if (event.taskId !== undefined && turn.taskId === event.taskId) return turn;
    if (event.taskId === undefined || turn.taskId === undefined) latest = turn;
  }
  if (latest !== undefined) latest.taskId ??= event.taskId;
  return latest;
}

/** Remembers under which session a task was seen, for the events that name only the task. */
export function noteTask(state: State, session: SessionState, event: HookEvent): void {
  const { taskId } = event;
  if (taskId === undefined || event.sessionId === undefined || state.taskSessions.get(taskId) === session.id)
    return;
  state.taskSessions.set(taskId, session.id);
  if (state.taskSessions.size <= MAX_TASKS) return;
  const [oldest = ''] = state.taskSessions.keys();
  state.taskSessions.delete(oldest);
}

/** Background reviews bring a task of their own each, and a log may go on for months. */
const MAX_TASKS = 100_000;

/** The session of an event, opened when it is new; `undefined` when the event leads to none. */
export function sessionOf(state: State, event: HookEvent): SessionState | undefined {
  // A reset announces a session that nothing is known of yet, and ends the one that it replaces.
  if (event.hook === 'on_session_reset') return state.sessions.get(event.oldSessionId ?? '');
  const id = sessionIdOf(state, event);
  if (id === undefined) return undefined;
  // A finalise ends a session: it is no sign of life that would open one.
  return event.hook === 'on_session_finalize' ? state.sessions.get(id) : openSession(state, id, event.time);
}
