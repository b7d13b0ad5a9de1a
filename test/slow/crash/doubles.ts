import type { Kill } from './killer.ts';
import type { Kept } from './moody-receiver.ts';

// What came twice, and whether the sender could know better: it could when it had the answer, and gone on.

export interface Double {
  readonly item: string;
  /** How long before its sender was killed the first one was answered, below 0 after it; `undefined`: its answer never left whole. */
  readonly answeredMillis: number | undefined;
  readonly isFault: boolean;
}

/** From our hands into those of a sender that has nothing else to do. */
const ON_ITS_WAY_MILLIS = 20;
/** A turn of its event loop, on a machine that does other things too. */
const TURN_MILLIS = 250;

export function doublesIn(kept: readonly Kept[], kills: readonly Kill[]): readonly Double[] {
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

function doubleOf(item: string, { life, answeredAt, readAt }: Kept, kills: readonly Kill[]): Double {
  if (answeredAt === undefined) return { item, answeredMillis: undefined, isFault: false };
  // Not the first kill after the answer: what a killed sender has sent is still answered, to nobody.
  const kill = kills[life];
  if (kill === undefined) return { item, answeredMillis: Number.POSITIVE_INFINITY, isFault: true };
  const answeredMillis = kill.at - answeredAt;
  // Who waits for something to happen has done all there was to do; who is busy may still have the answer before it.
  const couldKnow = kill.wasAsleep
    ? answeredMillis > ON_ITS_WAY_MILLIS
    : readAt !== undefined && kill.at - readAt > TURN_MILLIS;
  return { item, answeredMillis, isFault: couldKnow };
}

/** A row for each kind of double, for readers of the log of a run. */
export function tableOf(doubles: readonly Double[]): string {
  const within = (from: number, to: number) =>
    doubles.filter(({ answeredMillis: millis }) => millis !== undefined && millis >= from && millis < to);
  const rows: readonly (readonly [string, number])[] = [
    ['answered when its sender was dead', within(Number.NEGATIVE_INFINITY, 0).length],
    ['never answered', doubles.filter(({ answeredMillis }) => answeredMillis === undefined).length],
    ['answered less than 2 ms before a kill', within(0, 2).length],
    ['answered 2 to 20 ms before', within(2, ON_ITS_WAY_MILLIS).length],
    [
      'answered earlier, while it was busy',
      within(ON_ITS_WAY_MILLIS, Number.POSITIVE_INFINITY).filter(({ isFault }) => !isFault).length,
    ],
    ['whose answer it could know', doubles.filter(({ isFault }) => isFault).length],
  ];
  return rows.map(([name, count]) => `${String(count).padStart(8)}  ${name}\n`).join('');
}
