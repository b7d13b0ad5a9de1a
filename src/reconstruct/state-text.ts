/** The state as JSON text and back, for a checkpoint. It holds content only when that was asked for. */
import type { HookEvent } from '../model/event.ts';
import type { RequestFacts } from '../model/message.ts';
import type { Redaction } from '../model/redact.ts';
import type { AgentSpan } from '../model/span.ts';
import { fingerprintOf } from './ids.ts';
import type { ReconstructOptions } from './options.ts';
import { createState, type SessionState, type State, type TurnState } from './state.ts';

/** Changes with the meaning of any field of `State`, or its written form: a state of another format cannot be read. */
export const STATE_FORMAT = 7;

/**
 * The JSON form of `T`: a map is its entries. As a type, so that the compiler names a map that is not written. A replacer
 * would find all maps by itself, but makes writing nearly twice as long.
 */
type Plain<T> = T extends string | number | boolean | undefined | RequestFacts | AgentSpan
  ? T
  : T extends ReadonlyMap<infer K, infer V>
    ? (readonly [K, Plain<V>])[]
    : T extends (infer E)[]
      ? Plain<E>[]
      : { [F in keyof T]: Plain<T[F]> };

/** Without the options, which hold functions; without the events that were applied already. */
type Written = Plain<Omit<State, 'options' | 'waiting' | 'waitingFrom'>> & { waiting: HookEvent[] };

/** Names of fields by which events are paired. Their values stay as they are, because the next run has to find them. */
const PAIRING =
  /^(?!sender)\w*Id$|^(?:id|key|sessionKey|tasks|notedTask|subagent|currentCall|enclosing|source|hook)$/;

/** Everything but ids is redacted, because what a checkpoint contains has left the program. */
export function stateToText(
  { options, waiting, waitingFrom, ...state }: State,
  redaction: Redaction,
): string {
  const clean = <T>(value: T) => redaction.value(value, PAIRING);
  const events = waiting.slice(waitingFrom).map((event) => (options.content ? event : withoutArgs(event)));
  const written: Written = {
    ...state,
    sessions: mapped(state.sessions, (session) => clean(plainSession(session))),
    quiet: [...state.quiet],
    taskSessions: [...state.taskSessions],
    turnSessions: [...state.turnSessions],
    subagents: mapped(state.subagents, clean),
    recentlyClosed: [...state.recentlyClosed],
    openTurns: [...state.openTurns],
    expiring: [...state.expiring],
    waiting: clean(events),
  };
  return JSON.stringify(written);
}

/** The state that `stateToText` wrote. The caller vouches for the text. */
export function stateFromText(text: string, options: ReconstructOptions): State {
  const written: Written = JSON.parse(text);
  return {
    ...createState(options),
    ...written,
    sessions: new Map(mapped(written.sessions, sessionOf)),
    quiet: new Map(written.quiet),
    taskSessions: new Map(written.taskSessions),
    turnSessions: new Map(written.turnSessions),
    subagents: new Map(written.subagents),
    recentlyClosed: new Map(written.recentlyClosed),
    openTurns: new Map(written.openTurns),
    expiring: new Map(written.expiring),
  };
}

function plainSession(session: SessionState): Plain<SessionState> {
  return { ...session, turns: mapped(session.turns, plainTurn) };
}

function sessionOf(session: Plain<SessionState>): SessionState {
  return { ...session, turns: new Map(mapped(session.turns, turnOf)) };
}

function plainTurn(turn: TurnState): Plain<TurnState> {
  return { ...turn, calls: [...turn.calls], auxiliaryCalls: [...turn.auxiliaryCalls] };
}

function turnOf(turn: Plain<TurnState>): TurnState {
  return { ...turn, calls: new Map(turn.calls), auxiliaryCalls: new Map(turn.auxiliaryCalls) };
}

function mapped<K, V, W>(entries: Iterable<readonly [K, V]>, to: (value: V) => W): [K, W][] {
  return Array.from(entries, ([key, value]) => [key, to(value)]);
}

/** Keeps the fingerprints of arguments and commands, by which calls and approvals without ids are paired. */
function withoutArgs(event: HookEvent): HookEvent {
  if (event.hook === 'pre_approval_request' || event.hook === 'post_approval_response') {
    return event.command === undefined ? event : { ...event, command: fingerprintOf(event.command) };
  }
  if (event.hook !== 'pre_tool_call' && event.hook !== 'post_tool_call') return event;
  return { ...event, args: fingerprintOf(event.args) };
}
