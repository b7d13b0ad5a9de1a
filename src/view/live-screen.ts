/**
 * `view --follow` at a terminal: the newest turns with what runs in them, and totals. It keeps the spans of the latest
 * turns, not the whole log. It renders frames and writes nothing.
 */
import { addToWork, addWork, countedOf, createWork, noteSession } from '../model/figures.ts';
import type { AgentSpan, SpanId } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { shown } from '../model/visible.ts';
import { line, type Page, piece } from './page.ts';
import { withShortTexts } from './presentable.ts';
import { createRecent, type Recent, remember } from './recent.ts';
import { renderRow, rowsOf, sessionHeader } from './rows.ts';
import { addOnce, createTotals, type Totals } from './totals.ts';
import { renderWork } from './totals-tables.ts';
import { blocksOf, type SessionBlock, type Tree, titleOf } from './tree.ts';

export interface LiveScreen {
  /** Finished spans of the latest turns. */
  readonly recent: Recent<AgentSpan>;
  readonly totals: Totals;
}

/** Finished spans that are kept. A screen shows fewer than a hundred. */
const MAX_RECENT = 3_000;
/** Without an event for so long nothing runs any more: what is open was left behind. Micros. */
const STALE_MICROS = 30 * 60_000_000;

export function createLiveScreen(): LiveScreen {
  return {
    recent: createRecent(MAX_RECENT),
    totals: createTotals({ perSession: false }),
  };
}

export function addFinished(screen: LiveScreen, spans: readonly AgentSpan[]): void {
  for (const span of spans.map(withShortTexts)) {
    addOnce(screen.totals, span);
    remember(screen.recent, span.spanId, span);
  }
}

export interface Moment {
  /** As if the log ended now: spans that are open, closed at the last thing known of them. */
  readonly open: readonly AgentSpan[];
  readonly now: EpochMicros;
  /** Lines of the screen. */
  readonly rows: number;
  /** Shown as long as there is no span. */
  readonly notice: string;
}

/** The lines of a frame, at most `rows`: totals, then turns, the newest first. Open spans last until now. */
export function renderFrame(page: Page, screen: LiveScreen, moment: Moment): readonly string[] {
  const finished = [...screen.recent.values.values()];
  const last = [...finished, ...moment.open].reduce((latest, span) => Math.max(latest, span.endTime), 0);
  if (last === 0) return [line(page, [piece(moment.notice, 'dim')])];
  const isRunning = moment.now - last < STALE_MICROS;
  const open = moment.open.map((span) => (isRunning ? running(span, moment.now) : span)).map(withShortTexts);
  const work = createWork();
  for (const span of open) {
    addToWork(work, countedOf(span));
    noteSession(screen.totals.sessionCount, span);
  }
  const head = [...renderWork(page, screen.totals.sessionCount.count, addWork(screen.totals.work, work)), ''];
  const runningIds = new Set(isRunning ? open.map(({ spanId }) => spanId) : []);
  return [...head, ...turnLines(page, [...finished, ...open], runningIds, moment.rows - head.length)].slice(
    0,
    moment.rows,
  );
}

function running(span: AgentSpan, now: EpochMicros): AgentSpan {
  const endTime = now > span.endTime ? now : span.endTime;
  return span.kind === 'turn'
    ? { ...span, incomplete: undefined, endTime, finalStatus: 'completed' }
    : { ...span, incomplete: undefined, endTime };
}

interface Shown {
  readonly block: SessionBlock;
  readonly tree: Tree;
}

function turnLines(
  page: Page,
  spans: readonly AgentSpan[],
  runningIds: ReadonlySet<SpanId>,
  room: number,
): readonly string[] {
  const turns = blocksOf(spans)
    .flatMap((block) => block.trees.map((tree): Shown => ({ block, tree })))
    .sort((a, b) => b.tree.span.startTime - a.tree.span.startTime);
  const lines: string[] = [];
  let session: SessionBlock | undefined;
  for (const { block, tree } of turns) {
    if (lines.length >= room) break;
    if (block !== session) {
      if (session !== undefined) lines.push('');
      lines.push(sessionHeader(page, block.sessionId, block.session ?? tree.span, titleOf(block)));
    }
    session = block;
    lines.push(...treeLines(page, tree, runningIds, Math.max(room - lines.length, LEAST_ROWS)));
  }
  return lines;
}

/** Of a turn that does not fit, its first line and as many of its last. */
const LEAST_ROWS = 2;

function treeLines(page: Page, tree: Tree, runningIds: ReadonlySet<SpanId>, room: number): readonly string[] {
  const rows = [...rowsOf(tree, shown``, false)].map((row) =>
    renderRow(page, row, runningIds.has(row.tree.span.spanId) ? shown`running` : undefined),
  );
  const [first = ''] = rows;
  if (rows.length <= room) return rows;
  const kept = rows.slice(1).slice(-(room - 2));
  const left = rows.length - 1 - kept.length;
  return [first, line(page, [piece(shown`│  … ${left} earlier`, 'dim')]), ...(room > 2 ? kept : [])];
}
