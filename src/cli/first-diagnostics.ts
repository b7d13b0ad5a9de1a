/** The diagnostics that a report keeps whole: the first by file and line, whoever found them and when. */
import type { Diagnostic } from '../model/diagnostic.ts';

/** A broken log of gigabytes must not fill the memory with its faults. */
const MAX_DIAGNOSTICS = 1000;

/** Adds it at its place; nearly always that is the end. What is then too much is let go. */
export function keepFirst(kept: Diagnostic[], diagnostic: Diagnostic): void {
  let at = kept.length;
  for (let before = kept[at - 1]; before !== undefined && goesBefore(diagnostic, before); ) {
    at--;
    before = kept[at - 1];
  }
  if (at >= MAX_DIAGNOSTICS) return;
  kept.splice(at, 0, diagnostic);
  if (kept.length > MAX_DIAGNOSTICS) kept.pop();
}

/** What names no line comes last; of one line, what was found first. */
function goesBefore({ at: a }: Diagnostic, { at: b }: Diagnostic): boolean {
  if (a === undefined || b === undefined) return a !== undefined && b === undefined;
  return a.source === b.source ? a.line < b.line : a.source < b.source;
}
