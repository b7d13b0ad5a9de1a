/** Tables of totals by kind, model, tool and session, for a terminal and for Markdown. */
import type { BudgetResult } from './budget.ts';
import { code, renderMarkdownTable } from './markdown.ts';
import { line, type Page, type Piece, piece, type Tone } from './page.ts';
import { mean, quantiles, type Series } from './series.ts';
import { type Column, renderTable } from './table.ts';
import type { Totals, Work } from './totals.ts';
import { count, duration, plural } from './units.ts';
import { shown, type Visible, visible } from './visible.ts';

/** A comment on a pull request holds 65,536 characters, so a table has at most this many sessions. */
const MAX_SESSIONS = 50;

/** A row about spans of one kind, model or tool. */
export interface SeriesRow {
  readonly name: Visible;
  readonly tone: Tone;
  readonly series: Series;
}

/** A row about one session. */
interface SessionRow {
  /** `undefined` for the background turns of the session above. */
  readonly sessionId: string | undefined;
  readonly subagentOf: string | undefined;
  readonly work: Work;
}

const KIND_ROWS = [
  { kind: 'session', name: shown`sessions`, tone: 'session' },
  { kind: 'turn', name: shown`turns`, tone: 'turn' },
  { kind: 'api_call', name: shown`API calls`, tone: 'call' },
  { kind: 'auxiliary_call', name: shown`auxiliary calls`, tone: 'call' },
  { kind: 'tool_call', name: shown`tool calls`, tone: 'tool' },
  { kind: 'approval', name: shown`approvals`, tone: 'approval' },
  { kind: 'subagent', name: shown`sub-agents`, tone: 'subagent' },
] as const;

/** A row for each kind of span that occurs. */
export function kindRows(totals: Totals): readonly SeriesRow[] {
  return KIND_ROWS.map(({ kind, name, tone }) => ({ name, tone, series: totals.kinds[kind] })).filter(
    ({ series }) => series.count > 0,
  );
}

/** A row for each model, the longest total time first. */
export function modelRows(totals: Totals): readonly SeriesRow[] {
  return rowsByTime(totals.models, 'call');
}

/** A row for each tool, the longest total time first. */
export function toolRows(totals: Totals): readonly SeriesRow[] {
  return rowsByTime(totals.tools, 'tool');
}

function rowsByTime(all: ReadonlyMap<string, Series>, tone: Tone): readonly SeriesRow[] {
  return [...all]
    .toSorted(([a, left], [b, right]) => right.durations.sum - left.durations.sum || (a < b ? -1 : 1))
    .map(([name, series]) => ({ name: visible(name), tone, series }));
}

/**
 * A row for each session, including the sessions of sub-agents. Hermes leaves background turns out of a session's
 * counts, so they have a row of their own below it, and a session's row equals the figures of its span.
 */
function sessionRows({ sessions }: Totals): readonly SessionRow[] {
  return [...sessions]
    .filter(([, { ordinary, background }]) => !isEmpty(ordinary) || !isEmpty(background))
    .flatMap(([sessionId, { subagentOf, ordinary, background }]) => [
      { sessionId, subagentOf, work: ordinary },
      ...(isEmpty(background) ? [] : [{ sessionId: undefined, subagentOf: undefined, work: background }]),
    ]);
}

function isEmpty({ turns, calls, tools }: Work): boolean {
  return turns.count + calls.count + tools.count === 0;
}

/** Name, count, errors, durations and tokens. Columns that are empty in every row are left out. */
function seriesColumns(title: Visible, rows: readonly SeriesRow[]): readonly Column<SeriesRow>[] {
  const any = (has: (series: Series) => number) => rows.some(({ series }) => has(series) > 0);
  const column = (heading: Visible, dispensable: number, cell: (series: Series) => Piece) => ({
    title: heading,
    dispensable,
    cell: ({ series }: SeriesRow) => cell(series),
  });
  return [
    { title, cell: ({ name, tone }) => piece(name, tone), dispensable: 0 },
    column(shown`count`, 0, (series) => figure(series.count)),
    column(shown`errors`, 1, (series) => figure(series.errors, 'error')),
    ...(any(({ incomplete }) => incomplete)
      ? [column(shown`incomplete`, 5, (series) => figure(series.incomplete, 'warning'))]
      : []),
    column(shown`mean`, 4, average),
    column(shown`P50`, 2, (series) => percentile(series, 0.5)),
    column(shown`P95`, 0, (series) => percentile(series, 0.95)),
    column(shown`max`, 3, longest),
    ...(any(({ tokens }) => tokens.total) ? [column(shown`tokens`, 1, inAndOut)] : []),
    ...(any(({ tokens }) => tokens.cached) ? [column(shown`cached`, 6, cached)] : []),
  ];
}

/** Session, turns, calls, tools, errors, durations of the turns, tokens. */
function sessionColumns(rows: readonly SessionRow[]): readonly Column<SessionRow>[] {
  const column = (title: Visible, dispensable: number, cell: (work: Work) => Piece) => ({
    title,
    dispensable,
    cell: ({ work }: SessionRow) => cell(work),
  });
  return [
    { title: shown`session`, cell: sessionName, dispensable: 0 },
    column(shown`turns`, 0, ({ turns }) => figure(turns.count)),
    column(shown`calls`, 5, ({ calls }) => figure(calls.count)),
    column(shown`tools`, 5, ({ tools }) => figure(tools.count)),
    column(shown`errors`, 0, ({ turns, calls, tools }) =>
      figure(turns.errors + calls.errors + tools.errors, 'error'),
    ),
    column(shown`turn mean`, 4, ({ turns }) => average(turns)),
    column(shown`P50`, 3, ({ turns }) => percentile(turns, 0.5)),
    column(shown`P95`, 1, ({ turns }) => percentile(turns, 0.95)),
    column(shown`max`, 2, ({ turns }) => longest(turns)),
    column(shown`tokens`, 1, ({ calls }) => inAndOut(calls)),
    ...(rows.some(({ work }) => work.calls.tokens.cached > 0)
      ? [column(shown`cached`, 6, ({ calls }) => cached(calls))]
      : []),
  ];
}

function sessionName({ sessionId, subagentOf }: SessionRow): Piece {
  if (sessionId === undefined) return piece(shown`  background turns`, 'dim');
  if (subagentOf === undefined) return piece(visible(sessionId), 'session');
  return piece(shown`${sessionId} (sub-agent)`, 'subagent');
}

/** A count, coloured only when it is not zero. */
function figure(value: number, tone: Tone = 'plain'): Piece {
  return piece(shown`${count(value)}`, value === 0 ? 'dim' : tone);
}

/** Mean duration of the spans whose end is in the log. */
function average({ durations }: Series): Piece {
  return time(mean(durations));
}

function percentile({ durations }: Series, fraction: number): Piece {
  return time(quantiles(durations, [fraction])[0], durations.sketch !== undefined);
}

function longest({ durations }: Series): Piece {
  return time(durations.count === 0 ? undefined : durations.max);
}

/** `9,970→500`: uncached input and output, `?` where no call reported it. Empty when no tokens were reported. */
function inAndOut({ tokens }: Series): Piece {
  if (tokens.total === 0) return piece(shown``);
  const input = tokens.inputReports === 0 ? '?' : count(tokens.input);
  return piece(shown`${input}→${tokens.outputReports === 0 ? '?' : count(tokens.output)}`);
}

/** Tokens read from and written to a cache. */
function cached({ tokens }: Series): Piece {
  return piece(tokens.cached === 0 ? shown`` : shown`${count(tokens.cached)}`);
}

/** A dash for no duration; `~` before an approximate one. */
function time(micros: number | undefined, approximate = false): Piece {
  if (micros === undefined) return piece(shown`–`, 'dim');
  return piece(shown`${approximate ? '~' : ''}${duration(micros)}`);
}

/** The short table after a replay: kinds, models and tools, at most `limit` of each. Empty when there are no spans. */
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

/** All tables: by kind, model, tool and session, with an empty line between them. */
export function renderTotals(page: Page, totals: Totals): readonly string[] {
  const sessions = sessionRows(totals);
  const tables = [
    ...seriesTables(totals).map(([title, rows]) => renderTable(page, seriesColumns(title, rows), rows)),
    ...(sessions.length === 0 ? [] : [renderTable(page, sessionColumns(sessions), sessions)]),
  ];
  return tables.flatMap((table, index) => (index === 0 ? table : ['', ...table]));
}

/** The same tables for a job summary or a comment. */
export function renderTotalsMarkdown(totals: Totals): string {
  const sessions = sessionRows(totals);
  const first = sessions.slice(0, MAX_SESSIONS);
  const tables = [
    ...seriesTables(totals).map(([title, rows]) => renderMarkdownTable(seriesColumns(title, rows), rows)),
    ...(sessions.length === 0 ? [] : [renderMarkdownTable(sessionColumns(first), first)]),
    ...(sessions.length > MAX_SESSIONS ? [`… ${plural(sessions.length - MAX_SESSIONS, 'more row')}`] : []),
  ];
  return tables.join('\n\n');
}

/** The tables that have at least one row. */
function seriesTables(totals: Totals): readonly (readonly [Visible, readonly SeriesRow[]])[] {
  const tables = [
    [shown`kind`, kindRows(totals)],
    [shown`model`, modelRows(totals)],
    [shown`tool`, toolRows(totals)],
  ] as const;
  return tables.filter(([, rows]) => rows.length > 0);
}

/** `2 sessions, 5 turns, 12 API calls, 8 tool calls, **1 error**`. */
export function renderHeadline({ kinds }: Totals): string {
  const errors = Object.values(kinds).reduce((sum, series) => sum + series.errors, 0);
  return [
    plural(kinds.session.count, 'session'),
    plural(kinds.turn.count, 'turn'),
    plural(kinds.api_call.count, 'API call'),
    plural(kinds.tool_call.count, 'tool call'),
    errors === 0 ? 'no errors' : `**${plural(errors, 'error')}**`,
  ].join(', ');
}

/** A job summary: a headline, the outcome of each budget (broken ones first), and the tables. */
export function renderSummaryMarkdown(totals: Totals, budgets: readonly BudgetResult[]): string {
  const lines = budgets
    .toSorted((a, b) => Number(b.broken) - Number(a.broken))
    .map(({ broken, message }) => `- ${broken ? '**broken**' : 'holds'}: ${code(message)}`);
  const parts = [`### Hermes: ${renderHeadline(totals)}`, lines.join('\n'), renderTotalsMarkdown(totals)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
