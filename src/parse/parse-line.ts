import { isJsonObject, type JsonValue } from '../model/json.ts';
import type { InputLine, ParsedLine } from '../model/line.ts';
import { brokenLine, malformed } from './broken-line.ts';
import { parseBody } from './parse-body.ts';

export interface ParseOptions {
  /** True to keep what people, models and tools said. Arguments of tools are kept always: calls are paired by them. */
  readonly content: boolean;
}

const BLANK: ParsedLine = Object.freeze({ kind: 'blank' });

/**
 * One line of a log → what it is. Knows the three envelopes (flat, shell hook, outbound webhook) and every dialect
 * since Hermes 0.9; refuses to know other lines, sessions, or the time of day. Never throws.
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
  return withWarning(parsed, line, 'invalid-utf8', 'bytes that are no UTF-8 were read as U+FFFD');
}

function parseText(line: InputLine, text: string, options: ParseOptions): ParsedLine {
  let body: JsonValue;
  try {
    body = JSON.parse(text);
  } catch {
    return parsePadded(line, text, options);
  }
  if (!isJsonObject(body)) return malformed(line, 'not-an-object', 'JSON, but no object: line skipped');
  return parseBody(line, body, options.content);
}

/** Off the hot path: what is no JSON may be so once the padding is gone (a byte order mark, NULs left by a crash). */
function parsePadded(line: InputLine, text: string, options: ParseOptions): ParsedLine {
  const core = withoutPadding(text);
  if (core.length === text.length) return text === '' ? BLANK : brokenLine(line);
  const holdsNul = text.includes('\0');
  if (core !== '') {
    const parsed = parseText(line, core, options);
    return holdsNul
      ? withWarning(parsed, line, 'nul-bytes', 'NUL bytes around the JSON were left out')
      : parsed;
  }
  return holdsNul ? malformed(line, 'nul-bytes', 'nothing but NUL bytes: line skipped') : BLANK;
}

/** `trim` takes white space and byte order marks. */
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
