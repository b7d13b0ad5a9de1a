import { type AgentSpan, type AgentSpanKind, isError } from '../model/span.ts';
import { quantiles } from './series.ts';
import type { Totals } from './totals.ts';
import type { SessionBlock, Tree } from './tree.ts';

/** The part of a log that is shown. */
export interface Selection {
  /** Levels below the session: 1 shows turns, 2 their calls and tools. `undefined`: all. */
  readonly depth: number | undefined;
  /** Only these spans and their ancestors. `undefined`: all. */
  readonly only: 'errors' | 'slow' | undefined;
  /**
   * The duration from which a span is slow, in microseconds. `undefined`: the P95 of all spans of its kind whose end is
   * in the log, so the longest span of each kind is always slow.
   */
  readonly slowMicros: number | undefined;
}

type Wanted = (span: AgentSpan) => boolean;

/** The selected part of the blocks. With `only`, blocks without any such span are left out. */
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

/** Infinite when no span of the kind has its end in the log. */
function percentile95(totals: Totals, kind: AgentSpanKind): number {
  return quantiles(totals.kinds[kind].durations, [0.95])[0] ?? Number.POSITIVE_INFINITY;
}

/** `tree` with only the branches that end in a wanted span; empty when there is none. */
function prune(tree: Tree, wanted: Wanted): readonly Tree[] {
  const children = tree.children.flatMap((child) => prune(child, wanted));
  if (children.length === 0 && !wanted(tree.span)) return [];
  return [withChildren(tree, children)];
}

function cutBelow(tree: Tree, levels: number): Tree {
  const children = levels < 1 ? [] : tree.children.map((child) => cutBelow(child, levels - 1));
  return withChildren(tree, children);
}

/** Removed spans are counted in `hidden` of their nearest ancestor that stays. */
function withChildren(tree: Tree, children: readonly Tree[]): Tree {
  const kept = new Set(children.map(({ span }) => span));
  const gone = tree.children.filter(({ span }) => !kept.has(span));
  return { ...tree, children, hidden: tree.hidden + gone.reduce((sum, child) => sum + size(child), 0) };
}

/** The number of spans in `tree`, including the hidden ones. */
function size({ children, hidden }: Tree): number {
  return 1 + hidden + children.reduce((sum, child) => sum + size(child), 0);
}
