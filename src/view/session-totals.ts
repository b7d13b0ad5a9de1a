import { type Piece, piece } from './paint.ts';
import type { Column } from './table.ts';
import type { Totals, Work } from './totals.ts';
import { average, cached, figure, inAndOut, longest, percentile } from './totals-rows.ts';
import { shown, visible } from './visible.ts';

/** A row of the table of sessions. */
export interface SessionTotalsRow {
  /** `undefined`: the row of the background turns of the session above. */
  readonly sessionId: string | undefined;
  readonly subagentOf: string | undefined;
  readonly work: Work;
}

/**
 * A row for each session, sub-agents' own included; background turns, which Hermes leaves out of a session's counts,
 * have a row below it, so that a session's figures are those of its span.
 */
export function sessionTotalsRows({ sessions }: Totals): readonly SessionTotalsRow[] {
  return [...sessions]
    .filter(([, { ordinary, background }]) => !isEmpty(ordinary) || !isEmpty(background))
    .flatMap(([sessionId, { subagentOf, ordinary, background }]) => [
      { sessionId, subagentOf, work: ordinary },
      ...(isEmpty(background) ? [] : [{ sessionId: undefined, subagentOf: undefined, work: background }]),
    ]);
}

/** Session, turns, calls, tools, errors, durations of the turns, tokens. */
export function sessionColumns(rows: readonly SessionTotalsRow[]): readonly Column<SessionTotalsRow>[] {
  const anyCached = rows.some(({ work }) => work.calls.tokens.cached > 0);
  return [
    { title: shown`session`, cell: sessionName, dispensable: 0 },
    { title: shown`turns`, cell: ({ work }) => figure(work.turns.count), dispensable: 0 },
    { title: shown`calls`, cell: ({ work }) => figure(work.calls.count), dispensable: 5 },
    { title: shown`tools`, cell: ({ work }) => figure(work.tools.count), dispensable: 5 },
    { title: shown`errors`, cell: ({ work }) => figure(errorsIn(work), 'error'), dispensable: 0 },
    { title: shown`turn mean`, cell: ({ work }) => average(work.turns), dispensable: 4 },
    { title: shown`P50`, cell: ({ work }) => percentile(work.turns, 0.5), dispensable: 3 },
    { title: shown`P95`, cell: ({ work }) => percentile(work.turns, 0.95), dispensable: 1 },
    { title: shown`max`, cell: ({ work }) => longest(work.turns), dispensable: 2 },
    { title: shown`tokens`, cell: ({ work }) => inAndOut(work.calls), dispensable: 1 },
    ...(anyCached ? [CACHED] : []),
  ];
}

const CACHED: Column<SessionTotalsRow> = {
  title: shown`cached`,
  cell: ({ work }) => cached(work.calls),
  dispensable: 6,
};

function sessionName({ sessionId, subagentOf }: SessionTotalsRow): Piece {
  if (sessionId === undefined) return piece(shown`  background turns`, 'dim');
  if (subagentOf === undefined) return piece(visible(sessionId), 'session');
  return piece(shown`${sessionId} (sub-agent)`, 'subagent');
}

function errorsIn({ turns, calls, tools }: Work): number {
  return turns.errors + calls.errors + tools.errors;
}

function isEmpty({ turns, calls, tools }: Work): boolean {
  return turns.count + calls.count + tools.count === 0;
}
