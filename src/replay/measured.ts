/**
 * What a run remembers of the past: a bounded number of keys, the latest ones. Spans that were measured, so that a log that
 * is read twice (beside its copy, or after it lost its end) counts its tokens once; and lines that were delivered.
 */
import type { AgentSpan } from '../model/span.ts';
import { createSpanKeys, keyWith, readSpanKeys, type SpanKey, type SpanKeys } from './checkpoint/span-key.ts';

export interface Recent {
  /** False when the key was added before, as far as is remembered. */
  add(key: SpanKey): boolean;
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
      if (recent.set.has(key) || older.set.has(key)) return false;
      recent.set.add(key);
      recent.keys.addKey(key);
      if (recent.set.size >= remembered) {
        older = recent;
        recent = generationOf('');
      }
      return true;
    },
    toText: () => [recent.keys.toText(), older.keys.toText()],
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
  return { add: ({ spanId, endTime }) => add(keyWith(spanId, endTime, undefined)), toText };
}

interface Generation {
  readonly set: Set<SpanKey>;
  readonly keys: SpanKeys;
}

function generationOf(text: string): Generation {
  const set = new Set(readSpanKeys(text));
  const keys = createSpanKeys(set.size);
  for (const key of set) keys.addKey(key);
  return { set, keys };
}
