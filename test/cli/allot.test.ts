import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allot, type CountedPiece, type Run } from '../../src/cli/jobs/allot.ts';
import { createLogClock, tick } from '../../src/cli/log-clock.ts';
import type { EpochMicros } from '../../src/model/time.ts';
import { DEFAULT_OPTIONS } from '../../src/reconstruct/options.ts';
import { flushWaiting, reorder } from '../../src/reconstruct/reorder.ts';
import { createState, type Waiting } from '../../src/reconstruct/state.ts';
import { createGroups } from '../../src/shard/groups.ts';
import { countIds, NO_ID } from '../../src/shard/line-ids.ts';
import { createTimeBounds } from '../../src/shard/time-bounds.ts';

const WINDOW = 50;

interface Line {
  readonly id: number;
  /** `undefined` for a line that is no event. */
  readonly time: EpochMicros | undefined;
}

function pieceOf(lines: readonly Line[]): CountedPiece {
  const bounds = createTimeBounds();
  for (const { time } of lines) if (time !== undefined) bounds.add(time);
  return { counts: countIds(Int32Array.from(lines, ({ id }) => id)), times: bounds.bounds() };
}

function ownerIn({ owners, homes }: ReturnType<typeof allot>) {
  const jobs = new Map<number, number>();
  for (let at = 0; at < owners.length; at += 2) jobs.set(owners[at] ?? 0, owners[at + 1] ?? 0);
  return ({ id }: Line, piece: number) => (id === NO_ID ? homes[piece] : jobs.get(id));
}

function linesOf(
  pieces: readonly (readonly Line[])[],
  runs: readonly Run[],
  isOwn: (line: Line, piece: number) => boolean,
) {
  const numbers = runs.flatMap(({ from, to }) =>
    Array.from({ length: to - from }, (_, index) => from + index),
  );
  return numbers.flatMap((piece) => (pieces[piece] ?? []).map((line) => [line, isOwn(line, piece)] as const));
}

/** What a job notices that reads these pieces: its own lines, and these as they are handed on, with the log's clock before and after. */
function noticed(
  pieces: readonly (readonly Line[])[],
  runs: readonly Run[],
  isOwn: (line: Line, piece: number) => boolean,
) {
  const state = createState({ ...DEFAULT_OPTIONS, reorderWindowMicros: WINDOW, reorderMaxEvents: 6 });
  const clock = createLogClock();
  const own = new Map<Waiting, Line>();
  const read: Line[] = [];
  const all: object[] = [];
  let handedOn: object[] = [];
  const note = (event: Waiting) => {
    const line = own.get(event);
    if (line !== undefined) handedOn.push({ ...line, behind: state.handedOn });
  };
  const afterLine = () => {
    const before = clock.now;
    tick(clock, state.handedOn, []);
    if (handedOn.length > 0) all.push({ handedOn, before, after: clock.now });
    handedOn = [];
  };
  for (const [line, isOurs] of linesOf(pieces, runs, isOwn)) {
    if (isOurs) read.push(line);
    if (line.time === undefined) continue;
    const event: Waiting = { hook: 'elsewhere', time: line.time };
    if (isOurs) own.set(event, line);
    reorder(state, event, note);
    afterLine();
  }
  const before = clock.now;
  flushWaiting(state, note);
  tick(clock, state.handedOn, []);
  return { read, all, atEnd: { handedOn, before, after: clock.now } };
}

/** Sessions come and go, some for long; times are out of order by less than the window; now and then nothing happens for long. */
const logs = fc
  .array(
    fc.array(
      fc.record({
        session: fc.nat({ max: 3 }),
        isOld: fc.boolean(),
        step: fc.constantFrom(0, 1, 1, 2, 5, 20, 200),
        late: fc.constantFrom(0, 0, 1, 10, WINDOW - 1),
        hasId: fc.integer({ min: 0, max: 9 }),
        isEvent: fc.integer({ min: 0, max: 5 }),
      }),
      { maxLength: 12 },
    ),
    { minLength: 1, maxLength: 25 },
  )
  .chain((pieces) => fc.tuple(fc.constant(pieces), fc.nat({ max: pieces.length >> 1 })))
  .map(([pieces, untimed]) => {
    let now = 1_000_000;
    return pieces.map((lines, piece) =>
      lines.map(({ session, isOld, step, late, hasId, isEvent }): Line => {
        now += step;
        const id = (isOld ? 1 : 100 + 10 * piece) + session;
        return {
          id: hasId === 0 ? NO_ID : id,
          time: isEvent === 0 || piece < untimed ? undefined : ((now - late) as EpochMicros),
        };
      }),
    );
  });

describe('a job that leaves pieces out', () => {
  test('has all of its lines handed on by the same clock as one that reads everything, and nobody else’s', () => {
    fc.assert(
      fc.property(logs, fc.integer({ min: 1, max: 4 }), (pieces, jobs) => {
        const allotted = allot(pieces.map(pieceOf), createGroups(), jobs, WINDOW);
        const ownerOf = ownerIn(allotted);
        for (let job = 0; job < jobs; job++) {
          const isOwn = (line: Line, piece: number) => ownerOf(line, piece) === job;
          const whole = noticed(pieces, [{ from: 0, to: pieces.length }], isOwn);
          expect(noticed(pieces, allotted.runs?.[job] ?? [], isOwn)).toEqual(whole);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('reads little more than its own when sessions follow each other', () => {
    const pieces = Array.from({ length: 100 }, (_, piece) =>
      Array.from(
        { length: 10 },
        (_, line): Line => ({
          id: piece,
          time: (1_000_000 + piece * 100 + line * 10) as EpochMicros,
        }),
      ),
    );
    const { runs } = allot(pieces.map(pieceOf), createGroups(), 4, WINDOW);
    expect(runs).toEqual([
      [
        { from: 0, to: 26 },
        { from: 98, to: 100 },
      ],
      [
        { from: 23, to: 51 },
        { from: 98, to: 100 },
      ],
      [
        { from: 48, to: 76 },
        { from: 98, to: 100 },
      ],
      [{ from: 73, to: 100 }],
    ]);
  });
});

const at = (...times: number[]) => times.map((time): Line => ({ id: 1, time: time as EpochMicros }));
const odd = { counts: Int32Array.from([1, 1]), times: undefined };

test.each([
  ['its clock was set back inside of a piece', [at(1000, 2000, 1900)].map(pieceOf)],
  ['its clock was set back between two pieces', [at(1000, 2000), at(1900, 3000)].map(pieceOf)],
  ['the times of a piece are not known', [pieceOf(at(1000)), odd]],
])('all of a log is read when %s', (_why, pieces) => {
  expect(allot(pieces, createGroups(), 2, WINDOW).runs).toBeUndefined();
});

test('who belongs together has one job, and jobs have about as many lines each', () => {
  const groups = createGroups();
  groups.tie(0, 39);
  const pieces = Array.from({ length: 4 }, (_, piece) => ({
    counts: Int32Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? piece * 10 + at / 2 : 5)),
    times: undefined,
  }));
  const { owners } = allot(pieces, groups, 4, undefined);
  const jobs = [...owners].filter((_, index) => index % 2 === 1);
  expect(jobs).toHaveLength(39);
  expect([0, 1, 2, 3].map((job) => jobs.filter((one) => one === job).length)).toEqual([9, 10, 10, 10]);
});
