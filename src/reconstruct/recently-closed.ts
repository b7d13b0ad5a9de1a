/** What closed lately, in any session: a second end is a duplicate, a late child finds its parent, and no span id comes twice. */
import type { EventBase, HookEvent } from '../model/event.ts';
import type { SpanId } from '../model/span.ts';
import { spanIdOf } from './ids.ts';
import type { Context } from './output.ts';
import type { ClosedFacts, State } from './state.ts';
import { warn } from './times.ts';

/** At least this many closed turns, calls, tools and approvals are remembered, of all sessions together; at most twice as many. */
const REMEMBERED = 16_384;

/** What closed under this key; `undefined` when nothing did, or too long ago. */
export function closedUnder(state: State, key: string): ClosedFacts | undefined {
  return state.recentlyClosed.get(key);
}

export function hasClosed(state: State, key: string): boolean {
  return closedUnder(state, key) !== undefined;
}

/**
 * The span id of what has no id of its own. What is equal in all of `parts` gets an ordinal, and reported:
 * such an id depends on what else is in the log.
 */
export function derivedSpanId(context: Context, event: EventBase, parts: readonly string[]): SpanId {
  const first = spanIdOf(...parts);
  const earlier = claim(context.state, first, event);
  if (earlier === 0) return first;
  warn(
    context,
    event,
    'id-by-ordinal',
    'it has no id of its own and equals an earlier one also in its time: its span id is numbered',
  );
  return spanIdOf(...parts, String(earlier));
}

/**
 * The same for what may come several times at one time. `parts` alone name what is alone at its time; twins, of which the
 * others are waiting or were seen, are distinguished by `facts`, in whatever order their lines are.
 */
export function derivedTwinId(
  context: Context,
  event: HookEvent,
  parts: readonly string[],
  { facts, isTwin }: Twins,
): SpanId {
  const { state } = context;
  const alone = spanIdOf(...parts);
  const key = `twin\0${alone}`;
  const seen = closedUnder(state, key);
  rememberClosed(state, key, { startTime: event.time, fingerprint: facts });
  const isAlone = seen === undefined && !hasTwinAhead(state, event, isTwin);
  const withFacts = [...parts, String(facts)];
  if (!isAlone) return derivedSpanId(context, event, withFacts);
  claim(state, spanIdOf(...withFacts), event);
  return derivedSpanId(context, event, parts);
}

export interface Twins {
  readonly facts: number;
  readonly isTwin: (other: HookEvent) => boolean;
}

/** True when an event of the same time waits in the reorder window that passes the test. */
export function hasTwinAhead(state: State, event: HookEvent, isTwin: (other: HookEvent) => boolean): boolean {
  const { waiting, waitingFrom } = state;
  for (let at = waitingFrom; waiting[at]?.time === event.time; at++) {
    const other = waiting[at];
    if (other !== undefined && isTwin(other)) return true;
  }
  return false;
}

/** How many spans had this id before. */
function claim(state: State, spanId: SpanId, event: EventBase): number {
  const key = `id\0${spanId}`;
  const earlier = closedUnder(state, key)?.count ?? 0;
  rememberClosed(state, key, { startTime: event.time });
  return earlier;
}

type Closing = Pick<ClosedFacts, 'startTime'> & Partial<ClosedFacts>;

/**
 * Remembers what closed under this key; a caller that knows how many did gives the `count`. Forgets many at once, because
 * finding the oldest entry of a map takes longer with each one that was deleted before it.
 */
export function rememberClosed(state: State, key: string, closing: Closing): void {
  const { startTime, endTime, fingerprint, durationMillis, cutOff, answer, traceId } = closing;
  const { count = (closedUnder(state, key)?.count ?? 0) + 1 } = closing;
  const { recentlyClosed } = state;
  if (count > 1) recentlyClosed.delete(key);
  recentlyClosed.set(key, {
    startTime,
    endTime,
    fingerprint,
    durationMillis,
    cutOff,
    answer,
    traceId,
    count,
  });
  if (recentlyClosed.size < 2 * REMEMBERED) return;
  for (const oldest of recentlyClosed.keys()) {
    recentlyClosed.delete(oldest);
    if (recentlyClosed.size === REMEMBERED) return;
  }
}
