/**
 * Puts events that several threads and processes wrote in slightly wrong order back in order of time, within a window
 * of log time. Equal times keep the order of their lines. Refuses to wait for ever: the window is bounded in count too.
 */

import type { HookEvent } from '../model/event.ts';
import { type EpochMicros, later } from '../model/time.ts';
import type { State } from './state.ts';

type HandOn = (event: HookEvent) => void;

/** Takes in `event`; hands on, in order, what can no longer be overtaken. */
export function reorder(state: State, event: HookEvent, handOn: HandOn): void {
  const { reorderWindowMicros, reorderMaxEvents } = state.options;
  if (event.time < state.clock - reorderWindowMicros) turnBack(state, event.time, handOn);
  state.clock = later(state.clock, event.time);
  insert(state, event);
  release(state, state.clock - reorderWindowMicros, reorderMaxEvents, handOn);
}

/**
 * The clock was set back, or a straggler came: no window can tell which. What waits came first, so it goes first, and
 * the order of time begins anew from here.
 */
function turnBack(state: State, time: EpochMicros, handOn: HandOn): void {
  flushWaiting(state, handOn);
  state.clock = time;
}

/** Hands on all that waits: at the end of input, or when a live log has fallen silent. */
export function flushWaiting(state: State, handOn: HandOn): void {
  release(state, Number.POSITIVE_INFINITY, 0, handOn);
}

/** Dropping the head of an array moves the rest, so it is done for many at once. */
const COMPACT_AT = 1024;

function release(state: State, due: number, keep: number, handOn: HandOn): void {
  const { waiting } = state;
  for (let event = waiting[state.waitingFrom]; event !== undefined; event = waiting[state.waitingFrom]) {
    if (event.time > due && waiting.length - state.waitingFrom <= keep) break;
    state.waitingFrom++;
    handOn(event);
    state.handedOn = event.time;
  }
  if (state.waitingFrom === waiting.length || state.waitingFrom >= COMPACT_AT) {
    waiting.splice(0, state.waitingFrom);
    state.waitingFrom = 0;
  }
}

function insert(state: State, event: HookEvent): void {
  const { waiting, waitingFrom } = state;
  let at = waiting.length;
  while (at > waitingFrom && (waiting[at - 1]?.time ?? 0) > event.time) at--;
  if (at === waiting.length) waiting.push(event);
  else waiting.splice(at, 0, event);
}
