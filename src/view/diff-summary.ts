/** The first table of `diff`: what a person asks of two runs before anything else. Of each figure, more is worse. */
import type { LogDiff } from './diff.ts';
import { percentChange, worse } from './diff-columns.ts';
import { type Piece, piece } from './paint.ts';
import type { Sample } from './sample.ts';
import type { Column } from './table.ts';
import type { Totals } from './totals.ts';
import { count, duration } from './units.ts';
import { shown, type Visible } from './visible.ts';

/** A figure over the whole of both logs. */
export interface SummaryRow {
  readonly name: Visible;
  /** Errors are few, and each counts: they are told as a difference, the rest as a percentage. */
  readonly unit: 'errors' | 'tokens' | 'micros';
  /** `undefined` where nothing of the kind happened or was reported. */
  readonly before: number | undefined;
  readonly after: number | undefined;
}

interface Figure {
  readonly name: Visible;
  readonly unit: SummaryRow['unit'];
  readonly read: (totals: Totals) => number | undefined;
}

const FIGURES: readonly Figure[] = [
  { name: shown`errors`, unit: 'errors', read: ({ kinds }) => sum(kinds, 'errors') },
  { name: shown`incomplete`, unit: 'errors', read: ({ kinds }) => sum(kinds, 'incomplete') || undefined },
  { name: shown`tokens`, unit: 'tokens', read: tokens },
  { name: shown`time in turns`, unit: 'micros', read: ({ kinds }) => timeIn(kinds.turn.durations) },
  { name: shown`time in API calls`, unit: 'micros', read: ({ kinds }) => timeIn(kinds.api_call.durations) },
  { name: shown`time in tools`, unit: 'micros', read: ({ kinds }) => timeIn(kinds.tool_call.durations) },
];

/** The figures that either log has. */
export function summaryRows({ before, after }: LogDiff): readonly SummaryRow[] {
  return FIGURES.map(({ name, unit, read }) => ({
    name,
    unit,
    before: read(before),
    after: read(after),
  })).filter((row) => row.before !== undefined || row.after !== undefined);
}

export function summaryColumns(): readonly Column<SummaryRow>[] {
  return [
    { title: shown`  in all`, cell: ({ name }) => piece(shown`  ${name}`), dispensable: 0 },
    { title: shown`before`, cell: ({ unit, before }) => piece(written(unit, before)), dispensable: 0 },
    { title: shown`after`, cell: ({ unit, after }) => piece(written(unit, after)), dispensable: 0 },
    { title: shown`change`, cell: change, dispensable: 0 },
  ];
}

function change({ unit, before, after }: SummaryRow): Piece {
  if (unit !== 'errors') return percentChange(before, after);
  const difference = (after ?? 0) - (before ?? 0);
  const sign = difference > 0 ? '+' : difference < 0 ? '-' : '';
  return piece(shown`${sign}${count(Math.abs(difference))}`, worse(difference));
}

function written(unit: SummaryRow['unit'], value: number | undefined): Visible {
  if (value === undefined) return unit === 'errors' ? shown`0` : shown`–`;
  return shown`${unit === 'micros' ? duration(value) : count(value)}`;
}

function sum(kinds: Totals['kinds'], what: 'errors' | 'incomplete'): number {
  return Object.values(kinds).reduce((total, series) => total + series[what], 0);
}

function tokens({ kinds: { api_call: calls, auxiliary_call: auxiliary } }: Totals): number | undefined {
  return calls.tokens.total + auxiliary.tokens.total || undefined;
}

/** What overlaps is counted as often as it does. */
function timeIn(durations: Sample): number | undefined {
  return durations.count === 0 ? undefined : durations.sum;
}
