/** The state as text and back, for a checkpoint. Content is in it only when it was asked for. */

import type { HookEvent } from '../model/event.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { ReconstructOptions } from './options.ts';
import { createState, type SessionState, type State, type TurnState } from './state.ts';

/** Changes whenever a field of `State` changes its meaning, or how it is written: a state of another number cannot be read. */
export const STATE_FORMAT = 3;

/**
 * What JSON can hold of `T`: a map is its entries. Told to the compiler for each record, so that it names a map that is not
 * written: a replacer, which would find them by itself, makes the writing nearly twice as long.
 */
type Plain<T> = T extends string | number | boolean | undefined
  ? T
  : T extends ReadonlyMap<infer K, infer V>
    ? (readonly [K, Plain<V>])[]
    : T extends (infer E)[]
      ? Plain<E>[]
      : { [F in keyof T]: Plain<T[F]> };

/** Without the options, which hold functions, and which the caller knows; without what was handed on already. */
type Written = Plain<Omit<State, 'options' | 'waiting' | 'waitingFrom'>> & { waiting: HookEvent[] };

/** JSON. */
export function stateToText({ options, waiting, waitingFrom, ...state }: State): string {
  const events = waiting.slice(waitingFrom).map((event) => (options.content ? event : withoutArgs(event)));
  const written: Written = {
    ...state,
    sessions: mapped(state.sessions, plainSession),
    quiet: [...state.quiet],
    taskSessions: [...state.taskSessions],
    turnSessions: [...state.turnSessions],
    subagents: [...state.subagents],
    ended: [...state.ended],
    endedBefore: [...state.endedBefore],
    openTurns: [...state.openTurns],
    waiting: events,
  };
  return JSON.stringify(written);
}

/** The state that `stateToText` wrote, to go on with. The caller vouches for where the text comes from. */
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
    ended: new Map(written.ended),
    endedBefore: new Map(written.endedBefore),
    openTurns: new Map(written.openTurns),
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

/** Calls without ids are paired by the fingerprint of their arguments; nothing else of them is needed. */
function withoutArgs(event: HookEvent): HookEvent {
  if (event.hook !== 'pre_tool_call' && event.hook !== 'post_tool_call') return event;
  return { ...event, args: fingerprintOf(event.args) };
}
