import type { ChalkInstance } from 'chalk';
import { clip } from './columns.ts';
import { type Piece, paint, piece } from './paint.ts';
import { shown } from './visible.ts';

/** What is printed on. */
export interface Page {
  /** Its width in columns. */
  readonly columns: number;
  /** `undefined`, or an instance of level 0: plain text. Who decides is `cli/`. */
  readonly colors: ChalkInstance | undefined;
}

/** Pieces side by side, cut at the width of the page, without trailing spaces. */
export function line(page: Page, pieces: readonly Piece[]): string {
  return clip(pieces, page.columns)
    .map((each) => paint(page.colors, each))
    .join('');
}

/** Pieces with two spaces between them; empty ones are left out. */
export function spaced(pieces: readonly Piece[]): readonly Piece[] {
  const said = pieces.filter(({ text }) => text !== '');
  return said.flatMap((each, index) => (index === 0 ? [each] : [piece(shown`  `), each]));
}
