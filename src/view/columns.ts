import stringWidth from 'string-width';
import type { Visible } from '../model/visible.ts';

/**
 * Text with one column per character: ASCII, Latin letters, and the marks that views draw with. Measuring other text
 * is a hundred times slower.
 */
const PLAIN = /^[ -~\u00a1-\u00ac\u00ae-\u00ff–“”…›→∥─-╿✗]*$/;

/** No real character is longer. One with a thousand accents would overlap its neighbours. */
const MAX_GRAPHEME_LENGTH = 32;

/** Size of the cache of widths. A log in Chinese has some thousands of different characters. */
const MAX_KNOWN_WIDTHS = 10_000;

const ELLIPSIS = '…';
const REPLACEMENT = '\ufffd';

/** Made for the first text that needs it: that takes 4 ms. */
let segmenter: Intl.Segmenter | undefined;
const knownWidths = new Map<string, number>();

/** Width of `text` in terminal columns: 2 for wide characters and emoji, 0 for combining marks. */
export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(text)) width += graphemeWidth(segment);
  return width;
}

function graphemes(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}

function graphemeWidth(grapheme: string): number {
  const known = knownWidths.get(grapheme);
  if (known !== undefined) return known;
  const width = stringWidth(grapheme);
  if (knownWidths.size < MAX_KNOWN_WIDTHS && grapheme.length <= MAX_GRAPHEME_LENGTH)
    knownWidths.set(grapheme, width);
  return width;
}

/** `text` in at most `width` columns; a longer text ends with an ellipsis. */
export function truncate(text: Visible, width: number): Visible {
  if (width <= 0) return '' as Visible;
  if (PLAIN.test(text))
    return text.length <= width ? text : ((text.slice(0, width - 1) + ELLIPSIS) as Visible);
  // Enough for `width` columns of real characters, so that a text of a megabyte costs nothing.
  const head = text.slice(0, width * MAX_GRAPHEME_LENGTH);
  return cut(head, width, head.length < text.length);
}

/** The part of `pieces`, side by side, that fits into `width` columns, without trailing spaces. */
export function clip<T extends { readonly text: Visible }>(
  pieces: readonly T[],
  width: number,
): readonly T[] {
  const kept: T[] = [];
  let left = width;
  for (const piece of pieces) {
    const text = truncate(piece.text, left);
    left -= widthOf(text);
    kept.push({ ...piece, text });
    if (text !== piece.text) break;
  }
  return trimEnd(kept);
}

/** `text` in exactly `width` columns. */
export function pad(text: Visible, width: number, side: 'left' | 'right' = 'left'): Visible {
  const fitted = truncate(text, width);
  const space = ' '.repeat(width - widthOf(fitted));
  return (side === 'left' ? fitted + space : space + fitted) as Visible;
}

function cut(text: string, width: number, more: boolean): Visible {
  const kept: string[] = [];
  let used = 0;
  /** How much of `kept` leaves a column for the ellipsis. */
  let head = 0;
  for (const { segment } of graphemes(text)) {
    const character = segment.length > MAX_GRAPHEME_LENGTH ? REPLACEMENT : segment;
    used += graphemeWidth(character);
    if (used > width) return (kept.slice(0, head).join('') + ELLIPSIS) as Visible;
    kept.push(character);
    if (used < width) head = kept.length;
  }
  return (more ? kept.slice(0, head).join('') + ELLIPSIS : kept.join('')) as Visible;
}

function trimEnd<T extends { readonly text: Visible }>(pieces: readonly T[]): readonly T[] {
  const last = pieces.findLastIndex((piece) => piece.text.trimEnd() !== '');
  return pieces
    .slice(0, last + 1)
    .map((piece, index) => (index === last ? { ...piece, text: piece.text.trimEnd() as Visible } : piece));
}
