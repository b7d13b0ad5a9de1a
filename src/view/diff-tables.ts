/** `diff` as text, JSON or Markdown: a table of the whole, then of kinds, models, tools and errors. */

import type { Figures } from '../model/figures.ts';
import type { AgentSpan } from '../model/span.ts';
import { count, duration, money } from '../model/units.ts';
import { shown, type Visible, visible, visibleJson } from '../model/visible.ts';
import { widthOf } from './columns.ts';
import { type Change, diffLogs, type ErrorChange, type LogDiff, presence } from './diff.ts';
import { code, renderMarkdownTable } from './markdown.ts';
import { line, type Page, type Piece, piece, type Tone } from './page.ts';
import { presentable } from './presentable.ts';
import { quantiles, type Series } from './series.ts';
import { type Column, column, renderTable } from './table.ts';
import { seriesJson, totalsJson } from './totals.ts';

export interface DiffOptions extends Page {
  readonly format: 'text' | 'json' | 'markdown';
  /** The names that the user gave: files, or sessions. */
  readonly beforeName: string;
  readonly afterName: string;
}

/** A figure over the whole of both logs. */
interface SummaryRow {
  readonly name: Visible;
  /** The change of a number of errors is a difference; of the rest, a percentage. Of `count`, more is not worse. */
  readonly unit: 'count' | 'errors' | 'tokens' | 'dollars' | 'micros';
  /** `undefined` when nothing of the kind happened or was reported. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

const SUMMARY: readonly (readonly [Visible, SummaryRow['unit'], (figures: Figures) => number | undefined])[] =
  [
    [shown`sessions`, 'count', ({ sessions }) => sessions],
    [shown`turns`, 'count', ({ all }) => all.turns],
    [shown`calls`, 'count', ({ all }) => all.calls],
    [shown`tools`, 'count', ({ all }) => all.tools],
    [shown`errors`, 'errors', ({ all }) => all.errors],
    [shown`incomplete`, 'errors', ({ all }) => all.incomplete || undefined],
    [shown`cost`, 'dollars', ({ all }) => all.cost],
    [shown`tokens in`, 'tokens', ({ all }) => all.tokens.input || undefined],
    [shown`of these cached`, 'tokens', ({ all }) => all.tokens.cached || undefined],
    [shown`tokens out`, 'tokens', ({ all }) => all.tokens.output || undefined],
    [shown`time of the model`, 'micros', ({ time }) => time.model || undefined],
    [shown`time of tools`, 'micros', ({ time }) => time.tools || undefined],
    [shown`time of the agent`, 'micros', ({ time }) => time.agent || undefined],
  ];

/** A smaller relative change of a latency is noise and has no colour. */
const NOTABLE = 0.1;

/** Two logs side by side. The text ends with a line feed. */
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
  const tables = tablesOf(diff, (columns, rows) => renderTable(options, columns, rows));
  return [headingOf(options), ...tables].map((lines) => lines.map((each) => `${each}\n`).join('')).join('\n');
}

function renderMarkdown(diff: LogDiff, { beforeName, afterName }: DiffOptions): string {
  const heading = `### Hermes: ${code(visible(beforeName))} → ${code(visible(afterName))}`;
  return `${[heading, ...tablesOf(diff, renderMarkdownTable)].join('\n\n')}\n`;
}

/** Every table that has a row, rendered. */
function tablesOf<T>(
  diff: LogDiff,
  render: <R>(columns: readonly Column<R>[], rows: readonly R[]) => T,
): readonly T[] {
  const changes = [
    [shown`  kind`, diff.kinds],
    [shown`  model`, diff.models],
    [shown`  tool`, diff.tools],
  ] as const;
  return [
    render(SUMMARY_COLUMNS, summaryRows(diff)),
    ...changes
      .filter(([, rows]) => rows.length > 0)
      .map(([title, rows]) => render(changeColumns(title, rows), rows)),
    ...(diff.errors.length === 0 ? [] : [render(ERROR_COLUMNS, diff.errors)]),
  ];
}

/** Both names in one line, or in two when they are long: the end of a path identifies it. */
function headingOf(options: DiffOptions): readonly string[] {
  const before = piece(options.beforeName, 'strong');
  const after = piece(options.afterName, 'strong');
  const arrow = piece('→ ', 'dim');
  const oneLine = [before, piece(' '), arrow, after];
  const width = oneLine.reduce((total, { text }) => total + widthOf(text), 0);
  if (width <= options.columns) return [line(options, oneLine)];
  return [line(options, [piece('  '), before]), line(options, [arrow, after])];
}

/** The totals of both logs, and each change with both series. */
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

/** The figures that at least one of the logs has. */
function summaryRows({ before, after }: LogDiff): readonly SummaryRow[] {
  return SUMMARY.map(([name, unit, read]) => ({
    name,
    unit,
    before: read(before.figures),
    after: read(after.figures),
  })).filter((row) => row.before !== undefined || row.after !== undefined);
}

const SUMMARY_COLUMNS: readonly Column<SummaryRow>[] = [
  column('  in all', 0, ({ name }) => piece(shown`  ${name}`)),
  column('before', 0, ({ unit, before }) => piece(written(unit, before))),
  column('after', 0, ({ unit, after }) => piece(written(unit, after))),
  column('change', 0, summaryChange),
];

function summaryChange({ unit, before, after }: SummaryRow): Piece {
  if (unit === 'count') return { ...percentChange(before, after), tone: 'dim' };
  if (unit !== 'errors') return percentChange(before, after);
  const difference = (after ?? 0) - (before ?? 0);
  const sign = difference > 0 ? '+' : difference < 0 ? '-' : '';
  return piece(shown`${sign}${count(Math.abs(difference))}`, worse(difference));
}

const UNITS: Readonly<Record<SummaryRow['unit'], (value: number) => string>> = {
  count,
  errors: count,
  tokens: count,
  dollars: money,
  micros: duration,
};

function written(unit: SummaryRow['unit'], value: number | undefined): Visible {
  if (value === undefined) return unit === 'errors' ? shown`0` : shown`–`;
  return shown`${UNITS[unit](value)}`;
}

function tokensIn({ tokens }: Series): number | undefined {
  return tokens.input + tokens.output || undefined;
}

/** Name, and the figures of both logs as `before → after`, or one figure when they are equal. */
function changeColumns(title: Visible, rows: readonly Change[]): readonly Column<Change>[] {
  const anyTokens = rows.some(
    ({ before, after }) => (before && tokensIn(before)) || (after && tokensIn(after)),
  );
  return [
    column(title, 0, changeName),
    column('count', 0, (row) => counts(row, (series) => series.count)),
    column('errors', 1, errorCounts),
    column('P50', 3, (row) => latencies(row, 0.5)),
    column('P95', 0, (row) => latencies(row, 0.95)),
    column('P95 change', 2, (row) => percentChange(...quantile(row, 0.95))),
    ...(anyTokens ? [column<Change>('tokens', 1, (row) => counts(row, tokensIn))] : []),
  ];
}

/** Class of error, and how often it occurred in each log. */
const ERROR_COLUMNS: readonly Column<ErrorChange>[] = [
  column('  error', 0, errorName),
  column('before', 0, ({ before }) => piece(count(before))),
  column('after', 0, ({ before, after }) => piece(count(after), worse(after - before))),
];

const SIGNS: Readonly<Record<ReturnType<typeof presence>, { readonly sign: string; readonly tone?: Tone }>> =
  {
    new: { sign: '+', tone: 'good' },
    gone: { sign: '-', tone: 'warning' },
    both: { sign: ' ' },
  };

/** `+ name` for new, `- name` for gone. */
function changeName(row: Change): Piece {
  const { sign, tone } = SIGNS[presence(row)];
  return piece(shown`${sign} ${row.name}`, tone ?? row.tone);
}

function errorName({ name, before, after }: ErrorChange): Piece {
  if (before === 0) return piece(shown`+ ${name}`, 'error');
  return after === 0 ? piece(shown`- ${name}`, 'good') : piece(shown`  ${name}`);
}

function counts(row: Change, read: (series: Series) => number | undefined, tone: Tone = 'plain'): Piece {
  return piece(arrow(both(row, read), count), tone);
}

function errorCounts(row: Change): Piece {
  const [before = 0, after = 0] = both(row, ({ errors }) => errors);
  return counts(row, ({ errors }) => errors, worse(after - before));
}

function latencies(row: Change, fraction: number): Piece {
  return piece(arrow(quantile(row, fraction), duration));
}

/** `+23 %`, where more is worse. Empty when a figure is missing or was zero. */
function percentChange(before: number | undefined, after: number | undefined): Piece {
  if (before === undefined || after === undefined || before === 0) return piece('');
  const relative = after / before - 1;
  const percent = Math.round(relative * 100);
  return piece(
    shown`${percent > 0 ? '+' : ''}${percent} %`,
    Math.abs(relative) < NOTABLE ? 'dim' : worse(relative),
  );
}

type Pair = readonly [before: number | undefined, after: number | undefined];

function both({ before, after }: Change, read: (series: Series) => number | undefined): Pair {
  return [before && read(before), after && read(after)];
}

function quantile(row: Change, fraction: number): Pair {
  return both(row, ({ durations }) => quantiles(durations, [fraction])[0]);
}

/** `2 → 3`; one figure when nothing changed; a dash for a missing one. */
function arrow(pair: Pair, format: (value: number) => string): Visible {
  const [left = '', right = ''] = pair.map((value) => (value === undefined ? '–' : format(value)));
  return left === right ? shown`${left}` : shown`${left} → ${right}`;
}

function worse(difference: number): Tone {
  if (difference === 0) return 'dim';
  return difference > 0 ? 'error' : 'good';
}
