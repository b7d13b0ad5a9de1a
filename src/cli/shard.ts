/** Which lines of the logs are ours, when several share them. The logs are looked at once before the replay, to learn who belongs together. */
import type { ByteSource } from '../input/byte-source.ts';
import type { Skim, SplitStart } from '../input/split-lines.ts';
import type { ForeignLine } from '../model/parsed-line.ts';
import { timeOfText } from '../parse/glance.ts';
import { createTimeInBytes } from '../parse/head-bytes.ts';
import { lineKeys } from '../parse/line-keys.ts';
import { createGroups } from '../shard/groups.ts';
import { type IdReader, readIds } from '../shard/line-ids.ts';
import { createLineTies } from '../shard/line-ties.ts';
import { owns, type Shard } from '../shard/shard.ts';
import { CliError } from './cli-error.ts';
import { findTies, type LogIds, NOT_SHARED, type Ties } from './ties.ts';

/** For one reading of the log with this number. */
export type ShardedLogs = (log: number) => ShardedLog;

export type KnownLines = Pick<Ties, 'testIds'> & {
  /** Of each log. */
  readonly ids: readonly LogIds[];
  /** True when a line with this id (and whatever is tied to it) is ours, in this piece of this log. */
  readonly owns: (id: number, log: number, piece: number) => boolean;
  /** What of the only log is to be read; `undefined`: all of all logs. */
  readonly parts?: readonly LogPart[] | undefined;
};

/** A part of a log that begins and ends with a line. */
export interface LogPart {
  readonly source: ByteSource;
  /** The piece that it begins with. */
  readonly piece: number;
  readonly start: SplitStart;
}

export interface ShardedLog {
  /** What of the log is to be read, one part after the other; `undefined`: all of it. */
  readonly parts: Iterable<LogPart> | undefined;
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
  const { looked, groups, testIds, unplaceable } = await findTies(
    sources.map((source, number) => ({ number, source })),
    signal,
    { times: false },
  );
  if (unplaceable !== undefined) warn(NOT_SHARED.unplaceable(unplaceable, 'shard 0 takes the whole log'));
  const own = unplaceable === undefined ? shard : { index: shard.index, count: 1 };
  return shardedLogs({
    testIds,
    ids: sources.map((_, log) => [looked.get(log)?.ids ?? NOT_LOOKED_AT]),
    owns: (id) => owns(own, groups, id),
  });
}

const NOT_LOOKED_AT = new Int32Array(0);

/** The logs as one of several takes them. */
export function shardedLogs({ ids, testIds, owns: isOurs, parts }: KnownLines): ShardedLogs {
  return (log) => {
    const reader = readIds(ids[log] ?? []);
    const ownLook = createLineTies(createGroups(), lineKeys);
    // A line that was written after the look says itself whose it is, if all that it is tied to was there.
    const ownsBytes = (chunk: Buffer, start: number, end: number) =>
      isOurs(reader.next() ?? ownLook.look(chunk, start, end), log, reader.piece());
    const ownsNext = (text: string) => isOurs(reader.next() ?? ownLook.lookAtText(text), log, reader.piece());
    const timeInBytes = createTimeInBytes();
    return {
      parts: parts && beside(reader, parts),
      ownsNext,
      skim: {
        bytes(chunk, start, end) {
          if (ownsBytes(chunk, start, end)) return undefined;
          const time = testIds ? undefined : timeInBytes(chunk, start, end);
          return { kind: 'foreign', time: time ?? timeOfText(chunk.toString('utf8', start, end)) };
        },
        line: ({ text }) => (ownsNext(text) ? undefined : { kind: 'foreign', time: timeOfText(text) }),
      },
    };
  };
}

/** The parts, while `reader` reads the ids beside them. */
function* beside(reader: IdReader, parts: readonly LogPart[]): Generator<LogPart, void, undefined> {
  for (const part of parts) {
    reader.seek(part.piece);
    yield part;
  }
}
