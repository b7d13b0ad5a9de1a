import type { Kept } from './moody-receiver.ts';

// What came twice, and whether the sender could know: at each kill, one answer for each connection may have been on
// its way from the system's hands through the sender's event loop.

export interface Double {
  readonly item: string;
  /** How long before the next kill the first one was answered; `undefined`: its answer never left whole. */
  readonly answeredMillis: number | undefined;
  /** The sender had read the answer, or had time to. */
  readonly isFault: boolean;
}

/**
 * A sender that is stopped by the system between an answer and its own next step is no fault of anybody; a sender that
 * notes nothing is found out thousands of times.
 */
const LONGEST_TURN_MILLIS = 250;

export function doublesIn(kept: readonly Kept[], kills: readonly number[]): readonly Double[] {
  const last = new Map<string, Kept>();
  const doubles: Double[] = [];
  for (const request of kept) {
    for (const item of request.items) {
      const before = last.get(item);
      if (before !== undefined) doubles.push(doubleOf(item, before, kills));
      last.set(item, request);
    }
  }
  return doubles;
}

function doubleOf(item: string, { answeredAt, wasRead }: Kept, kills: readonly number[]): Double {
  if (answeredAt === undefined) return { item, answeredMillis: undefined, isFault: false };
  const kill = kills.find((time) => time >= answeredAt) ?? Number.POSITIVE_INFINITY;
  const answeredMillis = kill - answeredAt;
  return { item, answeredMillis, isFault: wasRead || answeredMillis > LONGEST_TURN_MILLIS };
}

/** A row for each kind of double, for whoever reads the log of a run. */
export function tableOf(doubles: readonly Double[]): string {
  const within = (from: number, to: number) =>
    doubles.filter(({ answeredMillis: millis }) => millis !== undefined && millis >= from && millis < to);
  const rows: readonly (readonly [string, number])[] = [
    ['never answered', doubles.filter(({ answeredMillis }) => answeredMillis === undefined).length],
    ['answered less than 2 ms before a kill', within(0, 2).length],
    ['answered 2 to 20 ms before', within(2, 20).length],
    [`answered 20 to ${LONGEST_TURN_MILLIS} ms before`, within(20, LONGEST_TURN_MILLIS).length],
    ['answered earlier', within(LONGEST_TURN_MILLIS, Number.POSITIVE_INFINITY).length],
    ['whose answer was read', doubles.filter(({ isFault }) => isFault).length],
  ];
  return rows.map(([name, count]) => `${String(count).padStart(8)}  ${name}\n`).join('');
}
