import { isJsonObject, type JsonValue } from '../model/json.ts';
import type { InputLine, MalformedLine, ParsedLine } from '../model/line.ts';
import { malformed, parseBody } from './parse-body.ts';

export interface ParseOptions {
  /** True to read content: what people, models and tools wrote. Tool arguments are always read, as calls are paired by them. */
  readonly content: boolean;
}

const BLANK: ParsedLine = Object.freeze({ kind: 'blank' });

/**
 * Parses one line of a log. Reads the three envelopes (flat, shell hook, outbound webhook) and every dialect since
 * Hermes 0.9. Depends on no other line, session or clock. Never throws.
 */
export function parseLine(line: InputLine, options: ParseOptions): ParsedLine {
  if (line.damage !== undefined) return parseDamaged(line, options);
  return parseText(line, line.text, options);
}

function parseDamaged(line: InputLine, options: ParseOptions): ParsedLine {
  if (line.damage?.kind === 'too_long') {
    const size = `the line has ${line.damage.sizeBytes} bytes, more than the limit`;
    return malformed(line, 'too-long', `${size}: skipped`);
  }
  const parsed = parseText(line, line.text, options);
  if (line.damage?.kind !== 'invalid_utf8') return parsed;
  return withWarning(parsed, line, 'invalid-utf8', 'bytes that are not UTF-8 were read as U+FFFD');
}

function parseText(line: InputLine, text: string, options: ParseOptions): ParsedLine {
  let body: JsonValue;
  try {
    body = JSON.parse(text);
  } catch {
    return parsePadded(line, text, options);
  }
  if (!isJsonObject(body)) return malformed(line, 'not-an-object', 'JSON, but not an object: line skipped');
  return parseBody(line, body, options.content);
}

/** Second attempt, off the hot path: without a byte order mark, or NULs that a crash left. */
function parsePadded(line: InputLine, text: string, options: ParseOptions): ParsedLine {
  const core = withoutPadding(text);
  if (core.length === text.length) return text === '' ? BLANK : brokenLine(line);
  const holdsNul = text.includes('\0');
  if (core !== '') {
    const parsed = parseText(line, core, options);
    return holdsNul
      ? withWarning(parsed, line, 'nul-bytes', 'NUL bytes around the JSON were ignored')
      : parsed;
  }
  return holdsNul ? malformed(line, 'nul-bytes', 'only NUL bytes: line skipped') : BLANK;
}

/** `text` without outer NULs, white space and byte order marks (which `trim` removes too). */
function withoutPadding(text: string): string {
  let start = 0;
  let end = text.length;
  while (text[start] === '\0') start++;
  while (end > start && text[end - 1] === '\0') end--;
  return text.slice(start, end).trim();
}

function withWarning(parsed: ParsedLine, line: InputLine, code: string, message: string): ParsedLine {
  if (parsed.kind !== 'event' && parsed.kind !== 'untimed') return parsed;
  const at = { source: line.source, line: line.line };
  return { ...parsed, diagnostics: [...parsed.diagnostics, { severity: 'warning', code, message, at }] };
}

/** The diagnostic for a line that is not JSON, with the probable reason. Never quotes the line. */
export function brokenLine(line: InputLine): MalformedLine {
  if (line.damage?.kind === 'no_line_end') {
    return malformed(line, 'truncated', 'the last line ends inside its JSON: skipped');
  }
  return malformed(line, 'not-json', `${reasonOf(line.text)}: line skipped`);
}

function reasonOf(text: string): string {
  if (text.includes('\0')) return 'not JSON: it has NUL bytes';
  const outside = outsideStrings(text);
  if (/NaN|Infinity/.test(outside)) return "not JSON: it has Python's NaN or Infinity";
  if (/\}\s*\{/.test(outside)) return 'not JSON: it has several objects (two writers, no line end?)';
  if (text.startsWith('{') !== text.endsWith('}')) return 'not JSON: a part of the line is missing';
  return 'not JSON';
}

/** The JSON without its strings. A regular expression would overflow the stack on megabytes of hostile text. */
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
