import type { Columns } from './decode.ts';
import { at, type Session, type SpanTable } from './table.ts';
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
  for (const column of columnsOf(columns)) permute(column, order.spans);
  const table = {
    ...shortened(columns, count),
    events: moved(columns.events, place),
    links: moved(columns.links, place),
    parent,
    depth,
    size: sizesOf(parent),
  };
  return { ...table, sessions: sessionsOf(table, order, columns.strings) };
}

type Column = Int32Array | Uint8Array | Float64Array;

function columnsOf(columns: Columns): readonly Column[] {
  const { id, trace, session, name, parentId, kind, start, duration, flags } = columns;
  const { attributesShape, factsShape, valuesAt } = columns;
  return [
    ...[id, trace, session, name, parentId, kind, start, duration, flags],
    ...[attributesShape, factsShape, valuesAt],
  ];
}

/** Puts the column into the order of `spans`. */
function permute(column: Column, spans: Int32Array): void {
  const before = column.slice();
  for (let position = 0; position < spans.length; position += 1) {
    column[position] = at(before, at(spans, position));
  }
}

/** Without the superseded spans, which have no place and so were left behind at the end. */
function shortened(columns: Columns, count: number): Columns {
  return {
    ...columns,
    count,
    id: columns.id.subarray(0, count),
    trace: columns.trace.subarray(0, count),
    parentId: columns.parentId.subarray(0, count),
    session: columns.session.subarray(0, count),
    name: columns.name.subarray(0, count),
    kind: columns.kind.subarray(0, count),
    start: columns.start.subarray(0, count),
    duration: columns.duration.subarray(0, count),
    flags: columns.flags.subarray(0, count),
    attributesShape: columns.attributesShape.subarray(0, count),
    factsShape: columns.factsShape.subarray(0, count),
    valuesAt: columns.valuesAt.subarray(0, count),
  };
}

function moved<T>(lists: ReadonlyMap<number, readonly T[]>, place: Int32Array): Map<number, readonly T[]> {
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

interface Times {
  readonly count: number;
  readonly start: Float64Array;
  readonly duration: Float64Array;
}

function sessionsOf(times: Times, { groups }: Order, strings: readonly string[]): Session[] {
  return groups.map(({ session, from }, index) => {
    const to = groups[index + 1]?.from ?? times.count;
    let start = Number.POSITIVE_INFINITY;
    let end = Number.NEGATIVE_INFINITY;
    for (let span = from; span < to; span += 1) {
      const begin = times.start[span] ?? 0;
      start = Math.min(start, begin);
      end = Math.max(end, begin + (times.duration[span] ?? 0));
    }
    return { id: strings[session] ?? '', from, to, start, end };
  });
}
