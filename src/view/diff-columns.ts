import { type Change, type ErrorChange, presence } from './diff.ts';
import { type Piece, piece, type Tone } from './paint.ts';
import { quantiles } from './sample.ts';
import type { Series } from './series.ts';
import type { Column } from './table.ts';
import { count, duration } from './units.ts';
import { shown, type Visible } from './visible.ts';

/** From this relative change on, a latency is called better or worse; below it is noise. */
const NOTABLE = 0.1;

/** Name, and both logs' figures as `before → after`; one figure alone where both are the same. */
export function changeColumns(title: Visible, rows: readonly Change[]): readonly Column<Change>[] {
  const anyTokens = rows.some(
    ({ before, after }) => (before?.tokens.total ?? 0) + (after?.tokens.total ?? 0) > 0,
  );
  return [
    { title, cell: name, dispensable: 0 },
    { title: shown`count`, cell: (row) => counts(row, ({ count: value }) => value, 'plain'), dispensable: 0 },
    { title: shown`errors`, cell: (row) => counts(row, ({ errors }) => errors, 'error'), dispensable: 1 },
    { title: shown`P50`, cell: (row) => latencies(row, 0.5), dispensable: 3 },
    { title: shown`P95`, cell: (row) => latencies(row, 0.95), dispensable: 0 },
    { title: shown`P95 change`, cell: (row) => change(row, 0.95), dispensable: 2 },
    ...(anyTokens ? [TOKENS] : []),
  ];
}

/** Class of error, and how often in each log. */
export function errorColumns(): readonly Column<ErrorChange>[] {
  return [
    { title: shown`  error`, cell: errorName, dispensable: 0 },
    { title: shown`before`, cell: ({ before }) => piece(shown`${count(before)}`), dispensable: 0 },
    {
      title: shown`after`,
      cell: ({ before, after }) => piece(shown`${count(after)}`, worse(after - before)),
      dispensable: 0,
    },
  ];
}

const TOKENS: Column<Change> = {
  title: shown`tokens`,
  cell: (row) => counts(row, ({ tokens }) => (tokens.total === 0 ? undefined : tokens.total), 'plain'),
  dispensable: 1,
};

/** `+` for new, `-` for gone. */
function name(row: Change): Piece {
  const { sign, tone } = SIGNS[presence(row)];
  return piece(shown`${sign} ${row.name}`, tone ?? row.tone);
}

const SIGNS: Readonly<Record<ReturnType<typeof presence>, { readonly sign: string; readonly tone?: Tone }>> =
  {
    new: { sign: '+', tone: 'good' },
    gone: { sign: '-', tone: 'warning' },
    both: { sign: ' ' },
  };

function errorName({ name: what, before, after }: ErrorChange): Piece {
  if (before === 0) return piece(shown`+ ${what}`, 'error');
  return after === 0 ? piece(shown`- ${what}`, 'good') : piece(shown`  ${what}`);
}

function counts(row: Change, read: (series: Series) => number | undefined, kind: 'plain' | 'error'): Piece {
  const [before, after] = both(row, read);
  const tone = kind === 'error' ? worse((after ?? 0) - (before ?? 0)) : 'plain';
  return piece(arrow(before, after, count), tone);
}

function latencies(row: Change, fraction: number): Piece {
  const [before, after] = both(row, ({ durations }) => quantiles(durations, [fraction])[0]);
  return piece(arrow(before, after, duration));
}

function change(row: Change, fraction: number): Piece {
  return percentChange(...both(row, ({ durations }) => quantiles(durations, [fraction])[0]));
}

/** `+23 %`: how much more, which is worse; empty where there is nothing to compare. */
export function percentChange(before: number | undefined, after: number | undefined): Piece {
  if (before === undefined || after === undefined || before === 0) return piece(shown``);
  const relative = after / before - 1;
  const percent = Math.round(relative * 100);
  return piece(
    shown`${percent > 0 ? '+' : ''}${percent} %`,
    Math.abs(relative) < NOTABLE ? 'dim' : worse(relative),
  );
}

function both(
  { before, after }: Change,
  read: (series: Series) => number | undefined,
): readonly [number | undefined, number | undefined] {
  return [before && read(before), after && read(after)];
}

/** `2 → 3`; one figure when nothing changed; a dash where there is none. */
function arrow(
  before: number | undefined,
  after: number | undefined,
  format: (value: number) => string,
): Visible {
  const [left, right] = [before, after].map((value) => (value === undefined ? '–' : format(value)));
  return left === right ? shown`${left ?? ''}` : shown`${left ?? ''} → ${right ?? ''}`;
}

export function worse(difference: number): Tone {
  if (difference === 0) return 'dim';
  return difference > 0 ? 'error' : 'good';
}
