import { KINDS } from '../../html/format.ts';
import { at, end, isError, numberFact, type SpanTable } from './table.ts';

const SUMS = ['errors', 'inputTokens', 'outputTokens', 'cost'] as const;
type Sum = (typeof SUMS)[number];

export const PLACE = { none: 0, first: 1, middle: 2, last: 3 } as const;

const TURN = KINDS.indexOf('turn');
const SUBAGENT = KINDS.indexOf('subagent');
/** Turns and API calls follow each other by nature; where they overlap (retries, background) it is no fan-out. */
const FAN_OUT: ReadonlySet<number> = new Set([KINDS.indexOf('tool_call'), SUBAGENT]);

/** What is seen of a span only by looking at its neighbours: made once, read by every row. */
export type Marks = ReturnType<typeof emptyMarks>;

function emptyMarks(count: number) {
  return {
    /** How many siblings run side by side with this one, itself included; 0 when it runs alone. */
    parallel: new Int32Array(count),
    /** Where in its group of siblings: `PLACE`. */
    parallelPlace: new Uint8Array(count),
    /** The nearest sub-agent span at or above, -1 for none. */
    agent: new Int32Array(count).fill(-1),
    /** Its place among its siblings, from 1, and how many they are. */
    place: new Int32Array(count),
    siblings: new Int32Array(count),
    /** The outermost turn at or above, -1 for none. */
    turn: new Int32Array(count),
    /** Sums over the spans before this one; each is one longer than the table. */
    before: {
      errors: new Float64Array(count + 1),
      inputTokens: new Float64Array(count + 1),
      outputTokens: new Float64Array(count + 1),
      cost: new Float64Array(count + 1),
    },
  };
}

export function marksOf(table: SpanTable): Marks {
  const marks = emptyMarks(table.count);
  for (let span = 0; span < table.count; span += 1) {
    const up = at(table.parent, span);
    markAbove(table, marks, span);
    if (up >= 0 && span === up + 1) {
      markGroups(table, marks, span, up + at(table.size, up));
      countSiblings(table, marks, span, up + at(table.size, up));
    }
  }
  for (const { from, to } of table.sessions) countSiblings(table, marks, from, to);
  return marks;
}

/** What is above the span, and the sums before the next one. */
function markAbove(table: SpanTable, { agent, turn, before }: Marks, span: number): void {
  const kind = at(table.kind, span);
  const up = at(table.parent, span);
  const turnAbove = up < 0 ? -1 : at(turn, up);
  turn[span] = turnAbove < 0 && kind === TURN ? span : turnAbove;
  agent[span] = kind === SUBAGENT ? span : up < 0 ? -1 : at(agent, up);
  for (const name of SUMS) {
    const own = name === 'errors' ? Number(isError(table, span)) : numberFact(table, span, name);
    before[name][span + 1] = at(before[name], span) + (own ?? 0);
  }
}

/** The sum over a span and everything below it. Costs are within a billionth of a dollar. */
export function sumWithin(table: SpanTable, { before }: Marks, span: number, name: Sum): number {
  return at(before[name], span + at(table.size, span)) - at(before[name], span);
}

/** Siblings stand in order of start, so a group ends where the next one starts after all of it has ended. */
function markGroups(table: SpanTable, marks: Marks, first: number, limit: number): void {
  let group: number[] = [];
  let groupEnd = Number.NEGATIVE_INFINITY;
  for (let span = first; span < limit; span += at(table.size, span)) {
    if (!FAN_OUT.has(at(table.kind, span))) continue;
    if (at(table.start, span) >= groupEnd) {
      mark(marks, group);
      group = [];
      groupEnd = Number.NEGATIVE_INFINITY;
    }
    group.push(span);
    groupEnd = Math.max(groupEnd, end(table, span));
  }
  mark(marks, group);
}

function countSiblings(table: SpanTable, marks: Marks, first: number, limit: number): void {
  let count = 0;
  for (let span = first; span < limit; span += at(table.size, span)) {
    count += 1;
    marks.place[span] = count;
  }
  for (let span = first; span < limit; span += at(table.size, span)) marks.siblings[span] = count;
}

function mark(marks: Marks, group: readonly number[]): void {
  if (group.length < 2) return;
  group.forEach((span, index) => {
    marks.parallel[span] = group.length;
    marks.parallelPlace[span] =
      index === 0 ? PLACE.first : index === group.length - 1 ? PLACE.last : PLACE.middle;
  });
}
