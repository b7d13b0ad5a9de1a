/** The slowest and the dearest turns of a log, and what determined how long they took. */
import { criticalPath, pathText } from '../model/critical-path.ts';
import { figuresOf, type TimeSplit } from '../model/figures.ts';
import type { AgentSpan, TurnSpan } from '../model/span.ts';
import { duration, percent } from '../model/units.ts';
import { shown, type Visible } from '../model/visible.ts';
import { consumedColumns } from './figure-columns.ts';
import { labelOf } from './label.ts';
import { piece } from './page.ts';
import { type Column, column } from './table.ts';
import { isOfUser, placedSpans, type SessionBlock, type Tree, walk } from './tree.ts';

/** A turn of the user with its figures. */
export interface TurnRow {
  readonly sessionId: string;
  readonly turn: TurnSpan;
  readonly work: Tree['work'];
  readonly time: TimeSplit;
  readonly path: readonly PathStep[];
}

export interface PathStep {
  readonly span: AgentSpan;
  readonly micros: number;
}

/** Turns in each table. */
const MOST_TURNS = 5;

export interface NotableTurns {
  readonly slowest: readonly TurnRow[];
  /** Empty when no cost is known. */
  readonly dearest: readonly TurnRow[];
}

/** Background reviews and the turns of sub-agents are left out: nobody waits for them on their own. */
export function notableTurns(blocks: readonly SessionBlock[]): NotableTurns {
  const turns = blocks.flatMap(({ sessionId, trees }) =>
    trees.flatMap((tree) => (isOfUser(tree.span) ? [{ sessionId, turn: tree.span, tree }] : [])),
  );
  const most = (weight: (turn: (typeof turns)[number]) => number) =>
    turns
      .filter((turn) => weight(turn) > 0)
      .toSorted((a, b) => weight(b) - weight(a))
      .slice(0, MOST_TURNS)
      .map(({ tree, ...turn }): TurnRow => {
        const spans = [...walk(tree)];
        const placed = placedSpans([tree]);
        const path = criticalPath(placed).flatMap(({ span: index, micros }) => {
          const span = spans[index];
          return span === undefined ? [] : [{ span, micros }];
        });
        return { ...turn, work: tree.work, time: figuresOf(placed).time, path };
      });
  return {
    slowest: most(({ turn }) => turn.endTime - turn.startTime),
    dearest: most(({ tree }) => tree.work.cost ?? 0),
  };
}

/** Turn, session, duration and its parts, tokens and cost. */
export function turnColumns(title: Visible, rows: readonly TurnRow[]): readonly Column<TurnRow>[] {
  const part = (heading: string, read: (time: TimeSplit) => number): Column<TurnRow> =>
    column(heading, 3, ({ time }) =>
      piece(percent(read(time), time.total), read(time) === 0 ? 'dim' : 'plain'),
    );
  return [
    column(title, 0, ({ turn }) => piece(labelOf(turn), 'turn')),
    { ...column('session', 2, ({ sessionId }) => piece(sessionId, 'dim')), fromLog: true },
    column('duration', 0, ({ turn }) => piece(duration(turn.endTime - turn.startTime))),
    part('model', ({ model }) => model),
    part('tools', ({ tools }) => tools),
    part('agent', ({ agent }) => agent),
    ...(rows.some(({ time }) => time.waiting > 0) ? [part('waiting', ({ waiting }) => waiting)] : []),
    ...consumedColumns(rows, ({ work }) => work, { tokens: 1, cost: 0 }),
  ];
}

/** The spans on the critical path by their share; what the turn did between them is the agent. */
export function pathOf({ path }: TurnRow): Visible {
  return shown`${pathText(path.map(({ span, micros }) => ({ name: span.kind === 'turn' ? 'agent' : labelOf(span), micros })))}`;
}

/** For scripts: times in microseconds. */
export function turnJson({ sessionId, turn, work, time, path }: TurnRow): object {
  return {
    name: labelOf(turn),
    sessionId,
    traceId: turn.traceId,
    spanId: turn.spanId,
    durationMicros: turn.endTime - turn.startTime,
    time,
    tokens: work.tokens,
    cost: work.cost,
    path: path.map(({ span, micros }) => ({ name: labelOf(span), spanId: span.spanId, micros })),
  };
}
