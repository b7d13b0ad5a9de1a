import { line, type Page } from './page.ts';
import { piece } from './paint.ts';
import { sessionColumns, sessionTotalsRows } from './session-totals.ts';
import { renderTable } from './table.ts';
import type { Totals } from './totals.ts';
import { kindRows, modelRows, type SeriesRow, seriesColumns, seriesTables, toolRows } from './totals-rows.ts';
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

/** All tables: by kind, model, tool and session, an empty line between them. */
export function renderTotals(page: Page, totals: Totals): readonly string[] {
  const sessions = sessionTotalsRows(totals);
  const tables = [
    ...seriesTables(totals).map(({ title, rows }) => renderTable(page, seriesColumns(title, rows), rows)),
    ...(sessions.length === 0 ? [] : [renderTable(page, sessionColumns(sessions), sessions)]),
  ];
  return tables.flatMap((table, index) => (index === 0 ? table : ['', ...table]));
}
