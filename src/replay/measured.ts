/**
 * What a run remembers of the past: a bounded number of keys, the latest ones. Spans that were measured, so that a log that
 * is read twice (beside its copy, or after it lost its end) counts its tokens once; and lines that were delivered.
 */
import type { AgentSpan } from '../model/span.ts';
import { createSpanKeys, keyWith, readSpanKeys } from './checkpoint/span-key.ts';

export interface Recent {
  /** False when the key was added before, as far as is remembered. A whole number below 2^53: a set of `bigint` is ten times as slow. */
  add(key: number): boolean;
  /** For `createRecent`. */
  toText(): RecentText;
}

/** Plain data: the keys of both generations. */
export type RecentText = readonly [current: string, before: string];

/** @param remembered at least so many keys are remembered, at most twice as many. `toText` has 11 characters for each. */
export function createRecent([current, before]: RecentText = ['', ''], remembered: number): Recent {
  let recent = generationOf(current);
  let older = generationOf(before);
  return {
    add(key) {
      if (recent.has(key) || older.has(key)) return false;
      recent.add(key);
      if (recent.size >= remembered) {
        older = recent;
        recent = new Set();
      }
      return true;
    },
    toText: () => [textOf(recent), textOf(older)],
  };
}

export interface Measured {
  /** False when a span with this id and end was added before, as far as is remembered. */
  add(span: AgentSpan): boolean;
  /** For `createMeasured`. */
  toText(): RecentText;
}

const REMEMBERED = 16_384;

export function createMeasured(before?: RecentText, remembered = REMEMBERED): Measured {
  const { add, toText } = createRecent(before, remembered);
  return { add: ({ spanId, endTime }) => add(Number(keyWith(spanId, endTime, undefined) >> 11n)), toText };
}

function generationOf(text: string): Set<number> {
  return new Set(readSpanKeys(text).map(Number));
}

function textOf(generation: ReadonlySet<number>): string {
  const keys = createSpanKeys(generation.size);
  for (const key of generation) keys.addKey(BigInt(key));
  return keys.toText();
}
