/** `view`: all spans of a log → one text. Trees with a waterfall and tables, for a terminal, a script or a comment. */
import type { AgentSpan } from '../model/span.ts';
import { line, type Page } from './page.ts';
import { piece } from './paint.ts';
import { type Selection, select } from './selection.ts';
import { blocksOf, type SessionBlock } from './session-block.ts';
import { totalsOf } from './totals.ts';
import { renderTotals } from './totals-text.ts';
import { renderViewJson } from './view-json.ts';
import { renderViewMarkdown } from './view-markdown.ts';
import { renderBlock } from './view-text.ts';
import { shown } from './visible.ts';
import { presentable } from './without-secrets.ts';

export interface ViewOptions extends Page, Selection {
  readonly format: 'text' | 'json' | 'markdown';
}

/** The text ends with a line feed. Totals are those of the whole log, whatever is selected. */
export function renderView(spans: readonly AgentSpan[], options: ViewOptions): string {
  const safe = presentable(spans);
  const totals = totalsOf(safe);
  const blocks = select(blocksOf(safe), options, totals);
  switch (options.format) {
    case 'json':
      return renderViewJson(blocks, totals);
    case 'markdown':
      return renderViewMarkdown(options, blocks, totals);
    case 'text':
      return [...renderBlocks(options, blocks), ...renderTotals(options, totals)]
        .map((each) => `${each}\n`)
        .join('');
    default:
      return options.format satisfies never;
  }
}

function renderBlocks(options: ViewOptions, blocks: readonly SessionBlock[]): readonly string[] {
  if (blocks.length === 0) return [line(options, [piece(nothing(options), 'dim')]), ''];
  return blocks.flatMap((block) => [...renderBlock(options, block), '']);
}

function nothing({ only }: ViewOptions) {
  if (only === 'errors') return shown`no errors`;
  return only === 'slow' ? shown`nothing that slow` : shown`no spans`;
}
