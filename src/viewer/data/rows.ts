import { at, type Session, type SpanTable } from './table.ts';

/** A mask by span with 1 for the matches and everything above them: what a filtered tree shows. */
export function withAncestors(table: SpanTable, matches: Uint8Array): Uint8Array {
  const kept = matches.slice();
  for (let span = table.count - 1; span >= 0; span -= 1) {
    const up = at(table.parent, span);
    if (kept[span] === 1 && up >= 0) kept[up] = 1;
  }
  return kept;
}

/** The spans that have a row, from top to bottom. `kept` is `undefined` without a filter. */
export function visibleRows(
  table: SpanTable,
  { from, to }: Session,
  collapsed: Uint8Array,
  kept: Uint8Array | undefined,
): Int32Array {
  const rows = new Int32Array(to - from);
  let length = 0;
  for (let span = from; span < to; ) {
    if (kept !== undefined && kept[span] === 0) {
      span += at(table.size, span);
      continue;
    }
    rows[length] = span;
    length += 1;
    span += collapsed[span] === 1 ? at(table.size, span) : 1;
  }
  return rows.subarray(0, length);
}

/** How many spans of the range match. */
export function countMatches(matches: Uint8Array, { from, to }: Session): number {
  let count = 0;
  for (let span = from; span < to; span += 1) count += matches[span] ?? 0;
  return count;
}

/** The next row at or after which `wanted` holds, going round; -1 when it holds nowhere. */
export function nextRow(
  rows: Int32Array,
  from: number,
  step: 1 | -1,
  wanted: (span: number) => boolean,
): number {
  for (let tried = 1; tried <= rows.length; tried += 1) {
    const row = (from + step * tried + rows.length * 2) % rows.length;
    if (wanted(rows[row] ?? -1)) return row;
  }
  return -1;
}

/** Opens everything above the span, so that it has a row. The same mask when nothing was closed. */
export function opened(table: SpanTable, collapsed: Uint8Array, span: number): Uint8Array {
  let changed: Uint8Array | undefined;
  for (let up = at(table.parent, span); up >= 0; up = at(table.parent, up)) {
    if (collapsed[up] !== 1) continue;
    changed ??= collapsed.slice();
    changed[up] = 0;
  }
  return changed ?? collapsed;
}
