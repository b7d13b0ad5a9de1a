/** Which lines of the logs are ours, when several share them. The logs are looked at once before the replay, to learn who belongs together. */
import type { ByteSource } from '../input/byte-source.ts';
import type { Skim } from '../input/split-lines.ts';
import type { ForeignLine } from '../model/parsed-line.ts';
import { timeAtAGlance } from '../parse/glance.ts';
import { createTimeInBytes } from '../parse/head-bytes.ts';
import { lineKeys } from '../parse/line-keys.ts';
import { createGroups } from '../shard/groups.ts';
import { readIds } from '../shard/line-ids.ts';
import { createLineTies } from '../shard/line-ties.ts';
import { owns, type Shard } from '../shard/shard.ts';
import { CliError } from './cli-error.ts';
import { findTies, type LogIds, NOT_SHARED, type Ties } from './ties.ts';

/** For one reading of the log with this number. */
export type ShardedLogs = (log: number) => ShardedLog;

export type KnownTies = Pick<Ties, 'groups' | 'testIds'> & {
  /** Of each log. */
  readonly ids: readonly LogIds[];
};

export interface ShardedLog {
  /** True when the next line is ours; what others take is only looked at for its time. To be asked once for each line. */
  readonly ownsNext: (text: string) => boolean;
  /** The same, and gives the times of others' lines by their bytes. Either this or `ownsNext`. */
  readonly skim: Skim<ForeignLine>;
}

/** `0/4` is the first of four. Throws a `CliError` for anything else; `undefined`: all of it is ours. */
export function readShard(text: string | undefined): Shard | undefined {
  if (text === undefined) return undefined;
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim());
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  if (!(index < count)) {
    throw new CliError(`--shard takes index/count, counted from 0, such as 0/4 to 3/4, not "${text}".`);
  }
  return { index, count };
}

/**
 * Looks through every log once. When it holds a line that only a replay of the whole can place, the first shard takes all.
 * @param warn told why a log cannot be shared
 */
export async function lookAndShard(
  sources: readonly ByteSource[],
  shard: Shard,
  signal: AbortSignal,
  warn: (sentence: string) => void,
): Promise<ShardedLogs> {
  const live = sources.find((source) => !source.reopenable);
  if (live !== undefined) {
    throw new CliError(`--shard reads a log twice, which ${live.name} cannot be: name files.`);
  }
  const found = await findTies(
    sources.map((source, number) => ({ number, source })),
    signal,
  );
  const ties = { ...found, ids: sources.map((_, log) => [found.idsByPiece.get(log) ?? NOT_LOOKED_AT]) };
  if (found.unplaceable === undefined) return shardedLogs(shard, ties);
  warn(NOT_SHARED.unplaceable(found.unplaceable, 'shard 0 takes the whole log'));
  return shardedLogs({ index: shard.index, count: 1 }, ties);
}

const NOT_LOOKED_AT = new Int32Array(0);

/** The logs as one shard takes them, whose ties are known. */
export function shardedLogs(shard: Shard, { groups, ids, testIds }: KnownTies): ShardedLogs {
  return (log) => {
    const nextId = readIds(ids[log] ?? []);
    const ownLook = createLineTies(createGroups(), lineKeys);
    // A line that was written after the look says itself whose it is, if all that it is tied to was there.
    const ownsBytes = (chunk: Buffer, start: number, end: number) =>
      owns(shard, groups, nextId() ?? ownLook.look(chunk, start, end));
    const ownsNext = (text: string) => owns(shard, groups, nextId() ?? ownLook.lookAtText(text));
    const timeInBytes = createTimeInBytes();
    return {
      ownsNext,
      skim: {
        bytes(chunk, start, end) {
          if (ownsBytes(chunk, start, end)) return undefined;
          const time = testIds ? undefined : timeInBytes(chunk, start, end);
          return time === undefined ? foreign(chunk.toString('utf8', start, end)) : { kind: 'foreign', time };
        },
        line: ({ text }) => (ownsNext(text) ? undefined : foreign(text)),
      },
    };
  };
}

/** A line that bytes alone tell too little of; damaged or not, its time is the same. */
function foreign(text: string): ForeignLine {
  const time = timeAtAGlance({ text, source: '', line: 0, endOffsetBytes: 0, damage: undefined });
  return { kind: 'foreign', time };
}
