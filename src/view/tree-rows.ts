import { isError } from '../model/span.ts';
import { pad, widthOf } from './columns.ts';
import { detailsOf, KIND_TONE, labelOf } from './label.ts';
import { line, type Page, spaced } from './page.ts';
import { type Piece, piece } from './paint.ts';
import type { Tree } from './tree.ts';
import { duration } from './units.ts';
import { join, shown, type Visible } from './visible.ts';

/** One span's row before it is laid out. */
export interface TreeRow {
  readonly tree: Tree;
  /** The branches left of the name. */
  readonly branch: Visible;
  /** What stands there in further lines about the same span. */
  readonly stem: Visible;
}

const MIN_NAME_WIDTH = 8;
const DURATION_WIDTH = 8;

/** The rows of `tree`, its own first, each with its branches; `stem` stands before all of them. */
export function* rowsOf(tree: Tree, stem: Visible, last: boolean): Generator<TreeRow> {
  const below = join([stem, last ? shown`   ` : shown`│  `], '');
  const stemOfOwn = tree.children.length > 0 ? join([below, shown`│  `], '') : below;
  yield { tree, branch: join([stem, last ? shown`└─ ` : shown`├─ `], ''), stem: stemOfOwn };
  for (const [index, child] of tree.children.entries()) {
    yield* rowsOf(child, below, index === tree.children.length - 1);
  }
}

/** A row of the tree that `console` prints: name, duration, details. */
export function renderRow(page: Page, row: TreeRow, note: Visible | undefined): string {
  const nameWidth = Math.min(56, Math.max(20, Math.floor(page.columns * 0.4)));
  const notes = note === undefined ? [] : [piece(note, 'warning')];
  return line(page, [
    ...nameAndDuration(row, nameWidth),
    piece(shown`  `),
    ...spaced([...notes, ...detailsOf(row.tree.span)]),
  ]);
}

/** Branches, name (`∥`: ran at the same time as a sibling; `(+3)`: spans below that are not shown) in `width` columns, and the duration. However deep the tree, something of the name stays. */
export function nameAndDuration({ tree, branch }: TreeRow, width: number): readonly Piece[] {
  const { span, parallel, hidden } = tree;
  const name = shown`${parallel ? '∥ ' : ''}${labelOf(span)}${hidden > 0 ? ` (+${hidden})` : ''}`;
  const took = shown`${duration(span.endTime - span.startTime)}`;
  return [
    piece(branch, 'dim'),
    piece(
      pad(name, Math.max(MIN_NAME_WIDTH, width - widthOf(branch))),
      isError(span) ? 'error' : KIND_TONE[span.kind],
    ),
    piece(pad(took, DURATION_WIDTH, 'right')),
  ];
}
