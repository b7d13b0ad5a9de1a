import { codeBlock, htmlCode } from './markdown.ts';
import type { Page } from './page.ts';
import type { SessionBlock } from './session-block.ts';
import type { Totals } from './totals.ts';
import { renderHeadline, renderTotalsMarkdown } from './totals-markdown.ts';
import { duration, plural } from './units.ts';
import { renderBlock } from './view-text.ts';
import { visible } from './visible.ts';

/** GitHub takes 65,536 characters in a comment; GitLab more. */
const MAX_LENGTH = 60_000;

/**
 * A log for a comment on a pull request: a headline, the tables, and each session's waterfall folded away. Sessions
 * that would make it too long for a comment are left out, and it says so.
 */
export function renderViewMarkdown(page: Page, blocks: readonly SessionBlock[], totals: Totals): string {
  const head = [`### Hermes: ${renderHeadline(totals)}`, renderTotalsMarkdown(totals)];
  const sections: string[] = [];
  let room = MAX_LENGTH - head.join('\n\n').length;
  for (const block of blocks) {
    const section = renderSection(page, block);
    room -= section.length + 2;
    if (room < 0) break;
    sections.push(section);
  }
  const left = blocks.length - sections.length;
  const note = left === 0 ? [] : [`… ${plural(left, 'more session')}, left out to fit a comment`];
  return `${[...head, ...sections, ...note].join('\n\n')}\n`;
}

function renderSection(page: Page, block: SessionBlock): string {
  const { session, sessionId } = block;
  const took = session === undefined ? '' : `, ${duration(session.endTime - session.startTime)}`;
  const summary = `Session ${htmlCode(visible(sessionId))}${took}`;
  return [
    `<details><summary>${summary}</summary>`,
    codeBlock(renderBlock({ ...page, colors: undefined }, block)),
    '</details>',
  ].join('\n\n');
}
