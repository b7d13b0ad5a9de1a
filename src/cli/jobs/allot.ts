/**
 * Who takes what of logs that several jobs share. Sessions go to jobs in the order in which they begin, so that a job has
 * most of its lines side by side, and leaves out the pieces of a log in which it has none.
 */
import type { Groups } from '../../shard/groups.ts';
import { NO_ID } from '../../shard/line-ids.ts';
import type { TimeBounds } from '../../shard/time-bounds.ts';

/** A piece of a log that was looked at. */
export interface CountedPiece {
  /** Ids, each followed by how many lines have it, in order of first sight. */
  readonly counts: Int32Array;
  /** `undefined` when they are not known. */
  readonly times: TimeBounds | undefined;
}

export interface Allotment {
  /** Names of groups, each followed by its job. */
  readonly owners: Int32Array<ArrayBuffer>;
  /** By piece: the job that takes the lines without an id. */
  readonly homes: readonly number[];
  /** By job: the pieces that it reads; `undefined`: all of them. */
  readonly runs: readonly (readonly Run[])[] | undefined;
}

/** Pieces side by side, from one up to another. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/**
 * @param pieces of all logs, in order
 * @param windowMicros how far events are put in order of time, when pieces may be left out; `undefined`: all jobs read everything
 */
export function allot(
  pieces: readonly CountedPiece[],
  groups: Groups,
  jobs: number,
  windowMicros: number | undefined,
): Allotment {
  const owners = ownersOf(pieces, groups, jobs);
  const homes = homesOf(pieces, jobs);
  return {
    owners: Int32Array.from([...owners].flat()),
    homes,
    runs:
      windowMicros === undefined ? undefined : runsOfJobs(pieces, groups, jobs, owners, homes, windowMicros),
  };
}

function runsOfJobs(
  pieces: readonly CountedPiece[],
  groups: Groups,
  jobs: number,
  owners: ReadonlyMap<number, number>,
  homes: readonly number[],
  windowMicros: number,
): Allotment['runs'] {
  const clocks = clocksOf(pieces, windowMicros);
  if (clocks === undefined) return undefined;
  const jobsHere = pieces.map(({ counts }, piece) => {
    const jobOf = (id: number) => (id === NO_ID ? homes[piece] : owners.get(groups.nameOf(id)));
    return new Set([...counts].filter((_, at) => at % 2 === 0).map(jobOf));
  });
  return Array.from({ length: jobs }, (_, job) => {
    const needed = jobsHere.map((here) => here.has(job));
    return runsOf(needed, clocks, windowMicros, job === 0);
  });
}

/** From a group's name to its job: each job takes about as many lines, of groups that begin one after the other. */
function ownersOf(pieces: readonly CountedPiece[], groups: Groups, jobs: number): Map<number, number> {
  const lines = new Map<number, number>();
  for (const { counts } of pieces) {
    for (let at = 0; at < counts.length; at += 2) {
      const id = counts[at] ?? NO_ID;
      if (id === NO_ID) continue;
      const name = groups.nameOf(id);
      lines.set(name, (lines.get(name) ?? 0) + (counts[at + 1] ?? 0));
    }
  }
  return new Map(shared([...lines], jobs));
}

function homesOf(pieces: readonly CountedPiece[], jobs: number): readonly number[] {
  const sizes = pieces.map(({ counts }, piece): [number, number] => [
    piece,
    counts.reduce((sum, count, index) => sum + (index % 2 === 0 ? 0 : count), 0),
  ]);
  return shared(sizes, jobs).map(([, job]) => job);
}

/** Things and their sizes, in order → things and their jobs: the first of them to the first job. */
function shared(sizes: readonly [number, number][], jobs: number): [number, number][] {
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  let before = 0;
  return sizes.map(([thing, size]) => {
    const job = Math.min(jobs - 1, Math.floor((before * jobs) / Math.max(1, total)));
    before += size;
    return [thing, job];
  });
}

/**
 * The log's clock where each piece begins, and at the end: the latest time before. `undefined` when it is not known, or was
 * set back by more than the window somewhere: then it can only be told from the beginning.
 */
function clocksOf(pieces: readonly CountedPiece[], window: number): readonly number[] | undefined {
  const clocks = [Number.NEGATIVE_INFINITY];
  for (const { times } of pieces) {
    const clock = clocks.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (times === undefined || times.setBackMicros > window || times.earliest < clock - window)
      return undefined;
    clocks.push(Math.max(clock, times.latest));
  }
  return clocks;
}

/**
 * The pieces to be read by somebody who needs some of them: around these as much as makes the state of the clocks
 * the same as if everything had been read, and the end of the log. docs/adr/0013-jobs.md says why that is enough.
 */
function runsOf(
  needed: readonly boolean[],
  clocks: readonly number[],
  window: number,
  withFirstEvent: boolean,
): readonly Run[] {
  const end = needed.length;
  const runs: Run[] = [];
  const add = (from: number, to: number) => {
    const last = runs.at(-1);
    if (last !== undefined && from <= last.to)
      runs[runs.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else if (from < to) runs.push({ from, to });
  };
  if (withFirstEvent)
    add(
      0,
      Math.min(
        end,
        first(clocks, (clock) => clock > Number.NEGATIVE_INFINITY),
      ),
    );
  for (const [piece, isNeeded] of needed.entries()) {
    // Before the first event no clock goes, and lines without a time are lines too.
    if (isNeeded)
      add(warmUpOf(piece, clocks, window), Math.max(piece + 1, releasedAt(piece + 1, clocks, window)));
  }
  add(warmUpOf(end, clocks, window), end);
  return runs;
}

/**
 * Where to begin so that at `piece` all that came before the beginning has been handed on, and something after it: so what
 * waits then, and what was handed on last, is the same as if everything had been read.
 */
function warmUpOf(piece: number, clocks: readonly number[], window: number): number {
  const clock = clocks[piece] ?? Number.NEGATIVE_INFINITY;
  const over = first(clocks, (one) => one > clock - window) - 1;
  const handedOn = clocks[over] ?? Number.NEGATIVE_INFINITY;
  return Math.max(0, first(clocks, (one) => one >= handedOn) - 1);
}

/** Up to where to read so that all that came before `piece` has been handed on; the end when nothing does that. */
function releasedAt(piece: number, clocks: readonly number[], window: number): number {
  const clock = clocks[piece] ?? Number.NEGATIVE_INFINITY;
  return Math.min(
    clocks.length - 1,
    first(clocks, (one) => one >= clock + window),
  );
}

/** Index of the first of `clocks` (which never go back) that passes; their number when none does. */
function first(clocks: readonly number[], passes: (clock: number) => boolean): number {
  let [from, to] = [0, clocks.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (passes(clocks[middle] ?? Number.POSITIVE_INFINITY)) to = middle;
    else from = middle + 1;
  }
  return from;
}
