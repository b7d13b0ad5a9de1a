import { KINDS } from '../../html/format.ts';
import { fieldColumns } from './decode.ts';
import { at, type Columns, fact, type Session, type SpanTable, textFact } from './table.ts';
import { type Order, orderOf, parentsOf } from './tree-order.ts';

/**
 * Puts the spans in tree order: sessions by start, in them roots by start, below each span its children by start. A
 * span whose parent is not in the file is a root, and so is one that a circle of parents would hide.
 */
export function buildTable(columns: Columns): SpanTable {
  const parents = parentsOf(columns);
  return arrange(columns, parents, orderOf(columns, parents));
}

function arrange(columns: Columns, oldParents: Int32Array, order: Order): SpanTable {
  const count = order.spans.length;
  const place = new Int32Array(columns.count).fill(-1);
  order.spans.forEach((span, position) => {
    place[span] = position;
  });
  const parent = new Int32Array(count);
  const depth = new Uint16Array(count);
  order.spans.forEach((span, position) => {
    const old = oldParents[span] ?? -1;
    const up = old < 0 ? -1 : (place[old] ?? -1);
    parent[position] = up;
    depth[position] = up < 0 ? 0 : (depth[up] ?? 0) + 1;
  });
  for (const column of [...fieldColumns(columns), columns.valuesAt]) permute(column, order.spans);
  const table = {
    ...columns,
    count,
    events: moved(columns.events, place),
    links: moved(columns.links, place),
    parent,
    depth,
    size: sizesOf(parent),
  };
  return { ...table, sessions: sessionsOf({ ...table, sessions: [] }, order) };
}

/** Puts the column into the order of `spans`. Superseded spans have no place: what stands behind the last one is unused. */
function permute(column: Int32Array | Uint8Array | Float64Array, spans: Int32Array): void {
  const before = column.slice();
  for (let position = 0; position < spans.length; position += 1) {
    column[position] = at(before, at(spans, position));
  }
}

function moved<T>(lists: ReadonlyMap<number, T[]>, place: Int32Array): Map<number, T[]> {
  return new Map(
    Array.from(lists, ([span, list]) => [at(place, span), list] as const).filter(([span]) => span >= 0),
  );
}

function sizesOf(parent: Int32Array): Int32Array {
  const size = new Int32Array(parent.length).fill(1);
  for (let span = parent.length - 1; span >= 0; span -= 1) {
    const up = parent[span] ?? -1;
    if (up >= 0) size[up] = (size[up] ?? 0) + (size[span] ?? 0);
  }
  return size;
}

const TURN = KINDS.indexOf('turn');

function sessionsOf(table: SpanTable, { groups }: Order): Session[] {
  const { count, start: starts, duration, strings } = table;
  return groups.map(({ session, from }, index) => {
    const to = groups[index + 1]?.from ?? count;
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    let title: string | undefined;
    for (let span = from; span < to; span += 1) {
      const begin = starts[span] ?? 0;
      start = Math.min(start, begin);
      end = Math.max(end, begin + (duration[span] ?? 0));
      if (title === undefined && at(table.kind, span) === TURN && isOfUser(table, span))
        title = textFact(table, span, 'said');
    }
    return { id: strings[session] ?? '', from, to, start, end, title };
  });
}

/** True for a turn that is neither a sub-agent's nor a background review. */
export function isOfUser(table: SpanTable, turn: number): boolean {
  return fact(table, turn, 'background') !== true && fact(table, turn, 'inSubagent') !== true;
}
