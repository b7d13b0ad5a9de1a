import type { InputLine } from '../model/line.ts';
import { type LintState, note } from './state.ts';

/** True, and noted, when the very same line or delivery came before: it says nothing new. */
export function isDuplicate(state: LintState, line: InputLine, deliveryId: string | undefined): boolean {
  const digest = digestOf(line.text);
  if (state.seen.has(digest)) {
    note(state, 'same-line', 'the very same line came before', line);
    return true;
  }
  state.seen.add(digest);
  if (deliveryId === undefined) return false;
  if (state.deliveries.has(deliveryId)) {
    note(state, 'same-delivery', 'the same webhook was delivered before', line);
    return true;
  }
  state.deliveries.add(deliveryId);
  return false;
}

/** 53 bits of two FNV-like sums: enough to tell the lines of one log apart, and cheaper to keep than the lines. */
function digestOf(text: string): number {
  let high = 0x811c9dc5;
  let low = text.length;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x5bd1e995) ^ (low >>> 15);
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}
