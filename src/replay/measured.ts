/**
 * The spans that were measured. A followed log may be read twice: beside its copy, or after it lost its end. The ids of its
 * spans are the same then, so its tokens are not counted again.
 */
import type { AgentSpan } from '../model/span.ts';
import { createSpanKeys, keyWith, readSpanKeys, type SpanKey, type SpanKeys } from './checkpoint/span-key.ts';

export interface Measured {
  /** False when a span with this id and end was added before, as far as is remembered. */
  add(span: AgentSpan): boolean;
  /** For `createMeasured`. */
  toText(): MeasuredText;
}

/** Plain data: `toText()` of both generations. */
export type MeasuredText = readonly [current: string, before: string];

/** At least this many spans are remembered, at most twice as many. A checkpoint has 11 characters for each. */
const REMEMBERED = 16_384;

export function createMeasured(
  [current, before]: MeasuredText = ['', ''],
  remembered = REMEMBERED,
): Measured {
  let recent = generationOf(current);
  let older = generationOf(before);
  return {
    add({ spanId, endTime }) {
      const key = keyWith(spanId, endTime, undefined);
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

interface Generation {
  readonly set: Set<SpanKey>;
  readonly keys: SpanKeys;
}

function generationOf(text: string): Generation {
  const set = new Set(readSpanKeys(text));
  const keys = createSpanKeys();
  for (const key of set) keys.addKey(key);
  return { set, keys };
}
