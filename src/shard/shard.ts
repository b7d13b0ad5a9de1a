/**
 * One of several replays that share logs takes the sessions whose group falls to it, children with their parents, and only
 * the time of all others.
 */
import type { Groups } from './groups.ts';
import { NO_ID } from './line-ids.ts';

export interface Shard {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

/** True when a line with this id (and whatever is tied to it) is this shard's. What names no id is the first shard's. */
export function owns({ index, count }: Shard, groups: Groups, id: number): boolean {
  return (id === NO_ID ? 0 : shardOf(groups.nameOf(id), count)) === index;
}

/** The one of `count` shards whose group this is. */
export function shardOf(group: number, count: number): number {
  return mixed(group) % count;
}

/** Few shards look at few bits: all of the hash must be in them. */
function mixed(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (once ^ (once >>> 13)) >>> 0;
}
