/** Which files are one log, in which order, and which process of several replays it. Only names are looked at. */
import { createHash } from 'node:crypto';

/** One of several processes that share the sources. */
export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** A file by its name: the log that it is a part of, and what sorts it among the others, the oldest first. */
interface NamedPart {
  readonly source: string;
  /** 0: dated, 1: numbered, 2: still written. */
  readonly rank: 0 | 1 | 2;
  readonly date: string;
  readonly number: number;
}

const LOG = String.raw`\.(?:ndjson|jsonl|json|log|txt)`;
const DATE = String.raw`(?:\d{4}-?\d\d-?\d\d[\dTZ_.:-]*|\d{10})`;
/** `hooks.ndjson.1`, as the recorder rotates. */
const NUMBERED = new RegExp(`^(.+${LOG})\\.(\\d{1,4})$`);
/** `hooks.ndjson-20261130`, as logrotate does. */
const DATED = new RegExp(`^(.+${LOG})[-.](${DATE})$`);
/** `hooks-2026-11-30T10-00-00.000.ndjson`. */
const DATED_BEFORE = new RegExp(`^(.*[^-.])[-.](${DATE})(${LOG})$`);

function partOf(path: string): NamedPart {
  const name = path.replace(/\.(?:gz|zst)$/, '');
  const [, numbered, number] = NUMBERED.exec(name) ?? [];
  if (numbered !== undefined) {
    const stem = partOf(numbered);
    return { ...stem, rank: stem.date === '' ? 1 : stem.rank, number: Number(number) };
  }
  const [, dated, date = ''] = DATED.exec(name) ?? [];
  if (dated !== undefined) return { source: dated, rank: 0, date, number: 0 };
  const [, stem, before = '', end = ''] = DATED_BEFORE.exec(name) ?? [];
  if (stem !== undefined) return { source: stem + end, rank: 0, date: before, number: 0 };
  return { source: name, rank: 2, date: '', number: 0 };
}

/** The log that a file is a part of: its path, without what rotation and compression add. */
export function sourceOf(path: string): string {
  return partOf(path).source;
}

/** Sorts the files of one source, the oldest first: dated ones, numbered ones from the highest, the one without either. */
export function byAge(a: string, b: string): number {
  const [one, other] = [partOf(a), partOf(b)];
  const byDate = one.date < other.date ? -1 : Number(one.date > other.date);
  return one.rank - other.rank || byDate || other.number - one.number || (a < b ? -1 : 1);
}

/** The same for everybody who asks, whatever other sources there are. */
export function isInShard(source: string, shard: Shard | undefined): boolean {
  if (shard === undefined) return true;
  const digest = createHash('sha256').update(source).digest();
  return digest.readUIntBE(0, 6) % shard.count === shard.index;
}
