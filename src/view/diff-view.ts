import type { AgentSpan } from '../model/span.ts';
import { widthOf } from './columns.ts';
import { type Change, diffLogs, type LogDiff, presence } from './diff.ts';
import { changeColumns, errorColumns } from './diff-columns.ts';
import { summaryColumns, summaryRows } from './diff-summary.ts';
import { code, renderMarkdownTable } from './markdown.ts';
import { line, type Page } from './page.ts';
import { piece } from './paint.ts';
import { renderTable } from './table.ts';
import { seriesJson, totalsJson } from './totals-json.ts';
import { shown, type Visible, visible, visibleJson } from './visible.ts';
import { presentable } from './without-secrets.ts';

export interface DiffOptions extends Page {
  readonly format: 'text' | 'json' | 'markdown';
  /** What the user called the two: files, or sessions. */
  readonly beforeName: string;
  readonly afterName: string;
}

/** Two logs side by side, as a text that ends with a line feed. */
export function renderDiff(
  before: readonly AgentSpan[],
  after: readonly AgentSpan[],
  options: DiffOptions,
): string {
  const diff = diffLogs(presentable(before), presentable(after));
  switch (options.format) {
    case 'text':
      return renderText(diff, options);
    case 'json':
      return renderJson(diff, options);
    case 'markdown':
      return renderMarkdown(diff, options);
    default:
      return options.format satisfies never;
  }
}

function renderText(diff: LogDiff, options: DiffOptions): string {
  const summary = renderTable(options, summaryColumns(), summaryRows(diff));
  const tables = tablesOf(diff).map(([title, rows]) =>
    renderTable(options, changeColumns(title, rows), rows),
  );
  const errors = diff.errors.length === 0 ? [] : [renderTable(options, errorColumns(), diff.errors)];
  return [headingOf(options), summary, ...tables, ...errors]
    .map((lines) => lines.map((each) => `${each}\n`).join(''))
    .join('\n');
}

/** Both names in a line, or one below the other where they are long: the end of a path tells most. */
function headingOf(options: DiffOptions): readonly string[] {
  const before = piece(visible(options.beforeName), 'strong');
  const after = piece(visible(options.afterName), 'strong');
  const arrow = piece(shown`→ `, 'dim');
  const space = piece(shown` `);
  const oneLine = [before, space, arrow, after];
  const width = oneLine.reduce((sum, { text }) => sum + widthOf(text), 0);
  if (width <= options.columns) return [line(options, oneLine)];
  return [line(options, [piece(shown`  `), before]), line(options, [arrow, after])];
}

function renderMarkdown(diff: LogDiff, { beforeName, afterName }: DiffOptions): string {
  const tables = tablesOf(diff).map(([title, rows]) => renderMarkdownTable(changeColumns(title, rows), rows));
  const errors = diff.errors.length === 0 ? [] : [renderMarkdownTable(errorColumns(), diff.errors)];
  const heading = `### Hermes: ${code(visible(beforeName))} → ${code(visible(afterName))}`;
  const summary = renderMarkdownTable(summaryColumns(), summaryRows(diff));
  return `${[heading, summary, ...tables, ...errors].join('\n\n')}\n`;
}

/** Both logs' totals whole, and each change with both series. */
function renderJson(diff: LogDiff, { beforeName, afterName }: DiffOptions): string {
  const changes = (rows: readonly Change[]) =>
    rows.map((row) => ({
      name: row.name,
      presence: presence(row),
      before: row.before && seriesJson(row.before),
      after: row.after && seriesJson(row.after),
    }));
  const json = {
    before: { name: beforeName, totals: totalsJson(diff.before) },
    after: { name: afterName, totals: totalsJson(diff.after) },
    summary: summaryRows(diff),
    kinds: changes(diff.kinds),
    models: changes(diff.models),
    tools: changes(diff.tools),
    errors: diff.errors,
  };
  return `${visibleJson(json)}\n`;
}

/** The tables that have a row. */
function tablesOf(diff: LogDiff): readonly (readonly [Visible, readonly Change[]])[] {
  const tables = [
    [shown`  kind`, diff.kinds],
    [shown`  model`, diff.models],
    [shown`  tool`, diff.tools],
  ] as const;
  return tables.filter(([, rows]) => rows.length > 0);
}
