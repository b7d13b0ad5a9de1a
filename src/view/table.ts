import { type Visible, visible } from '../model/visible.ts';
import { pad, widthOf } from './columns.ts';
import { line, type Page, type Piece, piece } from './page.ts';

/** A column of a table with rows `R`. The first column holds the names. */
export interface Column<R> {
  readonly title: Visible;
  readonly cell: (row: R) => Piece;
  /** Columns with the highest number are dropped first on a narrow page; 0 is never dropped. */
  readonly dispensable: number;
  /** True for text from a log: it is aligned left, and Markdown must not read it as markup. The first column always is. */
  readonly fromLog?: true;
}

export function column<R>(title: string, dispensable: number, cell: (row: R) => Piece): Column<R> {
  return { title: visible(title), dispensable, cell };
}

const GAP = '  ';
/** Names are cut to this width before columns are dropped, and further only after that. */
const SHORT_NAME_WIDTH = 24;
const MAX_NAME_WIDTH = 48;

/** A heading and a line for each row. */
export function renderTable<R>(
  page: Page,
  columns: readonly Column<R>[],
  rows: readonly R[],
): readonly string[] {
  const laidOut = columns.map((column, index) => layOut(column, rows, index));
  const kept = dropUntilFits(laidOut, page.columns);
  const nameWidth = page.columns - totalWidth(kept.slice(1)) - 2 * (kept.length - 1);
  const fitted = kept.map((column, index) =>
    index === 0 ? { ...column, width: Math.max(1, Math.min(column.width, nameWidth)) } : column,
  );
  const heading = fitted.map(({ title }) => piece(title, 'dim'));
  return [heading, ...rows.map((_, row) => fitted.map(({ cells }) => cells[row] ?? piece('')))].map((cells) =>
    line(
      page,
      cells.flatMap((cell, index) => inColumn(cell, fitted[index], index)),
    ),
  );
}

interface LaidOut {
  readonly title: Visible;
  readonly side: 'left' | 'right';
  readonly dispensable: number;
  readonly cells: readonly Piece[];
  readonly width: number;
}

function layOut<R>(
  { title, cell, dispensable, fromLog }: Column<R>,
  rows: readonly R[],
  index: number,
): LaidOut {
  const cells = rows.map(cell);
  const natural = cells.reduce((width, { text }) => Math.max(width, widthOf(text)), widthOf(title));
  const side = index === 0 || fromLog ? 'left' : 'right';
  return {
    title,
    side,
    dispensable,
    cells,
    width: index === 0 ? Math.min(natural, MAX_NAME_WIDTH) : natural,
  };
}

function dropUntilFits(columns: readonly LaidOut[], width: number): readonly LaidOut[] {
  const names = Math.min(columns[0]?.width ?? 0, SHORT_NAME_WIDTH);
  const needed = names + totalWidth(columns.slice(1)) + 2 * (columns.length - 1);
  const worst = Math.max(...columns.map(({ dispensable }) => dispensable));
  if (needed <= width || worst === 0) return columns;
  const last = columns.findLastIndex(({ dispensable }) => dispensable === worst);
  return dropUntilFits(columns.toSpliced(last, 1), width);
}

function totalWidth(columns: readonly LaidOut[]): number {
  return columns.reduce((sum, { width }) => sum + width, 0);
}

function inColumn(cell: Piece, column: LaidOut | undefined, index: number): readonly Piece[] {
  const padded = piece(pad(cell.text, column?.width ?? 0, column?.side), cell.tone);
  return index === 0 ? [padded] : [piece(GAP), padded];
}
