/** What hook logs that are read beside a database have already: their events win, and the database fills the gaps. */
import type { HookEvent, Usage } from '../model/event.ts';
import { type EpochMicros, earlier, later } from '../model/time.ts';
import type { TimedTurn } from './times.ts';

/** By session id. */
export type KnownSessions = Map<string, KnownSession>;

export interface KnownSession {
  readonly id: string;
  readonly turns: KnownTurn[];
  /** One per answered call. */
  readonly usages: Usage[];
  readonly children: Set<string>;
  /** Whether auxiliary calls are in the log, as since 0.20. */
  hasAuxiliary: boolean;
  hasEnd: boolean;
}

export interface KnownTurn {
  /** `undefined` before 0.16. */
  readonly turnId: string | undefined;
  start: EpochMicros;
  end: EpochMicros;
  hasStart: boolean;
  hasEnd: boolean;
  /** Numbers of answered calls. */
  readonly calls: Set<number>;
  readonly tools: Set<string>;
  readonly endedTools: Set<string>;
  /** A background review has another task than the session and its first turn. */
  readonly taskId: string | undefined;
}

/** Notes what an event of a hook log says. Events come in the order of their log. */
export function noteEvent(sessions: KnownSessions, event: HookEvent): void {
  const { sessionId } = event;
  if (sessionId === undefined) return;
  const session = sessions.get(sessionId) ?? newSession(sessionId);
  sessions.set(sessionId, session);
  const turn = turnOf(session, event);
  if (turn !== undefined) {
    turn.start = earlier(turn.start, event.time);
    turn.end = later(turn.end, event.time);
  }
  noteInSession(session, event);
  if (turn !== undefined) noteInTurn(turn, event);
}

function noteInSession(session: KnownSession, event: HookEvent): void {
  if (event.hook === 'post_api_request' && event.usage !== undefined) session.usages.push(event.usage);
  if (event.hook === 'subagent_start' && event.childSessionId !== undefined)
    session.children.add(event.childSessionId);
  session.hasAuxiliary ||= event.hook === 'post_auxiliary_call';
  session.hasEnd ||= event.hook === 'on_session_finalize';
}

function noteInTurn(turn: KnownTurn, event: HookEvent): void {
  turn.hasStart ||= event.hook === 'pre_llm_call';
  turn.hasEnd ||= event.hook === 'on_session_end';
  if (event.hook === 'post_api_request') turn.calls.add(event.apiCallCount ?? 0);
  if (event.hook === 'pre_tool_call' || event.hook === 'post_tool_call')
    turn.tools.add(event.toolCallId ?? '');
  if (event.hook === 'post_tool_call') turn.endedTools.add(event.toolCallId ?? '');
}

function newSession(id: string): KnownSession {
  return { id, turns: [], usages: [], children: new Set(), hasAuxiliary: false, hasEnd: false };
}

/** The turn of an event, opened by its first one; before 0.16, where events name no turn, by its `pre_llm_call`. */
function turnOf({ turns }: KnownSession, event: HookEvent): KnownTurn | undefined {
  const { turnId, time } = event;
  const known = turnId === undefined ? turns.at(-1) : turns.findLast((turn) => turn.turnId === turnId);
  const opens = turnId === undefined ? event.hook === 'pre_llm_call' : known === undefined;
  if (!opens) return turnId === undefined && known?.hasEnd ? undefined : known;
  const ends = { start: time, end: time, hasStart: false, hasEnd: false };
  const seen = { calls: new Set<number>(), tools: new Set<string>(), endedTools: new Set<string>() };
  turns.push({ turnId, taskId: event.taskId, ...ends, ...seen });
  return turns.at(-1);
}

/** Two clocks of one machine, and the time between a hook and its row. */
const NEAR_MICROS = 100_000;

/**
 * For each turn the one of the hook log that is the same: with a tool call in common, one that begins or ends with it, or
 * one that goes on at the same time, where a turn was killed or its times are unknown.
 */
export function matchKnown(
  turns: readonly TimedTurn[],
  known: KnownSession | undefined,
): ReadonlyMap<TimedTurn, KnownTurn> {
  const matched = new Map<TimedTurn, KnownTurn>();
  const free = new Set(known?.turns);
  const overlaps = (turn: TimedTurn, other: KnownTurn) =>
    isOrdinary(known, other) && isMeanwhile(turn, other);
  for (const isSame of [hasCommonTool, isNear, overlaps]) {
    for (const turn of turns.filter((candidate) => !matched.has(candidate))) {
      const found = [...free].find((other) => isSame(turn, other));
      if (found === undefined) continue;
      free.delete(found);
      matched.set(turn, found);
    }
  }
  return matched;
}

/** A gateway has a message for seconds before its turn begins; of a turn that was killed then, nothing more is in the rows. */
export const WAITED_MICROS = 10_000_000;

function isMeanwhile(turn: TimedTurn, known: KnownTurn): boolean {
  const end = turn.end + (turn.ended ? NEAR_MICROS : WAITED_MICROS);
  return turn.start - NEAR_MICROS <= known.end && known.start <= end;
}

function isOrdinary(session: KnownSession | undefined, { taskId }: KnownTurn): boolean {
  return taskId === undefined || taskId === session?.id || taskId === session?.turns[0]?.taskId;
}

function hasCommonTool({ calls }: TimedTurn, known: KnownTurn): boolean {
  return calls.some(({ tools }) => tools.some(({ tool }) => known.tools.has(tool.call.id ?? '')));
}

function isNear(turn: TimedTurn, known: KnownTurn): boolean {
  const starts = Math.abs(turn.start - known.start) <= NEAR_MICROS;
  return starts || (turn.ended && Math.abs(turn.end - known.end) <= NEAR_MICROS);
}
