import type { AgentSpan, SpanId } from '../model/span.ts';

/** A span and what happened below it, in order of start. */
export interface Tree {
  readonly span: AgentSpan;
  readonly children: readonly Tree[];
  /** True for a tool call or sub-agent that ran at the same time as a sibling of these kinds. */
  readonly parallel: boolean;
  /** Spans below it that a selection left out. */
  readonly hidden: number;
}

/**
 * Every span of a log as trees, in order of start. A span whose parent is not there is a root, and so is each session,
 * also one that hangs below the session it continues.
 */
export function growAll(spans: readonly AgentSpan[]): readonly Tree[] {
  const ids = new Set(spans.map((span) => span.spanId));
  const roots = spans.filter(
    ({ kind, parentSpanId }) => kind === 'session' || parentSpanId === undefined || !ids.has(parentSpanId),
  );
  const byParent = childIndex(spans);
  return inOrder(roots).map((root) => grow(root, (span) => byParent.get(span.spanId) ?? []));
}

/** The tree below `span`; `childrenOf` hands out the spans right below another, in any order. */
export function grow(
  span: AgentSpan,
  childrenOf: (span: AgentSpan) => readonly AgentSpan[],
  parallel = false,
): Tree {
  const children = inOrder(childrenOf(span));
  const overlapping = overlappingWork(children);
  return {
    span,
    children: children.map((child) => grow(child, childrenOf, overlapping.has(child))),
    parallel,
    hidden: 0,
  };
}

/** The spans right below each span, by its id; sessions are below nothing. */
function childIndex(spans: readonly AgentSpan[]): ReadonlyMap<SpanId, readonly AgentSpan[]> {
  const index = new Map<SpanId, AgentSpan[]>();
  for (const span of spans) {
    if (span.kind === 'session' || span.parentSpanId === undefined) continue;
    const siblings = index.get(span.parentSpanId);
    if (siblings === undefined) index.set(span.parentSpanId, [span]);
    else siblings.push(span);
  }
  return index;
}

/** All spans of a tree, parents first. */
export function* walk(tree: Tree): Generator<AgentSpan> {
  yield tree.span;
  for (const child of tree.children) yield* walk(child);
}

/** By start, the longer first, and by id: the same spans give the same rows. */
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
