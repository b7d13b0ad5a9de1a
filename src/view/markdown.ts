/**
 * Markdown around text from a log. Such text appears only where Markdown reads no markup: in code spans, in fenced
 * blocks, and as entities inside HTML's `code`. So it cannot become a link, a mention or an image.
 */
import { markdownTable } from 'markdown-table';
import { codeSpan, fenceFor } from '../model/safe-text.ts';
import type { Visible } from '../model/visible.ts';
import { widthOf } from './columns.ts';
import type { Column } from './table.ts';

/** Names are aligned left, figures right. */
export function renderMarkdownTable<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const body = rows.map((row) =>
    columns.map(({ cell, fromLog }, index) =>
      index === 0 || fromLog ? code(cell(row).text) : cell(row).text,
    ),
  );
  return markdownTable([columns.map(({ title }) => title.trim()), ...body], {
    align: columns.map(({ fromLog }, index) => (index === 0 || fromLog ? 'l' : 'r')),
    stringLength: widthOf,
  });
}

/**
 * A code span that is also valid in a table cell. A vertical bar would end the cell (and escaping it fails after a
 * backslash), so it is replaced by the box-drawing one.
 */
export function code(text: Visible): string {
  return codeSpan(text.replaceAll('|', '│'));
}

/** A fenced block of plain text. */
export function codeBlock(lines: readonly string[]): string {
  const fence = fenceFor(lines.join('\n'), 3);
  return [`${fence}text`, ...lines, fence].join('\n');
}

/** For an HTML heading, where Markdown is not parsed. */
export function htmlCode(text: Visible): string {
  return `<code>${text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`;
}
