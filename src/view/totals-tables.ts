/** Tables of totals by kind, model, tool and session, for a terminal and for Markdown. */

import { headlineOf, isEmpty, type TimeSplit, type Work, workText } from '../model/figures.ts';
import { count, duration, percent, plural } from '../model/units.ts';
import { shown, type Visible, visible } from '../model/visible.ts';
import type { BudgetResult } from './budget.ts';
import { consumedColumns } from './figure-columns.ts';
import { inAndOut, withWords } from './label.ts';
import { code, renderMarkdownTable } from './markdown.ts';
import { line, type Page, type Piece, piece, type Tone, wrap } from './page.ts';
import { isOfLatest, quantiles, type Series } from './series.ts';
import { type SessionFigures, sessionFigures } from './session-figures.ts';
import { type Column, column, renderTable } from './table.ts';
import type { LogTotals, Totals } from './totals.ts';
import { pathOf, type TurnRow, turnColumns } from './turns.ts';

/** A comment on a pull request holds 65,536 characters, so a table has at most this many sessions. */
const MAX_SESSIONS = 50;

/** A row about spans of one kind, model or tool. */
export interface SeriesRow {
  readonly name: Visible;
  readonly tone: Tone;
  readonly series: Series;
  /** Time of all rows of this sort, in microseconds; `undefined` for kinds, which contain each other. */
  readonly whole: number | undefined;
}

/** A row about one session, or about a part of the session above. */
interface SessionRow {
  readonly name: Piece;
  readonly work: Work;
  /** Duration in microseconds; `undefined` for a part, and when the session's span is missing. */
  readonly micros: number | undefined;
  /** The part of all sessions, for the column of shares; `undefined` for a part of a session. */
  readonly share: Visible | undefined;
}

const KIND_ROWS = [
  { kind: 'turn', name: shown`turns`, tone: 'turn' },
  { kind: 'api_call', name: shown`API calls`, tone: 'call' },
  { kind: 'auxiliary_call', name: shown`auxiliary calls`, tone: 'call' },
  { kind: 'tool_call', name: shown`tool calls`, tone: 'tool' },
  { kind: 'approval', name: shown`approvals`, tone: 'approval' },
  { kind: 'subagent', name: shown`sub-agents`, tone: 'subagent' },
] as const;

/** A row for each kind of span that occurs. */
export function kindRows(totals: Totals): readonly SeriesRow[] {
  return KIND_ROWS.map(({ kind, name, tone }) => ({
    name,
    tone,
    series: totals.kinds[kind],
    whole: undefined,
  })).filter(({ series }) => series.count > 0);
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
  const whole = [...all.values()].reduce((sum, { durations }) => sum + durations.sum, 0);
  return [...all]
    .toSorted(([a, left], [b, right]) => right.durations.sum - left.durations.sum || (a < b ? -1 : 1))
    .map(([name, series]) => ({ name: visible(name), tone, series, whole }));
}

/** What sessions are sorted by: the cost if it is known, else tokens, else time. */
const WEIGHTS: readonly (readonly [string, (session: SessionFigures) => number])[] = [
  ['cost', ({ all }) => all.cost ?? 0],
  ['tokens', ({ all }) => all.tokens.input + all.tokens.output],
  ['time', ({ micros }) => micros],
];

/** The rows of all sessions, the heaviest first, and the title of their column of shares. */
function sessionTable(totals: Totals): readonly [title: Visible, rows: readonly SessionRow[]] {
  const sessions = sessionFigures(totals.sessions);
  const sum = (weight: (session: SessionFigures) => number) =>
    sessions.reduce((total, session) => total + weight(session), 0);
  const [what, weight] = WEIGHTS.find(([, each]) => sum(each) > 0) ?? ['time', () => 0];
  const whole = sum(weight);
  const rows = sessions
    .toSorted((a, b) => weight(b) - weight(a))
    .flatMap((session) => sessionRows(session, shown`${percent(weight(session), whole)}`));
  return [shown`% of ${what}`, rows];
}

function sessionRows(
  { sessionId, title, all, inSubagents, inReviews, micros }: SessionFigures,
  share: Visible,
) {
  const part = (name: string, work: Work): readonly SessionRow[] =>
    isEmpty(work) ? [] : [{ name: piece(name, 'dim'), work, micros: undefined, share: undefined }];
  return [
    {
      name: piece(withWords(visible(sessionId), title), 'session'),
      work: all,
      micros: micros || undefined,
      share,
    },
    ...part('  sub-agents', inSubagents),
    ...part('  background reviews', inReviews),
  ];
}

/** Name, count, errors, durations, tokens and cost. Columns that are empty in every row are left out. */
function seriesColumns(title: Visible, rows: readonly SeriesRow[]): readonly Column<SeriesRow>[] {
  const of = (heading: string, dispensable: number, cell: (series: Series) => Piece): Column<SeriesRow> =>
    column(heading, dispensable, ({ series }) => cell(series));
  const share = column<SeriesRow>('share', 4, ({ series, whole }) =>
    piece(whole === undefined ? '' : percent(series.durations.sum, whole)),
  );
  return [
    column(title, 0, ({ name, tone }) => piece(name, tone)),
    of('count', 0, (series) => figure(series.count)),
    of('errors', 1, (series) => figure(series.errors, 'error')),
    ...(rows.some(({ series }) => series.incomplete > 0)
      ? [of('incomplete', 7, (series) => figure(series.incomplete, 'warning'))]
      : []),
    of('total', 0, ({ durations }) => time(durations.count === 0 ? undefined : durations.sum)),
    ...(rows.some(({ whole }) => whole !== undefined) ? [share] : []),
    of('P50', 5, (series) => percentile(series, 0.5)),
    of('P95', 3, (series) => percentile(series, 0.95)),
    of('max', 6, ({ durations }) => time(durations.count === 0 ? undefined : durations.max)),
    ...consumedColumns(rows, ({ series }) => series, { tokens: 2, cached: 8, cost: 1 }),
  ];
}

/** Session, turns, calls, tools, errors, duration, tokens, cost and share. */
function sessionColumns(title: Visible, rows: readonly SessionRow[]): readonly Column<SessionRow>[] {
  return [
    column('session', 0, ({ name }) => name),
    column('turns', 0, ({ work }) => figure(work.turns)),
    column('calls', 5, ({ work }) => figure(work.calls)),
    column('tools', 5, ({ work }) => figure(work.tools)),
    column('errors', 0, ({ work }) => figure(work.errors, 'error')),
    column('duration', 3, ({ micros }) => (micros === undefined ? piece('') : time(micros))),
    column('tokens', 1, ({ work }) => inAndOut(work.tokens)),
    ...consumedColumns(rows, ({ work }) => work, { cached: 6, cost: 1 }),
    column(title, 4, ({ share }) => piece(share ?? '')),
  ];
}

/** A count, coloured only when it is not zero. */
function figure(value: number, tone: Tone = 'plain'): Piece {
  return piece(count(value), value === 0 ? 'dim' : tone);
}

function percentile({ durations }: Series, fraction: number): Piece {
  return time(quantiles(durations, [fraction])[0], isOfLatest(durations));
}

/** A dash for no duration; `~` before a percentile of the latest spans only. */
function time(micros: number | undefined, approximate = false): Piece {
  if (micros === undefined) return piece('–', 'dim');
  return piece(shown`${approximate ? '~' : ''}${duration(micros)}`);
}

/** The short table and the headline after a replay: kinds, models and tools, at most `limit` of each. */
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
  return [
    ...renderTable(page, seriesColumns(shown`totals`, rows), rows),
    ...more,
    '',
    ...renderWork(page, totals.sessionCount.count, totals.work),
  ];
}

/** The headline of sessions that are still going on, without the shares of time. */
export function renderWork(page: Page, sessions: number, work: Work): readonly string[] {
  return headlineOfWork(sessions, work).flatMap((pieces) => wrap(page, pieces));
}

/** All tables and the headline, with an empty line between them. The most important is nearest to the prompt. */
export function renderTotals(page: Page, totals: LogTotals): readonly string[] {
  const [share, sessions] = sessionTable(totals);
  const tables = [
    ...seriesTables(totals).map(([title, rows]) => renderTable(page, seriesColumns(title, rows), rows)),
    ...(sessions.length === 0 ? [] : [renderTable(page, sessionColumns(share, sessions), sessions)]),
    ...turnTables(totals).map(([title, rows]) => renderTurns(page, title, rows)),
    renderLogHeadline(page, totals),
  ];
  return tables.flatMap((table, index) => (index === 0 ? table : ['', ...table]));
}

/** Below each turn stands its critical path. */
function renderTurns(page: Page, title: Visible, rows: readonly TurnRow[]): readonly string[] {
  const lines = renderTable(page, turnColumns(title, rows), rows);
  return lines.flatMap((each, index) => {
    const row = rows[index - 1];
    return row === undefined
      ? [each]
      : [each, line(page, [piece('  critical path: ', 'dim'), piece(pathOf(row), 'dim')])];
  });
}

function turnTables({ turns }: LogTotals): readonly (readonly [Visible, readonly TurnRow[]])[] {
  const tables = [
    [shown`slowest turns`, turns.slowest],
    [shown`dearest turns`, turns.dearest],
  ] as const;
  return tables.filter(([, rows]) => rows.length > 0);
}

/** The tables of a comment. */
export function renderLogMarkdown(totals: LogTotals): string {
  const turns = turnTables(totals).map(([title, rows]) =>
    renderMarkdownTable([...turnColumns(title, rows), PATH], rows),
  );
  return [...turns, renderTotalsMarkdown(totals)].join('\n\n');
}

const PATH: Column<TurnRow> = {
  ...column('critical path', 0, (row) => piece(pathOf(row))),
  fromLog: true,
};

/** The tables of a job summary. */
function renderTotalsMarkdown(totals: Totals): string {
  const [share, sessions] = sessionTable(totals);
  const first = sessions.slice(0, MAX_SESSIONS);
  const tables = [
    ...seriesTables(totals).map(([title, rows]) => renderMarkdownTable(seriesColumns(title, rows), rows)),
    ...(sessions.length === 0 ? [] : [renderMarkdownTable(sessionColumns(share, first), first)]),
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

/** The headline of a log alone. */
export function renderLogHeadline(page: Page, totals: LogTotals): readonly string[] {
  return headlines(totals).flatMap((pieces) => wrap(page, pieces));
}

/** Lines of pieces: what there was, what it took, and which part sub-agents and background reviews had. */
function headlines({ figures: { sessions, all, inSubagents, inReviews, time: split } }: LogTotals) {
  const part = (name: string, work: Work) =>
    isEmpty(work)
      ? []
      : [[piece(shown`of these ${name}: `, 'dim'), ...dotted([piece(workText(work)), ...took(work)])]];
  return [
    ...headlineOfWork(sessions, all, split),
    ...part('in sub-agents', inSubagents),
    ...part('in background reviews', inReviews),
  ];
}

/** `3 sessions, 24 turns, 51 calls, 40 tools`, and below it time, cost, tokens and errors. */
function headlineOfWork(sessions: number, work: Work, split?: TimeSplit): readonly (readonly Piece[])[] {
  const { time: times } = headlineOf(work, split);
  const time = times === undefined ? [] : [piece(times, 'strong')];
  return [[piece(sessionsAndWork(sessions, work))], dotted([...time, ...took(work)])];
}

function took(work: Work): readonly Piece[] {
  const { cost, tokens, errors } = headlineOf(work);
  return [
    ...(cost === undefined ? [] : [piece(cost, 'strong')]),
    ...(tokens === undefined ? [] : [piece(tokens)]),
    piece(errors, work.errors === 0 ? 'dim' : 'error'),
  ];
}

function dotted(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.flatMap((each, index) => (index === 0 ? [each] : [piece(' · ', 'dim'), each]));
}

function sessionsAndWork(sessions: number, work: Work): string {
  const counted = sessions === 0 ? '' : plural(sessions, 'session');
  return [counted, workText(work)].filter((text) => text !== '').join(', ');
}

/** The headline in Markdown: `2 sessions, 5 turns, 12 calls, 8 tools · $0.42 · 984k in → 750 out · **1 error**`. */
export function renderHeadline(work: Work, sessions: number, split?: TimeSplit): string {
  const { time: times, cost, tokens, errors } = headlineOf(work, split);
  const parts = [
    sessionsAndWork(sessions, work),
    times,
    cost,
    tokens,
    work.errors === 0 ? errors : `**${errors}**`,
  ];
  return parts.filter((part) => part !== undefined).join(' · ');
}

/** A job summary: a headline, the outcome of each budget (broken ones first), and the tables. */
export function renderSummaryMarkdown(totals: Totals, budgets: readonly BudgetResult[]): string {
  const lines = budgets
    .toSorted((a, b) => Number(b.broken) - Number(a.broken))
    .map(({ broken, message }) => `- ${broken ? '**broken**' : 'holds'}: ${code(message)}`);
  const headline = renderHeadline(totals.work, totals.sessionCount.count);
  const parts = [`### Hermes: ${headline}`, lines.join('\n'), renderTotalsMarkdown(totals)];
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
