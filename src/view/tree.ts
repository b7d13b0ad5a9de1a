import { addToWork, addWork, countedOf, createWork, type Placed, type Work } from '../model/figures.ts';
import { append } from '../model/lists.ts';
import type { AgentSpan, SessionSpan, SpanId, TurnSpan } from '../model/span.ts';

/** A span and its children, in order of start. */
export interface Tree {
  readonly span: AgentSpan;
  readonly children: readonly Tree[];
  /** True for a tool call or sub-agent that ran at the same time as a sibling of these kinds. */
  readonly parallel: boolean;
  /** Number of spans below it that a selection left out. */
  readonly hidden: number;
  /** Figures of the span and everything below it, whatever a selection leaves out. */
  readonly work: Work;
}

/**
 * All spans of a log as trees, in order of start. The roots are the sessions (also one that continues another) and
 * the spans whose parent is not in the log.
 */
export function growAll(spans: readonly AgentSpan[]): readonly Tree[] {
  const ids = new Set(spans.map((span) => span.spanId));
  const roots = spans.filter(
    ({ kind, parentSpanId }) => kind === 'session' || parentSpanId === undefined || !ids.has(parentSpanId),
  );
  const byParent = childIndex(spans);
  return inOrder(roots).map((root) => grow(root, (span) => byParent.get(span.spanId) ?? []));
}

/** The tree below `span`. `childrenOf` returns the direct children of a span, in any order. */
export function grow(
  span: AgentSpan,
  childrenOf: (span: AgentSpan) => readonly AgentSpan[],
  parallel = false,
): Tree {
  const children = inOrder(childrenOf(span));
  const overlapping = overlappingWork(children);
  const trees = children.map((child) => grow(child, childrenOf, overlapping.has(child)));
  return treeOf(span, trees, parallel);
}

export function treeOf(span: AgentSpan, children: readonly Tree[], parallel = false): Tree {
  const own = createWork();
  addToWork(own, countedOf(span));
  return {
    span,
    children,
    parallel,
    hidden: 0,
    work: children.reduce((sum, { work }) => addWork(sum, work), own),
  };
}

/** The direct children of each span, by its id. Sessions are never children. */
function childIndex(spans: readonly AgentSpan[]): ReadonlyMap<SpanId, readonly AgentSpan[]> {
  const index = new Map<SpanId, AgentSpan[]>();
  for (const span of spans) {
    if (span.kind !== 'session' && span.parentSpanId !== undefined) append(index, span.parentSpanId, span);
  }
  return index;
}

/** All spans of a tree, parents first. */
export function* walk(tree: Tree): Generator<AgentSpan> {
  yield tree.span;
  for (const child of tree.children) yield* walk(child);
}

/** Sorted by start, then the longer first, then by id, so that the order is always the same. */
export function inOrder<T extends AgentSpan>(spans: readonly T[]): readonly T[] {
  return spans.toSorted(
    (a, b) => a.startTime - b.startTime || b.endTime - a.endTime || (a.spanId < b.spanId ? -1 : 1),
  );
}

function overlappingWork(siblings: readonly AgentSpan[]): ReadonlySet<AgentSpan> {
  const overlapping = new Set<AgentSpan>();
  let latest: AgentSpan | undefined;
  for (const span of siblings) {
    if (span.kind !== 'tool_call' && span.kind !== 'subagent') continue;
    if (latest !== undefined && span.startTime < latest.endTime) overlapping.add(latest).add(span);
    if (latest === undefined || span.endTime > latest.endTime) latest = span;
  }
  return overlapping;
}

/** A session as a view shows it: its span and the trees below it. */
export interface SessionBlock {
  readonly sessionId: string;
  /** `undefined` when its span is missing (filtered out, or not yet finished). */
  readonly session: SessionSpan | undefined;
  /** Turns and other direct children of the session, and spans without a parent, in order of start. */
  readonly trees: readonly Tree[];
  /** Figures of the whole session. */
  readonly work: Work;
}

/** All spans of a log by session, in order of start. A sub-agent's turns are part of the tree of its parent. */
export function blocksOf(spans: readonly AgentSpan[]): readonly SessionBlock[] {
  const blocks = new Map<string, { session: SessionSpan | undefined; trees: Tree[]; work: Work }>();
  for (const root of growAll(spans)) {
    const block = blocks.get(root.span.sessionId) ?? { session: undefined, trees: [], work: createWork() };
    block.work = addWork(block.work, root.work);
    if (root.span.kind === 'session') {
      block.session = root.span;
      block.trees.push(...root.children);
    } else {
      block.trees.push(root);
    }
    blocks.set(root.span.sessionId, block);
  }
  return [...blocks].map(([sessionId, { session, trees, work }]) => ({
    sessionId,
    session,
    work,
    trees: trees.toSorted((a, b) => a.span.startTime - b.span.startTime),
  }));
}

/** True for a turn of the user: neither a sub-agent's nor a background review. */
export function isOfUser(span: AgentSpan): span is TurnSpan {
  return span.kind === 'turn' && !span.background && !span.inSubagent;
}

/** The first message of the user. `undefined` without content. */
export function titleOf({ trees }: SessionBlock): string | undefined {
  const turns = trees.map(({ span }) => span).filter(isOfUser);
  return turns.find(({ userMessage }) => userMessage !== undefined)?.userMessage;
}

/** The session with its trees below it; without its span, the trees. */
export function rootsOf({ session, trees }: SessionBlock): readonly Tree[] {
  return session === undefined ? trees : [treeOf(session, trees)];
}

/** All spans of a block, parents first. */
export function spansOf(block: SessionBlock): readonly AgentSpan[] {
  return rootsOf(block).flatMap((root) => [...walk(root)]);
}

/** All spans of the trees in the form that `figuresOf` takes, in the order of `walk`. */
export function placedSpans(trees: readonly Tree[]): readonly Placed[] {
  const placed: Placed[] = [];
  const place = ({ span, children }: Tree, parent: number): void => {
    const index = placed.push(placedOf(span, parent)) - 1;
    for (const child of children) place(child, index);
  };
  for (const tree of trees) place(tree, -1);
  return placed;
}

function placedOf(span: AgentSpan, parent: number): Placed {
  const { sessionId, startTime, endTime } = span;
  return {
    ...countedOf(span),
    sessionId,
    startTime,
    endTime,
    parent,
    previousSessionId: span.kind === 'session' ? span.previousSessionId : undefined,
    background: 'background' in span && span.background,
    inSubagent: span.kind === 'turn' && span.inSubagent,
  };
}
