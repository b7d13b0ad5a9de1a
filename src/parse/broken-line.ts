import type { InputLine, MalformedLine } from '../model/line.ts';

/** A line that is not JSON: says why, as far as that can be told. Never quotes the line. */
export function brokenLine(line: InputLine): MalformedLine {
  if (line.damage?.kind === 'no_line_end') {
    return malformed(line, 'truncated', 'the last line breaks off before its JSON ends: skipped');
  }
  return malformed(line, 'not-json', `${reasonOf(line.text)}: line skipped`);
}

export function malformed(line: InputLine, code: string, message: string): MalformedLine {
  const at = { source: line.source, line: line.line };
  return { kind: 'malformed', diagnostic: { severity: 'error', code, message, at } };
}

function reasonOf(text: string): string {
  if (text.includes('\0')) return 'not JSON, as it holds NUL bytes';
  const outside = outsideStrings(text);
  if (/NaN|Infinity/.test(outside)) return "not JSON, as it holds Python's NaN or Infinity";
  if (/\}\s*\{/.test(outside)) return 'not JSON, as it holds several objects (two writers, no line end?)';
  if (text.startsWith('{') !== text.endsWith('}')) return 'not JSON, as a part of the line is missing';
  return 'not JSON';
}

/** The JSON around its strings. Walked by hand: on megabytes of hostile text a regular expression runs out of stack. */
function outsideStrings(text: string): string {
  let outside = '';
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('"', at);
    if (open === -1) return outside + text.slice(at);
    outside += text.slice(at, open);
    at = endOfString(text, open);
  }
  return outside;
}

function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1);
  while (close !== -1 && isEscaped(text, close)) close = text.indexOf('"', close + 1);
  return close === -1 ? text.length : close + 1;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text[at - 1 - backslashes] === '\\') backslashes++;
  return backslashes % 2 === 1;
}
