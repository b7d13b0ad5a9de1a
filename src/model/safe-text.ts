/** Limits in UTF-16 units, of spans and views alike. The first two are the live plugin's. */
export const MESSAGE_CHARS = 500;
export const PAYLOAD_CHARS = 2048;
const ERROR_CHARS = 256;

/** The first `limit` UTF-16 units of `text`, one less where the cut would fall inside a surrogate pair. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  const next = text.charCodeAt(limit);
  const splitsPair = last >= 0xd800 && last <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
  return text.slice(0, splitsPair ? limit - 1 : limit);
}

/** An error message as a status description or an `exception.message`. `undefined` stays `undefined`. */
export function errorText(message: string | undefined): string | undefined {
  return message === undefined ? undefined : cut(message, ERROR_CHARS);
}

/** The text as a code span of Markdown, in which no markup is read. It must be in one line. */
export function codeSpan(text: string): string {
  const inside = text.trim();
  if (inside === '') return '';
  const fence = fenceFor(inside, 1);
  const space = inside.startsWith('`') || inside.endsWith('`') ? ' ' : '';
  return `${fence}${space}${inside}${space}${fence}`;
}

/** A fence longer than every run of backticks in `text`. */
export function fenceFor(text: string, atLeast: number): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  return '`'.repeat(Math.max(atLeast, longest + 1));
}
