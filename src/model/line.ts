/** Where a line of input stands: what every diagnostic names. */
export interface LineRef {
  /** The file as the user named it, or `-` for standard input. */
  readonly source: string;
  /** Counted from 1 within its source. */
  readonly line: number;
}

/**
 * One line of input, its bytes decoded, its line end removed.
 * `damage` says what the input stage could not give whole; `text` is then what could be read ('' when too long).
 */
export interface InputLine extends LineRef {
  readonly text: string;
  /** Offset of the first byte after this line (and its line end) in the uncompressed source. */
  readonly endOffsetBytes: number;
  readonly damage: LineDamage | undefined;
}

export type LineDamage =
  /** Longer than the limit; its bytes were skipped without being kept. */
  | { readonly kind: 'too_long'; readonly sizeBytes: number }
  /** Not UTF-8; the bad bytes stand as U+FFFD in `text`. */
  | { readonly kind: 'invalid_utf8' }
  /** The last line, and its line end never came. */
  | { readonly kind: 'no_line_end' };
