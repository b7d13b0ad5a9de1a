import { piece } from './paint.ts';
import { renderTable } from './table.ts';
import type { Totals } from './totals.ts';
import { kindRows, modelRows, type SeriesRow, seriesColumns, toolRows } from './totals-rows.ts';
import { line, type Page } from './tree-rows.ts';
import { plural } from './units.ts';
import { shown, type Visible } from './visible.ts';

/** The short table under a replay: kinds, models and tools, at most `limit` of each. Empty when there was no span. */
export function renderShortTotals(page: Page, totals: Totals, limit: number): readonly string[] {
  const sections: readonly (readonly [Visible, readonly SeriesRow[]])[] = [
    [shown`kind`, kindRows(totals)],
    [shown`model`, modelRows(totals).map((row) => ({ ...row, name: shown`model ${row.name}` }))],
    [shown`tool`, toolRows(totals).map((row) => ({ ...row, name: shown`tool ${row.name}` }))],
  ];
  const rows = sections.flatMap(([, all]) => all.slice(0, limit));
  if (rows.length === 0) return [];
  const more = sections
    .filter(([, all]) => all.length > limit)
    .map(([noun, all]) => line(page, [piece(shown`… ${plural(all.length - limit, `more ${noun}`)}`, 'dim')]));
  return [...renderTable(page, seriesColumns(shown`totals`, rows), rows), ...more];
}
