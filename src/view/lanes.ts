/**
 * Lanes for spans that overlap: in one lane, two spans are either apart or one is inside the other, which is what a
 * track of nested slices can show. Parallel tools, turns that overlap, and what outlives its parent get further lanes.
 */
import type { SubagentSpan } from '../model/span.ts';
import type { Tree } from './tree.ts';

export interface Lane {
  /** The sub-agent whose work it shows; `undefined`: the session's own. */
  readonly subagent: SubagentSpan | undefined;
  /** One after the other; their children are inside them, one after the other again. */
  readonly trees: readonly Tree[];
}

/** Lanes of a session, its main one first: one for each sub-agent, and as many more as overlaps need. */
export function lanesOf(trees: readonly Tree[]): readonly Lane[] {
  return lanesFor(undefined, trees);
}

function lanesFor(subagent: SubagentSpan | undefined, roots: readonly Tree[]): readonly Lane[] {
  const waiting = [...roots];
  const slices: Tree[] = [];
  const subagents: { readonly span: SubagentSpan; readonly tree: Tree }[] = [];
  for (let tree = waiting.shift(); tree !== undefined; tree = waiting.shift()) {
    const { nested, apart } = split(tree);
    slices.push(nested);
    for (const other of apart) {
      if (other.span.kind === 'subagent') subagents.push({ span: other.span, tree: other });
      else waiting.push(other);
    }
  }
  const own = pack(slices).map((lane) => ({ subagent, trees: lane }));
  return [...own, ...subagents.flatMap(({ span, tree }) => lanesFor(span, [tree]))];
}

/** `tree` with the descendants that fit below it one after the other, and the topmost ones that do not. */
function split(tree: Tree): { readonly nested: Tree; readonly apart: readonly Tree[] } {
  const children: Tree[] = [];
  const apart: Tree[] = [];
  let free = tree.span.startTime;
  for (const child of tree.children) {
    const fits = child.span.startTime >= free && child.span.endTime <= tree.span.endTime;
    if (child.span.kind === 'subagent' || !fits) {
      apart.push(child);
      continue;
    }
    const inner = split(child);
    children.push(inner.nested);
    apart.push(...inner.apart);
    free = child.span.endTime;
  }
  return { nested: { ...tree, children }, apart };
}

/** Each tree goes into the first lane that is free when it starts. */
function pack(trees: readonly Tree[]): readonly (readonly Tree[])[] {
  const lanes: Tree[][] = [];
  for (const tree of trees.toSorted((a, b) => a.span.startTime - b.span.startTime)) {
    const free = lanes.find((lane) => (lane.at(-1)?.span.endTime ?? 0) <= tree.span.startTime);
    if (free === undefined) lanes.push([tree]);
    else free.push(tree);
  }
  return lanes;
}
