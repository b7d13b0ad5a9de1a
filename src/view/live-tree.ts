/**
 * Trees that grow while a log is read: each turn is shown when it finishes, with all that came before it. Spans may
 * come in any order; what comes after the span it hangs below is shown with a note. Lines gather in `lines` until the
 * sink takes them; nothing is written here.
 */
import type { AgentSpan, SessionSpan } from '../model/span.ts';
import { labelOf } from './label.ts';
import type { Page } from './page.ts';
import { createRecent, type Recent, remember } from './recent.ts';
import { sessionFooter, sessionHeader, sessionReminder } from './session-rows.ts';
import { grow, inOrder, type Tree } from './tree.ts';
import { renderRow, rowsOf } from './tree-rows.ts';
import { shown, type Visible } from './visible.ts';
import { createWaiting, hold, oldestTop, take, takeChildren, type WaitingSpans } from './waiting-spans.ts';

export interface LiveTree {
  readonly page: Page;
  /** Spans whose parent has not come. */
  readonly waiting: WaitingSpans;
  readonly limits: Limits;
  /** By span id. */
  readonly shown: Recent<Shown>;
  /** Sessions whose header was shown. */
  readonly introduced: Recent<true>;
  /** The session shown last: the next line hangs below it. */
  current: string | undefined;
  /** Finished lines, to be taken away. */
  lines: string[];
}

export interface Limits {
  /** Spans held for a turn that does not come; a turn of 100,000 spans is beyond Hermes's own limits. */
  readonly waiting: number;
  /** Spans shown lately that a late child, or the same span sent again, still finds. */
  readonly shown: number;
}

const LIMITS: Limits = { waiting: 100_000, shown: 20_000 };

interface Shown {
  /** The session below whose header it stands. */
  readonly sessionId: string;
  /** `turn 1 › tool delegate_task`; `undefined` for a session. */
  readonly path: Visible | undefined;
}

export function createLiveTree(page: Page, limits = LIMITS): LiveTree {
  return {
    page,
    limits,
    waiting: createWaiting(),
    shown: createRecent(limits.shown),
    introduced: createRecent(limits.shown),
    current: undefined,
    lines: [],
  };
}

/** What a tree must know to go on in another run. Plain data. */
export interface TreeMemory {
  readonly waiting: readonly AgentSpan[];
  /** The last ones: late children find what they hang below. */
  readonly shown: readonly (readonly [spanId: string, where: Shown])[];
}

/** More late children than these are not worth a larger checkpoint. */
const REMEMBERED = 500;

export function memoryOf({ waiting, shown: { values } }: LiveTree): TreeMemory {
  return { waiting: [...waiting.spans.values()], shown: [...values].slice(-REMEMBERED) };
}

export function recall(live: LiveTree, memory: TreeMemory): void {
  for (const [spanId, where] of memory.shown) remember(live.shown, spanId, where);
  for (const span of memory.waiting) hold(live.waiting, span);
}

/** Shows what a batch completes and holds the rest. The order within the batch does not matter. */
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

/** Shows what still waits. */
export function showRest(live: LiveTree): void {
  while (live.waiting.spans.size > 0) showOldest(live, shown`orphan: its parent is not in the log`);
}

/** A turn right below its session, or anything that hangs below nothing. A sub-agent's turn waits for the sub-agent. */
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

/** What hangs below a span that was shown before. */
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
  live.lines.push(sessionFooter(live.page, span));
}

function showOldest(live: LiveTree, note: Visible): void {
  const span = oldestTop(live.waiting);
  if (span === undefined) return;
  take(live.waiting, span.spanId);
  showTree(live, span, { sessionId: span.sessionId, path: undefined }, note);
}

/** The tree below `span`, with everything that waited for it. */
function showTree(live: LiveTree, span: AgentSpan, parent: Shown, note: Visible | undefined): void {
  const tree = grow(span, ({ spanId }) => takeChildren(live.waiting, spanId));
  introduce(live, parent.sessionId, span);
  rememberTree(live, tree, parent);
  for (const row of rowsOf(tree, shown``, false)) {
    live.lines.push(renderRow(live.page, row, row.tree === tree ? note : undefined));
  }
}

function rememberTree(live: LiveTree, { span, children }: Tree, parent: Shown): void {
  const label = labelOf(span);
  const path = parent.path === undefined ? label : shown`${parent.path} › ${label}`;
  const here = { sessionId: parent.sessionId, path };
  remember(live.shown, span.spanId, here);
  for (const child of children) rememberTree(live, child, here);
}

/** The session's header when it is new, a reminder when another session was shown in between. */
function introduce(live: LiveTree, sessionId: string, first: AgentSpan): void {
  if (live.current === sessionId) return;
  if (live.current !== undefined) live.lines.push('');
  const known = live.introduced.values.has(sessionId);
  live.lines.push(known ? sessionReminder(live.page, sessionId) : sessionHeader(live.page, sessionId, first));
  remember(live.introduced, sessionId, true);
  live.current = sessionId;
}
