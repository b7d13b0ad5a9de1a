/** Which rows and columns the tables of totals have, whatever they are printed as. */
import { type Piece, piece, type Tone } from './paint.ts';
import { mean, quantiles } from './sample.ts';
import type { Series } from './series.ts';
import type { Column } from './table.ts';
import type { Totals } from './totals.ts';
import { count, duration } from './units.ts';
import { shown, type Visible, visible } from './visible.ts';

/** A row of the table: one sort of spans. */
export interface SeriesRow {
  readonly name: Visible;
  readonly tone: Tone;
  readonly series: Series;
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

/** A row for each model, that of the longest total time first. */
export function modelRows(totals: Totals): readonly SeriesRow[] {
  return byTime(totals.models).map(([name, series]) => ({ name: visible(name), tone: 'call', series }));
}

/** A row for each tool, that of the longest total time first. */
export function toolRows(totals: Totals): readonly SeriesRow[] {
  return byTime(totals.tools).map(([name, series]) => ({ name: visible(name), tone: 'tool', series }));
}

/** Name, count, errors, durations and tokens; what no row has to say is left out. */
export function seriesColumns(title: Visible, rows: readonly SeriesRow[]): readonly Column<SeriesRow>[] {
  const any = (has: (series: Series) => boolean) => rows.some(({ series }) => has(series));
  return [
    { title, cell: ({ name, tone }) => piece(name, tone), dispensable: 0 },
    { title: shown`count`, cell: ({ series }) => figure(series.count), dispensable: 0 },
    { title: shown`errors`, cell: ({ series }) => figure(series.errors, 'error'), dispensable: 1 },
    ...(any(({ incomplete }) => incomplete > 0) ? [INCOMPLETE] : []),
    { title: shown`mean`, cell: ({ series }) => average(series), dispensable: 4 },
    { title: shown`P50`, cell: ({ series }) => percentile(series, 0.5), dispensable: 2 },
    { title: shown`P95`, cell: ({ series }) => percentile(series, 0.95), dispensable: 0 },
    { title: shown`max`, cell: ({ series }) => longest(series), dispensable: 3 },
    ...(any(({ tokens }) => tokens.total > 0) ? [TOKENS] : []),
    ...(any(({ tokens }) => tokens.cached > 0) ? [CACHED] : []),
  ];
}

const INCOMPLETE: Column<SeriesRow> = {
  title: shown`incomplete`,
  cell: ({ series }) => figure(series.incomplete, 'warning'),
  dispensable: 5,
};

const TOKENS: Column<SeriesRow> = {
  title: shown`tokens`,
  cell: ({ series }) => inAndOut(series),
  dispensable: 1,
};

const CACHED: Column<SeriesRow> = {
  title: shown`cached`,
  cell: ({ series }) => cached(series),
  dispensable: 6,
};

/** A count, painted only when there is something to count. */
export function figure(value: number, tone: Tone = 'plain'): Piece {
  return piece(shown`${count(value)}`, value === 0 ? 'dim' : tone);
}

/** Mean duration of the spans whose end is in the log. */
export function average({ durations }: Series): Piece {
  return time(mean(durations));
}

export function percentile({ durations }: Series, fraction: number): Piece {
  return time(quantiles(durations, [fraction])[0], durations.sketch !== undefined);
}

export function longest({ durations }: Series): Piece {
  return time(durations.count === 0 ? undefined : durations.max);
}

/** `9,970→500`: uncached input and output. Empty when none was reported. */
export function inAndOut({ tokens }: Series): Piece {
  return piece(tokens.total === 0 ? shown`` : shown`${count(tokens.input)}→${count(tokens.output)}`);
}

/** Tokens read from and written to a cache. */
export function cached({ tokens }: Series): Piece {
  return piece(tokens.cached === 0 ? shown`` : shown`${count(tokens.cached)}`);
}

/** A dash when there is none; `~` before an approximate one. */
function time(micros: number | undefined, approximate = false): Piece {
  if (micros === undefined) return piece(shown`–`, 'dim');
  return piece(shown`${approximate ? '~' : ''}${duration(micros)}`);
}

function byTime(series: ReadonlyMap<string, Series>): readonly (readonly [string, Series])[] {
  return [...series].toSorted(
    ([a, { durations: left }], [b, { durations: right }]) => right.sum - left.sum || (a < b ? -1 : 1),
  );
}

/** The tables that have a row. */
export function seriesTables(totals: Totals): readonly SeriesTable[] {
  return [
    { title: shown`kind`, rows: kindRows(totals), namesFromLog: false },
    { title: shown`model`, rows: modelRows(totals), namesFromLog: true },
    { title: shown`tool`, rows: toolRows(totals), namesFromLog: true },
  ].filter(({ rows }) => rows.length > 0);
}

export interface SeriesTable {
  readonly title: Visible;
  readonly rows: readonly SeriesRow[];
  /** True when the first column comes from the log. */
  readonly namesFromLog: boolean;
}
