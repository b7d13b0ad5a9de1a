/**
 * Trees that are rendered while a log is read: each turn when it finishes, together with the spans below it. Spans may
 * arrive in any order; one that arrives after its parent is rendered with a note. Finished lines collect in `lines`
 * until the sink takes them. Nothing is written here.
 */
import { addWork, createWork, type Work } from '../model/figures.ts';
import type { AgentSpan, SessionSpan, SpanId } from '../model/span.ts';
import { shown, type Visible } from '../model/visible.ts';
import { labelOf } from './label.ts';
import type { Page } from './page.ts';
import { createRecent, remember } from './recent.ts';
import { renderRow, rowsOf, sessionFooter, sessionHeader, sessionReminder } from './rows.ts';
import { grow, inOrder, type Tree, treeOf } from './tree.ts';

export type LiveTree = ReturnType<typeof createLiveTree>;

export interface Limits {
  /** Spans held for an unfinished turn. A turn of 100,000 spans is beyond Hermes's own limits. */
  readonly waiting: number;
  /** Rendered spans that are remembered, for late children and for spans that are sent again. */
  readonly shown: number;
}

const LIMITS: Limits = { waiting: 100_000, shown: 20_000 };

interface Shown {
  /** The session under whose header it was rendered. */
  readonly sessionId: string;
  /** `turn 1 › tool delegate_task`; `undefined` for a session. */
  readonly path: Visible | undefined;
}

export function createLiveTree(page: Page, limits: Limits = LIMITS) {
  const waiting: WaitingSpans = { spans: new Map(), byParent: new Map() };
  /** The session of the last line, and finished lines that the sink has not written yet. */
  const output: { current: string | undefined; lines: string[] } = { current: undefined, lines: [] };
  return {
    page,
    limits,
    /** Spans whose parent has not arrived. */
    waiting,
    /** By span id. */
    shown: createRecent<Shown>(limits.shown),
    /** Figures of each session so far, by its id. */
    work: createRecent<Work>(limits.shown),
    /** Ids of sessions whose header was rendered. */
    introduced: createRecent<true>(limits.shown),
    ...output,
  };
}

/** The state that the next run needs to continue the tree. Plain data. */
export interface TreeMemory {
  readonly waiting: readonly AgentSpan[];
  /** The most recent ones, for late children. */
  readonly shown: readonly (readonly [spanId: string, where: Shown])[];
  readonly work: readonly (readonly [sessionId: string, work: Work])[];
}

/** A limit on the size of a checkpoint. */
const REMEMBERED = 500;

export function memoryOf({ waiting, shown: { values }, work }: LiveTree): TreeMemory {
  return {
    waiting: [...waiting.spans.values()],
    shown: [...values].slice(-REMEMBERED),
    work: [...work.values].slice(-REMEMBERED),
  };
}

export function recall(live: LiveTree, memory: TreeMemory): void {
  for (const [spanId, where] of memory.shown) remember(live.shown, spanId, where);
  for (const [sessionId, work] of memory.work) remember(live.work, sessionId, work);
  for (const span of memory.waiting) hold(live.waiting, span);
}

/** Renders what a batch completes and holds the rest. The order within the batch does not matter. */
export function showBatch(live: LiveTree, spans: readonly AgentSpan[]): void {
  for (const span of spans) if (span.kind !== 'session') hold(live.waiting, span);
  for (const span of spans) {
    if (span.kind === 'session') showSession(live, span);
    else if (isTop(span)) showTop(live, span);
    else showLate(live, span);
  }
  while (live.waiting.spans.size > live.limits.waiting) {
    showOldest(live, shown`its turn is still open`);
  }
}

/** Renders the spans that are still held. */
export function showRest(live: LiveTree): void {
  while (live.waiting.spans.size > 0) showOldest(live, shown`orphan: its parent is not in the log`);
}

/** True for a turn directly below its session, and for a span without a parent. A sub-agent's turn waits for the sub-agent. */
function isTop(span: AgentSpan): boolean {
  return span.parentSpanId === undefined || (span.kind === 'turn' && span.inSubagent !== true);
}

function showTop(live: LiveTree, span: AgentSpan): void {
  if (take(live.waiting, span.spanId) === undefined) return;
  const parent = span.parentSpanId === undefined ? undefined : live.shown.values.get(span.parentSpanId);
  if (parent?.path !== undefined) {
    showBelow(live, span, parent);
    return;
  }
  if (span.parentSpanId !== undefined) {
    remember(live.shown, span.parentSpanId, { sessionId: span.sessionId, path: undefined });
  }
  const again = live.shown.values.has(span.spanId) ? shown`again, from here on whole` : undefined;
  showTree(live, span, { sessionId: span.sessionId, path: undefined }, again);
}

/** Renders a span whose parent was rendered before. */
function showLate(live: LiveTree, span: AgentSpan): void {
  const parent = span.parentSpanId === undefined ? undefined : live.shown.values.get(span.parentSpanId);
  if (parent === undefined || take(live.waiting, span.spanId) === undefined) return;
  showBelow(live, span, parent);
}

function showBelow(live: LiveTree, span: AgentSpan, parent: Shown): void {
  showTree(live, span, parent, parent.path === undefined ? undefined : shown`late, below ${parent.path}`);
}

function showSession(live: LiveTree, span: SessionSpan): void {
  introduce(live, span.sessionId, span);
  remember(live.shown, span.spanId, { sessionId: span.sessionId, path: undefined });
  for (const child of inOrder(takeChildren(live.waiting, span.spanId))) {
    showTree(live, child, { sessionId: span.sessionId, path: undefined }, undefined);
  }
  const own = treeOf(span, []).work;
  const below = live.work.values.get(span.sessionId) ?? createWork();
  live.lines.push(sessionFooter(live.page, span, addWork(own, below)));
}

function showOldest(live: LiveTree, note: Visible): void {
  const span = oldestTop(live.waiting);
  if (span === undefined) return;
  take(live.waiting, span.spanId);
  showTree(live, span, { sessionId: span.sessionId, path: undefined }, note);
}

/** Renders `span` with all held spans below it. */
function showTree(live: LiveTree, span: AgentSpan, parent: Shown, note: Visible | undefined): void {
  const tree = grow(span, ({ spanId }) => takeChildren(live.waiting, spanId));
  introduce(live, parent.sessionId, span);
  countTree(live, tree, parent.sessionId);
  rememberTree(live, tree, parent);
  for (const row of rowsOf(tree, shown``, false)) {
    live.lines.push(renderRow(live.page, row, row.tree === tree ? note : undefined));
  }
}

/** A turn that is sent again was counted before, but not what is new below it. */
function countTree(live: LiveTree, { span, children, work }: Tree, sessionId: string): void {
  const before = live.work.values.get(sessionId) ?? createWork();
  const added = live.shown.values.has(span.spanId) ? children.map((child) => child.work) : [work];
  remember(live.work, sessionId, added.reduce(addWork, before));
}

function rememberTree(live: LiveTree, { span, children }: Tree, parent: Shown): void {
  const label = labelOf(span);
  const path = parent.path === undefined ? label : shown`${parent.path} › ${label}`;
  const here = { sessionId: parent.sessionId, path };
  remember(live.shown, span.spanId, here);
  for (const child of children) rememberTree(live, child, here);
}

/** Renders the header of a new session, or a reminder when another session came in between. */
function introduce(live: LiveTree, sessionId: string, first: AgentSpan): void {
  if (live.current === sessionId) return;
  if (live.current !== undefined) live.lines.push('');
  const known = live.introduced.values.has(sessionId);
  live.lines.push(known ? sessionReminder(live.page, sessionId) : sessionHeader(live.page, sessionId, first));
  remember(live.introduced, sessionId, true);
  live.current = sessionId;
}

/** Spans that arrived before their parent, oldest first. This is the normal case: a turn ends after its calls. */
interface WaitingSpans {
  readonly spans: Map<SpanId, AgentSpan>;
  readonly byParent: Map<SpanId, Set<SpanId>>;
}

function hold(waiting: WaitingSpans, span: AgentSpan): void {
  waiting.spans.set(span.spanId, span);
  if (span.parentSpanId === undefined) return;
  const siblings = waiting.byParent.get(span.parentSpanId);
  if (siblings === undefined) waiting.byParent.set(span.parentSpanId, new Set([span.spanId]));
  else siblings.add(span.spanId);
}

/** Removes the spans directly below `parent` and returns them. */
function takeChildren(waiting: WaitingSpans, parent: SpanId): readonly AgentSpan[] {
  const ids = [...(waiting.byParent.get(parent) ?? [])];
  return ids.flatMap((id) => take(waiting, id) ?? []);
}

/** Removes one span and returns it; `undefined` when it is not held. */
function take(waiting: WaitingSpans, id: SpanId): AgentSpan | undefined {
  const span = waiting.spans.get(id);
  if (span === undefined) return undefined;
  waiting.spans.delete(id);
  if (span.parentSpanId === undefined) return span;
  const siblings = waiting.byParent.get(span.parentSpanId);
  siblings?.delete(id);
  if (siblings?.size === 0) waiting.byParent.delete(span.parentSpanId);
  return span;
}

/** The topmost held ancestor of the oldest held span. */
function oldestTop(waiting: WaitingSpans): AgentSpan | undefined {
  let top = waiting.spans.values().next().value;
  while (top?.parentSpanId !== undefined) {
    const parent = waiting.spans.get(top.parentSpanId);
    if (parent === undefined) return top;
    top = parent;
  }
  return top;
}
