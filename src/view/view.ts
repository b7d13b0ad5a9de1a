/** `view`: all spans of a log → trees with a waterfall and tables, as text, JSON or Markdown. */
import { type AgentSpan, isError } from '../model/span.ts';
import { duration, plural } from '../model/units.ts';
import { shown, visible, visibleJson } from '../model/visible.ts';
import { hasContent, NO_CONTENT, renderConversation } from './conversation.ts';
import { labelOf } from './label.ts';
import { codeBlock, htmlCode } from './markdown.ts';
import { line, type Page, piece, wrap } from './page.ts';
import { FULL_TEXT, presentable } from './presentable.ts';
import { type Selection, select } from './selection.ts';
import { type LogTotals, totalsJson, totalsOf } from './totals.ts';
import { renderHeadline, renderLogHeadline, renderLogMarkdown, renderTotals } from './totals-tables.ts';
import { blocksOf, type SessionBlock, type Tree } from './tree.ts';
import { renderBlock } from './waterfall.ts';

export interface ViewOptions extends Page, Selection {
  readonly format: 'text' | 'json' | 'markdown';
  /** True: what was said and done instead of waterfalls. */
  readonly conversation?: boolean;
}

/** The text ends with a line feed. The totals cover the whole log, whatever is selected. */
export function renderView(spans: readonly AgentSpan[], options: ViewOptions): string {
  const safe = presentable(spans, options.conversation ? FULL_TEXT : undefined);
  const totals = totalsOf(safe);
  const blocks = select(blocksOf(safe), { ...options, wholeTurns: options.conversation ?? false }, totals);
  const render = options.conversation ? renderConversation : renderBlock;
  switch (options.format) {
    case 'json':
      return renderViewJson(blocks, totals);
    case 'markdown':
      return renderViewMarkdown(options, blocks, { totals, render });
    case 'text':
      return [
        ...(options.conversation && !hasContent(safe) ? wrap(options, [piece(NO_CONTENT, 'warning')]) : []),
        ...(blocks.length === 0
          ? [line(options, [piece(nothing(options), 'dim')]), '']
          : blocks.flatMap((block) => [...render(options, block), ''])),
        ...(options.conversation ? renderLogHeadline(options, totals) : renderTotals(options, totals)),
      ]
        .map((each) => `${each}\n`)
        .join('');
    default:
      return options.format satisfies never;
  }
}

type RenderBlock = (page: Page, block: SessionBlock) => readonly string[];

function nothing({ only, grep, tool }: ViewOptions) {
  if (grep !== undefined) return shown`nothing contains "${grep}"`;
  if (tool !== undefined) return shown`no calls of ${tool}`;
  if (only === 'errors') return shown`no errors`;
  return only === 'slow' ? shown`nothing that slow` : shown`no spans`;
}

/**
 * A log as one JSON document: `sessions`, each with its spans as trees, and `totals`. Spans have the fields of the
 * model (times and durations in microseconds) and `name`, `durationMicros`, `isError`, `parallel`.
 */
function renderViewJson(blocks: readonly SessionBlock[], totals: LogTotals): string {
  const sessions = blocks.map(({ sessionId, session, trees }) => ({
    sessionId,
    session,
    spans: trees.map(treeJson),
  }));
  return `${visibleJson({ sessions, totals: totalsJson(totals) })}\n`;
}

function treeJson({ span, children, parallel, hidden }: Tree): object {
  return {
    name: labelOf(span),
    isError: isError(span),
    durationMicros: span.endTime - span.startTime,
    ...(parallel ? { parallel } : {}),
    ...(hidden > 0 ? { hidden } : {}),
    ...span,
    children: children.map(treeJson),
  };
}

/** GitHub accepts 65,536 characters in a comment, GitLab more. */
const MAX_LENGTH = 60_000;

/**
 * A log for a comment on a pull request: a headline, the tables, and the waterfall of each session, folded. A note
 * counts the sessions that do not fit into a comment.
 */
function renderViewMarkdown(
  page: Page,
  blocks: readonly SessionBlock[],
  { totals, render }: { readonly totals: LogTotals; readonly render: RenderBlock },
): string {
  const { all, sessions, time } = totals.figures;
  const head = [`### Hermes: ${renderHeadline(all, sessions, time)}`, renderLogMarkdown(totals)];
  const sections: string[] = [];
  let room = MAX_LENGTH - head.join('\n\n').length;
  for (const block of blocks) {
    const section = renderSection(page, block, render);
    room -= section.length + 2;
    if (room < 0) break;
    sections.push(section);
  }
  const left = blocks.length - sections.length;
  const note = left === 0 ? [] : [`… ${plural(left, 'more session')}, left out to fit a comment`];
  return `${[...head, ...sections, ...note].join('\n\n')}\n`;
}

function renderSection(page: Page, block: SessionBlock, render: RenderBlock): string {
  const { session, sessionId } = block;
  const took = session === undefined ? '' : `, ${duration(session.endTime - session.startTime)}`;
  const summary = `Session ${htmlCode(visible(sessionId))}${took}`;
  return [
    `<details><summary>${summary}</summary>`,
    codeBlock(render({ ...page, colors: undefined }, block)),
    '</details>',
  ].join('\n\n');
}
