/** Resolves the session and the turn of an event, by the ids that it has. */
import type {
  ApiRequestError,
  HookEvent,
  PostApiRequest,
  PostLlmCall,
  PreApiRequest,
  SessionEnd,
} from '../model/event.ts';
import type { EpochMicros } from '../model/time.ts';
import { hasOpenChildren, isSuperseded } from './close-turns.ts';
import { fingerprintOf } from './ids.ts';
import { isForeignTask } from './reviews.ts';
import { openSession } from './sessions.ts';
import {
  type CallState,
  NO_SESSION,
  openTurnUnder,
  type SessionState,
  type State,
  type TurnState,
} from './state.ts';
import { isRepeat } from './times.ts';
import { rememberTask } from './turns.ts';

/** The form of Hermes's own session ids; a task id of `hermes -z` is a UUID. */
const SESSION_ID = /^(\d{8}_\d{6}_[0-9a-f]{6,8}|cron_.+)$/;

/** Id of the event's session, `undefined` when none of its ids leads to one. */
function sessionIdOf(state: State, event: HookEvent): string | undefined {
  if (event.sessionId !== undefined) return event.sessionId;
  if (event.turnId !== undefined) {
    return state.turnSessions.get(event.turnId) ?? sessionInTurnId(event.turnId, event.taskId);
  }
  if (event.taskId !== undefined) return sessionOfTask(state, event.taskId);
  if (isAuxiliary(event)) {
    return activeSession(state, event.time) ?? NO_SESSION;
  }
  return sessionOfApproval(state, event);
}

export function isAuxiliary({ hook }: HookEvent): boolean {
  return hook === 'pre_auxiliary_call' || hook === 'post_auxiliary_call';
}

/** An auxiliary call outside turns names no session: it is of the one that was active within this time. */
const ACTIVE_MICROS = 60_000_000;

/** The only session with a recent event that was not finalized before; `undefined` when there are none or several. */
function activeSession(state: State, now: EpochMicros): string | undefined {
  let only: string | undefined;
  for (const { id, lastTime, endTime } of state.sessions.values()) {
    if (id === NO_SESSION || lastTime + ACTIVE_MICROS < now || (endTime !== undefined && endTime < now))
      continue;
    if (only !== undefined) return undefined;
    only = id;
  }
  return only;
}

/** Nested `execute_code` calls, and every `pre_tool_call` before 0.16, have only a task id. */
function sessionOfTask(state: State, taskId: string): string | undefined {
  const known = state.taskSessions.get(taskId);
  if (known !== undefined) return known;
  return state.sessions.has(taskId) || SESSION_ID.test(taskId) ? taskId : undefined;
}

/** Approvals have a routing key: on the CLI since 0.16 the session id, before that the word "default". */
function sessionOfApproval(state: State, event: HookEvent): string | undefined {
  if (event.hook !== 'pre_approval_request' && event.hook !== 'post_approval_response') return undefined;
  const { sessionKey } = event;
  if (sessionKey !== undefined && state.sessions.has(sessionKey)) return sessionKey;
  const command = event.command === undefined ? undefined : fingerprintOf(event.command);
  const found =
    (command === undefined ? undefined : onlySession(state, (turn) => waitsFor(turn, command))) ??
    state.taskSessions.get(routeOf(sessionKey)) ??
    onlySession(state, (turn) => turn.approvals.length > 0) ??
    onlySession(state, runsTool) ??
    onlySession(state);
  if (found !== undefined && sessionKey !== undefined) rememberTaskSession(state, routeOf(sessionKey), found);
  return found;
}

/** True when a tool of the turn runs this command, or an approval of it is open. */
function waitsFor({ tools, approvals }: TurnState, command: number): boolean {
  return (
    tools.some((tool) => tool.command === command) ||
    approvals.some((approval) => approval.fingerprint === command)
  );
}

/** A gateway's routing key, among the tasks: it stays with the session to which an approval was traced. */
function routeOf(sessionKey: string | undefined): string {
  return `session_key\0${sessionKey ?? ''}`;
}

function runsTool(turn: TurnState): boolean {
  return turn.tools.some((tool) => tool.presumed === undefined);
}

/** The session of the only open turn that passes the test; `undefined` when there are none or several. */
function onlySession(state: State, test?: (turn: TurnState) => boolean): string | undefined {
  let only: string | undefined;
  for (const key of state.openTurns.keys()) {
    const found = openTurnUnder(state, key);
    if (found === undefined || found.turn.sent || test?.(found.turn) === false) continue;
    if (only !== undefined && only !== found.session.id) return undefined;
    only = found.session.id;
  }
  return only;
}

/** Task ids that Hermes makes: of `hermes -z`, reviews and cron, and of sub-agents. */
const MADE_TASK = /:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?:sa|subagent)-\d+-[0-9a-f]{8})$/;

/**
 * The session in which the turn began: a `turn_id` is `{session}:{task}:{8 hex}`, and keeps the old session's id when
 * compression changes the session in mid-turn. Clients choose ids with colons, so the two are distinguished by the event's
 * task, by two equal halves, or by the form of the task. `undefined` when the id has another form or leaves a choice.
 */
function sessionInTurnId(turnId: string, taskId: string | undefined): string | undefined {
  const tail = turnId.length - 9;
  if (tail < 1 || turnId[tail] !== ':' || !/^[0-9a-f]{8}$/.test(turnId.slice(tail + 1))) return undefined;
  const head = turnId.slice(0, tail);
  const session = sessionInHead(head, taskId);
  // Hermes writes this word when the session has no id.
  return session === 'session' ? undefined : session;
}

function sessionInHead(head: string, taskId: string | undefined): string | undefined {
  if (taskId !== undefined && head.endsWith(`:${taskId}`))
    return head.slice(0, -taskId.length - 1) || undefined;
  const half = (head.length - 1) / 2;
  if (head[half] === ':' && head.slice(0, half) === head.slice(half + 1)) return head.slice(0, half);
  const made = MADE_TASK.exec(head);
  if (made !== null) return head.slice(0, made.index) || undefined;
  const parts = head.split(':');
  return parts.length === 2 ? parts[0] || undefined : undefined;
}

/** True for `session:…`. The id of a session may be the beginning of another one's. */
function beginsWith(turnId: string, sessionId: string): boolean {
  return turnId.startsWith(sessionId) && (turnId[sessionId.length] ?? ':') === ':';
}

/** The session of the event's turn: after a rotation not the one that the event names. */
export function turnOwner(state: State, event: HookEvent, session: SessionState): SessionState {
  const { turnId } = event;
  if (turnId === undefined || beginsWith(turnId, session.id)) return session;
  const ownerId = state.turnSessions.get(turnId) ?? sessionInTurnId(turnId, event.taskId);
  if (ownerId === undefined || ownerId === session.id) return session;
  const owner = openSession(state, ownerId, event.time);
  if (session.previousSessionId === undefined && owner.previousSessionId !== session.id) {
    linkRotation(state, event, session, owner);
  }
  return owner;
}

/** The turn goes on in another session: compression turned the one into the other. */
function linkRotation(state: State, event: HookEvent, session: SessionState, owner: SessionState): void {
  const turn = owner.turns.get(event.turnId ?? '');
  session.previousSessionId = turn?.latestSessionId ?? owner.id;
  const previous = state.sessions.get(session.previousSessionId);
  if (previous !== undefined) previous.continuedBy = session.id;
  if (turn !== undefined) turn.latestSessionId = session.id;
  // Its first turns still have the old task.
  if (event.taskId !== undefined) rememberTask(session, event.taskId);
}

/** The event's open turn; `undefined` when the event is the first of its turn, or comes after its end. */
export function findTurn(owner: SessionState, event: HookEvent): TurnState | undefined {
  const turnId = event.turnId ?? parentTurnIdOf(event);
  if (turnId !== undefined) return owner.turns.get(turnId);
  const open = Array.from(owner.turns.values()).filter((turn) => !turn.sent && !isSuperseded(owner, turn));
  if (event.taskId !== undefined) {
    const found = findByTask(owner, open, event.taskId);
    return found !== undefined && isOver(found, event) ? undefined : found;
  }
  if (event.hook === 'post_llm_call' || event.hook === 'on_session_end') return findEnding(open, event);
  // An auxiliary call without ids is outside turns, also when one is open meanwhile.
  if (isAuxiliary(event)) return undefined;
  return open.findLast((turn) => !turn.span.background) ?? open.at(-1);
}

/** True when the event cannot be of the turn: the turn has its answer, or its calls are counted from the start again. */
function isOver(turn: TurnState, event: HookEvent): boolean {
  switch (event.hook) {
    case 'pre_tool_call':
      return turn.endTime !== undefined;
    case 'pre_api_request':
    case 'post_api_request':
    case 'api_request_error':
      return turn.endTime === undefined
        ? restartsCalls(turn, event)
        : callOf(turn, event)?.open === undefined;
    default:
      return false;
  }
}

type ApiEvent = PreApiRequest | PostApiRequest | ApiRequestError;

/** In a log without the hooks of turns, the number of a call that was answered already shows the next turn. */
function restartsCalls(turn: TurnState, event: ApiEvent): boolean {
  if (turn.hasPreLlmCall || event.apiCallCount === undefined) return false;
  const call = callOf(turn, event);
  if (call?.lastAnswer === undefined || call.open !== undefined) return false;
  return !isRepeat(call.lastAnswer.time, event.time);
}

function callOf({ calls }: TurnState, { apiRequestId, apiCallCount }: ApiEvent): CallState | undefined {
  return calls.get(apiRequestId ?? `#${apiCallCount}`);
}

/** The turn of the task. The first event with a task gives it to a turn that has none yet. */
function findByTask(
  session: SessionState,
  open: readonly TurnState[],
  taskId: string,
): TurnState | undefined {
  const known = open.find((turn) => turn.taskId === taskId);
  if (known !== undefined) return known;
  const free = open.filter((turn) => turn.taskId === undefined);
  const review = isForeignTask(session, taskId) ? free.findLast((turn) => turn.span.background) : undefined;
  const found = review ?? free.findLast((turn) => !turn.span.background);
  if (found !== undefined) found.taskId = taskId;
  return found;
}

/**
 * Before 0.16 the hooks that end a turn have only the session, which a review shares with the user's turn. An answer
 * comes after the last call; where that leaves a choice, the prompt decides.
 */
function findEnding(open: readonly TurnState[], event: PostLlmCall | SessionEnd): TurnState | undefined {
  if (open.length < 2) return open[0];
  const ended = open.filter((turn) => turn.endTime !== undefined);
  if (event.hook === 'on_session_end' && ended.length > 0) return ended.at(-1);
  const running = open.filter((turn) => turn.endTime === undefined);
  const answered = running.filter((turn) => !hasOpenChildren(turn));
  const [only] = answered;
  if (event.hook === 'post_llm_call' && answered.length === 1) return only;
  const review = event.hook === 'post_llm_call' && event.reviewPrompt === true;
  return running.findLast((turn) => turn.span.background === review) ?? running.at(-1);
}

/** A sub-agent's hooks have the session of the parent, and name its turn by another field. */
function parentTurnIdOf(event: HookEvent): string | undefined {
  return event.hook === 'subagent_start' || event.hook === 'subagent_stop' ? event.parentTurnId : undefined;
}

/** Remembers the session of a task, for the events that have only a task id. */
export function noteTask(state: State, session: SessionState, event: HookEvent): void {
  const { taskId } = event;
  if (taskId === undefined || event.sessionId === undefined || session.notedTask === taskId) return;
  rememberTaskSession(state, taskId, session.id);
  session.notedTask = taskId;
}

function rememberTaskSession(state: State, taskId: string, sessionId: string): void {
  forgetNote(state, taskId);
  state.taskSessions.set(taskId, sessionId);
  if (state.taskSessions.size <= MAX_TASKS) return;
  const [oldest = ''] = state.taskSessions.keys();
  forgetNote(state, oldest);
  state.taskSessions.delete(oldest);
}

/** The session that has the task is not the one that noted it any more, or will not be. */
function forgetNote(state: State, taskId: string): void {
  const session = state.sessions.get(state.taskSessions.get(taskId) ?? '');
  if (session?.notedTask === taskId) session.notedTask = undefined;
}

/** Each background review has a task of its own, and a log may go on for months. */
const MAX_TASKS = 100_000;

/** The session of an event, opened when it is new; `undefined` when the event's ids lead to none. */
export function sessionOf(state: State, event: HookEvent): SessionState | undefined {
  // A reset ends the session that it replaces; the new one opens with its own events.
  if (event.hook === 'on_session_reset') return state.sessions.get(event.oldSessionId ?? '');
  const id = sessionIdOf(state, event);
  if (id === undefined) return undefined;
  // A finalize opens no session.
  return event.hook === 'on_session_finalize' ? state.sessions.get(id) : openSession(state, id, event.time);
}
