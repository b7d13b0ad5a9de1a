import { append } from '../../model/lists.ts';
import { at, type Columns } from './table.ts';

/** What stands in the place of a parent. */
const ROOT = -1;
/** A later span has the same id: it was sent again, whole, and the last version counts. */
const SUPERSEDED = -2;

/** By span of the file: the parent's span, or one of the words above. */
export function parentsOf({ count, id, parentId, strings }: Columns): Int32Array {
  const spanOfString = new Int32Array(strings.length).fill(ROOT);
  for (let span = 0; span < count; span += 1) spanOfString[at(id, span)] = span;
  const parents = new Int32Array(count);
  for (let span = 0; span < count; span += 1) {
    const parent = at(spanOfString, at(parentId, span));
    const isLast = spanOfString[at(id, span)] === span;
    parents[span] = isLast ? (parent === span ? ROOT : parent) : SUPERSEDED;
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
export interface Order {
  readonly spans: Int32Array;
  readonly groups: readonly { readonly session: number; readonly from: number }[];
}

/** Gives up a parent where following it would lead in a circle. */
export function orderOf(columns: Columns, parents: Int32Array): Order {
  const children = childrenOf(columns, parents);
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
    if (seen[span] === 0 && parents[span] !== SUPERSEDED) {
      parents[span] = ROOT;
      visitGroup({ session: session[span] ?? 0, roots: [span] });
    }
  }
  return { spans: spans.subarray(0, length), groups };
}

function rootGroups({ count, session, start }: Columns, parents: Int32Array) {
  const roots: number[] = [];
  for (let span = 0; span < count; span += 1) if (parents[span] === ROOT) roots.push(span);
  roots.sort((a, b) => (start[a] ?? 0) - (start[b] ?? 0) || a - b);
  const groups = new Map<number, number[]>();
  for (const root of roots) append(groups, session[root] ?? 0, root);
  return Array.from(groups, ([id, group]) => ({ session: id, roots: group }));
}
