import type { ChalkInstance } from 'chalk';
import { clip, pad, widthOf } from './columns.ts';
import { detailsOf, KIND_TONE, labelOf } from './label.ts';
import { type Piece, paint, piece } from './paint.ts';
import { isError } from './problem.ts';
import type { Tree } from './tree.ts';
import { duration } from './units.ts';
import { join, shown, type Visible } from './visible.ts';

/** What a row of a tree needs to know of where it is printed. */
export interface Page {
  /** Columns of the terminal. */
  readonly columns: number;
  readonly colors: ChalkInstance;
}

/** One span's row before it is laid out. */
export interface TreeRow {
  readonly tree: Tree;
  /** The branches left of the name. */
  readonly branch: Visible;
}

const DURATION_WIDTH = 8;

/** The rows of `tree`, its own first, each with its branches; `stem` stands before all of them. */
export function* rowsOf(tree: Tree, stem: Visible, last: boolean): Generator<TreeRow> {
  yield { tree, branch: join([stem, last ? shown`└─ ` : shown`├─ `], '') };
  const childStem = join([stem, last ? shown`   ` : shown`│  `], '');
  for (const [index, child] of tree.children.entries()) {
    yield* rowsOf(child, childStem, index === tree.children.length - 1);
  }
}

/** A row of the tree that `console` prints: name, duration, details. */
export function renderRow(page: Page, row: TreeRow, note?: Visible): string {
  const { span } = row.tree;
  const nameWidth = Math.min(56, Math.max(20, Math.floor(page.columns * 0.4)));
  const name = namePiece(row, nameWidth - widthOf(row.branch));
  const took = piece(pad(shown`${duration(span.endTime - span.startTime)}`, DURATION_WIDTH, 'right'));
  const details = [...(note === undefined ? [] : [piece(note, 'warning')]), ...detailsOf(span)];
  return line(page, [piece(row.branch, 'dim'), name, took, piece(shown`  `), ...spaced(details)]);
}

/** The name in what is left of its column; never nothing, however deep the tree. */
export function namePiece({ tree }: TreeRow, width: number): Piece {
  const name = tree.parallel ? shown`∥ ${labelOf(tree.span)}` : labelOf(tree.span);
  return piece(pad(name, Math.max(8, width)), isError(tree.span) ? 'error' : KIND_TONE[tree.span.kind]);
}

/** Pieces with two spaces between them. */
export function spaced(pieces: readonly Piece[]): readonly Piece[] {
  const said = pieces.filter(({ text }) => text !== '');
  return said.flatMap((each, index) => (index === 0 ? [each] : [piece(shown`  `), each]));
}

/** Pieces side by side, cut at the width of the page, without trailing spaces. */
export function line(page: Page, pieces: readonly Piece[]): string {
  return clip(pieces, page.columns)
    .map((each) => paint(page.colors, each))
    .join('');
}
