/**
 * Text from a log is not trusted: an escape sequence could repaint the terminal, a line feed could forge a row, a bidi
 * override could reorder one. All text of a view is made safe here and has the type `Visible`.
 */
export type Visible = string & { readonly unit: 'Visible' };

/**
 * Controls, line and paragraph separators, lone surrogates, and format characters (bidi marks, zero-width space, tags).
 * The two joiners are kept: emoji and several scripts need them, and they are harmless.
 */
const UNSAFE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}/gu;

/** A fast check that most text passes. */
const HARMLESS = /^[ -~]*$/;

/** `text` with every character that a terminal would obey replaced by a picture or its code. */
export function visible(text: string): Visible {
  return (HARMLESS.test(text) ? text : text.replace(UNSAFE, picture)) as Visible;
}

/** A template whose own words are trusted and whose values are not. */
export function shown(words: TemplateStringsArray, ...values: readonly (string | number)[]): Visible {
  let text = words[0] ?? '';
  for (const [index, value] of values.entries()) text += visible(String(value)) + (words[index + 1] ?? '');
  return text as Visible;
}

/** Joins parts that are already visible. */
export function join(parts: readonly Visible[], separator = ' '): Visible {
  return parts.join(separator) as Visible;
}

/**
 * `value` as indented JSON that is safe to print: characters that JSON leaves unescaped and a terminal obeys (C1
 * controls, bidi marks) are escaped too. Parsing it gives the same value.
 */
export function visibleJson(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value, undefined, 2));
}

/** The same on one line. */
export function visibleJsonLine(value: unknown): string {
  return escapeUnsafe(JSON.stringify(value));
}

/** Keeps line feeds: in JSON text they occur only as indentation. */
function escapeUnsafe(json: string): string {
  return json.replace(UNSAFE, (character) => (character === '\n' ? character : unicodeEscapes(character)));
}

function unicodeEscapes(character: string): string {
  return Array.from(
    { length: character.length },
    (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
  ).join('');
}

function picture(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `\\u{${code.toString(16)}}`;
}
