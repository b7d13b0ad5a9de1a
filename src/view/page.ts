import type { ChalkInstance } from 'chalk';
import wrapAnsi from 'wrap-ansi';
import { type Visible, visible } from '../model/visible.ts';
import { clip, widthOf } from './columns.ts';

/** The page that a text is rendered for. */
export interface Page {
  /** Its width in columns. */
  readonly columns: number;
  /** `undefined` or an instance of level 0 for plain text. The command line decides. */
  readonly colors: ChalkInstance | undefined;
}

/** Pieces side by side, cut at the width of the page, without trailing spaces. */
export function line(page: Page, pieces: readonly Piece[]): string {
  return clip(pieces, page.columns)
    .map((each) => paint(page.colors, each))
    .join('');
}

/** Pieces side by side, wrapped between words at the width of the page. */
export function wrap(page: Page, pieces: readonly Piece[]): readonly string[] {
  const text = pieces.map((each) => paint(page.colors, each)).join('');
  const fits = pieces.reduce((sum, each) => sum + widthOf(each.text), 0) <= page.columns;
  return fits ? [text] : wrapAnsi(text, page.columns, { hard: true }).split('\n');
}

/** Pieces with two spaces between them; empty ones are left out. */
export function spaced(pieces: readonly Piece[]): readonly Piece[] {
  const said = pieces.filter(({ text }) => text !== '');
  return said.flatMap((each, index) => (index === 0 ? [each] : [piece('  '), each]));
}

/** The meanings of a piece of a row, and how each is painted. Colours are chosen only here. */
const PAINTERS = {
  plain: () => (text) => text,
  dim: (colors) => colors.dim,
  strong: (colors) => colors.bold,
  good: (colors) => colors.green,
  warning: (colors) => colors.yellow,
  error: (colors) => colors.red,
  session: (colors) => colors.bold,
  turn: (colors) => colors.bold,
  call: (colors) => colors.blue,
  tool: (colors) => colors.cyan,
  subagent: (colors) => colors.magenta,
  approval: (colors) => colors.yellow,
} as const satisfies Readonly<Record<string, (colors: ChalkInstance) => (text: string) => string>>;

export type Tone = keyof typeof PAINTERS;

/** A piece of a row: visible text and its meaning. */
export interface Piece {
  readonly text: Visible;
  readonly tone: Tone;
}

/** What a terminal would obey in the text is made visible. */
export function piece(text: string | number, tone: Tone = 'plain'): Piece {
  return { text: visible(String(text)), tone };
}

/** The text in its colour, or unchanged without colours. */
export function paint(colors: ChalkInstance | undefined, { text, tone }: Piece): string {
  return colors === undefined || text === '' ? text : PAINTERS[tone](colors)(text);
}
