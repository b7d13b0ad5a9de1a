/**
 * Background reviews: after a turn Hermes forks an agent that looks for memories and skills to save. Its turn has the
 * session of the user but is none of the user's: it is left out of the session's sums, and ends nothing of the user's.
 * What distinguishes it from a turn of the user differs from release to release.
 */
import type { HookEvent, PreLlmCall } from '../model/event.ts';
import type { AgentSpan } from '../model/span.ts';
import type { TurnContext } from './output.ts';
import { addUsage, type SessionState, type TurnState } from './state.ts';

export interface TurnOrigin {
  readonly background: boolean;
  /** False: a later event of the turn may show that it is one of the user's after all. */
  readonly certain: boolean;
}

export const USER: TurnOrigin = { background: false, certain: true };
const REVIEW: TurnOrigin = { background: true, certain: true };
const LIKELY_REVIEW: TurnOrigin = { background: true, certain: false };

/** Whose turn the event opens. */
export function originOf(session: SessionState, event: HookEvent): TurnOrigin {
  if (event.taskId === session.id) return USER;
  if (event.hook === 'pre_llm_call') return originOfPre(session, event);
  if (!isForeignTask(session, event.taskId) || session.tasks.length === 0) return USER;
  // Since 0.20 a review sends API and tool hooks only. A log without turn hooks may hold a resumed `hermes -z`.
  return session.hasTurnHooks || runsUnderItsId(session) ? LIKELY_REVIEW : USER;
}

function originOfPre(session: SessionState, event: PreLlmCall): TurnOrigin {
  // The fork shares the session of its parent.
  if (event.parentSessionId !== undefined && event.parentSessionId === event.sessionId) return REVIEW;
  if (event.taskId !== undefined && session.tasks.includes(event.taskId)) return USER;
  if (event.reviewPrompt !== undefined) return event.reviewPrompt ? REVIEW : USER;
  if (event.taskId === undefined || session.tasks.length === 0) return USER;
  // Each run of `hermes -z` has a task of its own, and a review begins while its process runs.
  return runsUnderItsId(session) || session.turns.size > 0 ? LIKELY_REVIEW : USER;
}

/** True for a task that is neither the session's id nor one of its ordinary turns. */
export function isForeignTask(session: SessionState, taskId: string | undefined): boolean {
  return taskId !== undefined && taskId !== session.id && !session.tasks.includes(taskId);
}

/** True for a chat; a session of `hermes -z` runs under tasks of its own. */
function runsUnderItsId(session: SessionState): boolean {
  return session.tasks.includes(session.id);
}

/** True for a review of 0.20+, which has no hook that ends it. */
export function endsWithLastEvent(turn: TurnState): boolean {
  return turn.span.background && !turn.hasPreLlmCall;
}

/** Moves a turn that was taken for a review to the user's turns, with all that was counted. */
export function moveToUser({ session, turn }: TurnContext): void {
  turn.span.background = false;
  session.apiCallCount += turn.span.apiCallCount;
  session.toolCallCount += turn.span.toolCallCount;
  session.tokens = addUsage(session.tokens, turn.span.tokens);
}

/** The origin of the turn is known: sends the spans that waited for it. */
export function releaseHeld({ out, turn }: TurnContext): void {
  turn.certain = true;
  for (const span of turn.held.splice(0)) out.spans.push(withOrigin(span, turn.span.background));
}

function withOrigin(span: AgentSpan, background: boolean): AgentSpan {
  return 'background' in span ? { ...span, background } : span;
}
