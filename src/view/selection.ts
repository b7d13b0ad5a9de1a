import { type AgentSpan, type AgentSpanKind, isError } from '../model/span.ts';
import { quantiles } from './sample.ts';
import type { SessionBlock } from './session-block.ts';
import type { Totals } from './totals.ts';
import type { Tree } from './tree.ts';

/** What of a log is shown. */
export interface Selection {
  /** Levels below the session: 1 shows turns, 2 their calls and tools. `undefined`: all. */
  readonly depth: number | undefined;
  /** Only these, and what they hang below. `undefined`: all. */
  readonly only: 'errors' | 'slow' | undefined;
  /**
   * From this duration on a span is slow, in microseconds. `undefined`: from the P95 of all spans of its kind whose end
   * is in the log, so that the longest of each kind is always among them.
   */
  readonly slowMicros: number | undefined;
}

type Wanted = (span: AgentSpan) => boolean;

/** The blocks with what was selected; with `only`, a block that has none of it is left out. */
export function select(
  blocks: readonly SessionBlock[],
  selection: Selection,
  totals: Totals,
): readonly SessionBlock[] {
  const wanted = wantedBy(selection, totals);
  const depth = selection.depth ?? Number.POSITIVE_INFINITY;
  return blocks.flatMap((block) => {
    const trees = wanted === undefined ? block.trees : block.trees.flatMap((tree) => prune(tree, wanted));
    if (wanted !== undefined && trees.length === 0) return [];
    return [{ ...block, trees: depth < 1 ? [] : trees.map((tree) => cutBelow(tree, depth - 1)) }];
  });
}

function wantedBy({ only, slowMicros }: Selection, totals: Totals): Wanted | undefined {
  if (only === undefined) return undefined;
  if (only === 'errors') return isError;
  const limits = new Map<AgentSpanKind, number>();
  return ({ kind, startTime, endTime }) => {
    const limit = limits.get(kind) ?? slowMicros ?? percentile95(totals, kind);
    limits.set(kind, limit);
    return endTime - startTime >= limit;
  };
}

/** Infinite where no span of the kind has an end in the log: then none is known to be slow. */
function percentile95(totals: Totals, kind: AgentSpanKind): number {
  return quantiles(totals.kinds[kind].durations, [0.95])[0] ?? Number.POSITIVE_INFINITY;
}

/** `tree` with only the branches that end in a wanted span; nothing when there is none. */
function prune(tree: Tree, wanted: Wanted): readonly Tree[] {
  const children = tree.children.flatMap((child) => prune(child, wanted));
  if (children.length === 0 && !wanted(tree.span)) return [];
  return [withChildren(tree, children)];
}

function cutBelow(tree: Tree, levels: number): Tree {
  const children = levels < 1 ? [] : tree.children.map((child) => cutBelow(child, levels - 1));
  return withChildren(tree, children);
}

/** Spans that go are counted on the nearest one that stays; those below a child that stays are on that child. */
function withChildren(tree: Tree, children: readonly Tree[]): Tree {
  const kept = new Set(children.map(({ span }) => span));
  const gone = tree.children.filter(({ span }) => !kept.has(span));
  return { ...tree, children, hidden: tree.hidden + gone.reduce((sum, child) => sum + size(child), 0) };
}

/** Spans in `tree`, those already left out included. */
function size({ children, hidden }: Tree): number {
  return 1 + hidden + children.reduce((sum, child) => sum + size(child), 0);
}
