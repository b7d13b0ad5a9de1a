/**
 * Text of a log in Markdown. It stands only where nothing in it is markup: in code spans, in fenced blocks, and, as
 * entities, inside HTML's `code`. There, neither a link nor a mention nor an image comes of it.
 */
import { markdownTable } from 'markdown-table';
import { widthOf } from './columns.ts';
import type { Column } from './table.ts';
import type { Visible } from './visible.ts';

/** Figures right, names left. */
export function renderMarkdownTable<R>(columns: readonly Column<R>[], rows: readonly R[]): string {
  const body = rows.map((row) =>
    columns.map(({ cell }, index) => (index === 0 ? code(cell(row).text) : cell(row).text)),
  );
  return markdownTable([columns.map(({ title }) => title.trim()), ...body], {
    align: columns.map((_, index) => (index === 0 ? 'l' : 'r')),
    stringLength: widthOf,
  });
}

/**
 * A code span, also in a cell of a table. A vertical bar would end the cell even here (and escaping it fails after a
 * backslash), so it is drawn as the box-drawing one.
 */
export function code(text: Visible): string {
  const inside = text.trim().replaceAll('|', '│');
  if (inside === '') return '';
  const fence = fenceFor(inside, 1);
  const space = inside.startsWith('`') || inside.endsWith('`') ? ' ' : '';
  return `${fence}${space}${inside}${space}${fence}`;
}

/** A fenced block of plain text. */
export function codeBlock(lines: readonly string[]): string {
  const fence = fenceFor(lines.join('\n'), 3);
  return [`${fence}text`, ...lines, fence].join('\n');
}

/** For a heading of HTML, where Markdown is not read. */
export function htmlCode(text: Visible): string {
  return `<code>${text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)}</code>`;
}

/** More backticks than stand together anywhere in `text`. */
function fenceFor(text: string, atLeast: number): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  return '`'.repeat(Math.max(atLeast, longest + 1));
}
