import type { Columns } from './decode.ts';
import { at, type Session, type SpanTable } from './table.ts';

/**
 * Puts the spans in tree order: sessions by start, in them roots by start, below each span its children by start. A
 * span whose parent is not in the file is a root, and so is one that a circle of parents would hide.
 */
export function buildTable(columns: Columns): SpanTable {
  const parents = parentsOf(columns);
  const children = childrenOf(columns, parents);
  const order = orderOf(columns, parents, children);
  return arrange(columns, parents, order);
}

/** By span of the file: the parent's span, or -1. */
function parentsOf({ count, id, parentId, strings }: Columns): Int32Array {
  const spanOfString = new Int32Array(strings.length).fill(-1);
  for (let span = 0; span < count; span += 1) spanOfString[id[span] ?? 0] = span;
  const parents = new Int32Array(count).fill(-1);
  for (let span = 0; span < count; span += 1) {
    const parent = spanOfString[parentId[span] ?? -1] ?? -1;
    parents[span] = parent === span ? -1 : parent;
  }
  return parents;
}

interface Children {
  /** The children of a span stand from `starts[span]` up to `starts[span + 1]`, in order of time. */
  readonly list: Int32Array;
  readonly starts: Int32Array;
}

function childrenOf({ count, start }: Columns, parents: Int32Array): Children {
  const starts = new Int32Array(count + 1);
  for (let span = 0; span < count; span += 1) {
    const parent = at(parents, span);
    if (parent >= 0) add(starts, parent + 1, 1);
  }
  for (let span = 0; span < count; span += 1) add(starts, span + 1, at(starts, span));
  const list = new Int32Array(at(starts, count));
  const next = starts.slice();
  for (let span = 0; span < count; span += 1) {
    const parent = at(parents, span);
    if (parent < 0) continue;
    list[at(next, parent)] = span;
    add(next, parent, 1);
  }
  for (let span = 0; span < count; span += 1) {
    sortByStart(list.subarray(at(starts, span), at(starts, span + 1)), start);
  }
  return { list, starts };
}

/** Children come in order of their ends, which mostly is that of their starts: then there is nothing to do. */
function sortByStart(spans: Int32Array, start: Float64Array): void {
  const before = (a: number, b: number): number => at(start, a) - at(start, b) || a - b;
  for (let index = 1; index < spans.length; index += 1) {
    if (before(at(spans, index - 1), at(spans, index)) > 0) {
      spans.sort(before);
      return;
    }
  }
}

function add(numbers: Int32Array, index: number, value: number): void {
  numbers[index] = at(numbers, index) + value;
}

/** The spans of the file in tree order, and where each session begins. */
interface Order {
  readonly spans: Int32Array;
  readonly groups: readonly { readonly session: number; readonly from: number }[];
}

function orderOf(columns: Columns, parents: Int32Array, children: Children): Order {
  const { count, session } = columns;
  const spans = new Int32Array(count);
  const seen = new Uint8Array(count);
  const groups: { session: number; from: number }[] = [];
  let length = 0;
  const visit = (root: number): void => {
    const waiting = [root];
    for (let span = waiting.pop(); span !== undefined; span = waiting.pop()) {
      if (seen[span] === 1) continue;
      seen[span] = 1;
      spans[length] = span;
      length += 1;
      const from = children.starts[span] ?? 0;
      for (let child = (children.starts[span + 1] ?? 0) - 1; child >= from; child -= 1) {
        waiting.push(children.list[child] ?? 0);
      }
    }
  };
  const visitGroup = (group: { session: number; roots: readonly number[] }): void => {
    groups.push({ session: group.session, from: length });
    for (const root of group.roots) visit(root);
  };
  rootGroups(columns, parents).forEach(visitGroup);
  // Whatever is left hangs in a circle.
  for (let span = 0; span < count; span += 1) {
    if (seen[span] === 0) {
      parents[span] = -1;
      visitGroup({ session: session[span] ?? 0, roots: [span] });
    }
  }
  return { spans, groups };
}

function rootGroups({ count, session, start }: Columns, parents: Int32Array) {
  const roots: number[] = [];
  for (let span = 0; span < count; span += 1) if (parents[span] === -1) roots.push(span);
  roots.sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0) || a - b);
  const groups = new Map<number, number[]>();
  for (const root of roots) {
    const id = session[root] ?? 0;
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [root]);
    else group.push(root);
  }
  return Array.from(groups, ([id, group]) => ({ session: id, roots: group }));
}

function arrange(columns: Columns, oldParents: Int32Array, order: Order): SpanTable {
  const { count, strings } = columns;
  const place = new Int32Array(count);
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
    ...columns,
    events: moved(columns.events, place),
    links: moved(columns.links, place),
    parent,
    depth,
    size: sizesOf(parent),
  };
  return { ...table, sessions: sessionsOf(table, order, strings) };
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

function moved<T>(lists: ReadonlyMap<number, readonly T[]>, place: Int32Array): Map<number, readonly T[]> {
  return new Map(Array.from(lists, ([span, list]) => [place[span] ?? 0, list]));
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
