/**
 * One of several that share a log: it takes the sessions whose group falls to it, children with their parents, and only
 * the time of all others. Knows ids and numbers; how ids are found in a line is the caller's.
 */
import type { Groups } from './groups.ts';

export interface Part {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** True when a line with these ids is this part's. What names no id is the first part's. */
export function owns({ index, count }: Part, groups: Groups, ids: readonly string[]): boolean {
  const [first] = ids;
  return (first === undefined ? 0 : hashOf(groups.nameOf(first)) % count) === index;
}

/** FNV-1a over UTF-16 units: the same on every machine. Its last bits are mixed once more, as few parts look at few bits. */
function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
