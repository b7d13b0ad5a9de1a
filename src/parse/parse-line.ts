import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../model/json.ts';
import type { InputLine, MalformedLine, ParsedLine } from '../model/line.ts';
import { malformed, type ParseOptions, parseBody } from './parse-body.ts';
import { objectTexts, outsideStrings, repairJson, withoutPadding } from './repair.ts';

export type { ParseOptions };

const BLANK: ParsedLine = Object.freeze({ kind: 'blank' });

/**
 * Parses one line of a log. Reads the three envelopes (flat, shell hook, outbound webhook) and every dialect since
 * Hermes 0.9. Depends on no other line, session or clock. Never throws.
 */
export function parseLine(line: InputLine, options: ParseOptions): ParsedLine {
  if (line.damage !== undefined) return parseDamaged(line, options);
  return parseText(line, line.text, options);
}

/**
 * The lines in a line that has several objects, because a recorder wrote no line end; `undefined` for any other. For a
 * line that `parseLine` found malformed.
 */
export function splitLine(line: InputLine): readonly InputLine[] | undefined {
  const texts = objectTexts(line.text);
  if (texts.length < 2 || texts.length > MOST_PARTS) return undefined;
  const last = texts.length - 1;
  return texts.map((text, index) => ({ ...line, text, damage: index === last ? line.damage : undefined }));
}

/** More objects on one line are an attack on memory. */
const MOST_PARTS = 65_536;

/** The object of a line as `parseLine` reads it; `undefined` when there is none. */
export function objectIn(text: string): JsonObject | undefined {
  const value = parseJson(text) ?? repairJson(text)?.value;
  return isJsonObject(value) ? value : undefined;
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
  const value = parseJson(text);
  return value === undefined ? parseRepaired(line, text, options) : parseValue(line, value, options);
}

function parseValue(line: InputLine, value: JsonValue, options: ParseOptions): ParsedLine {
  if (isJsonObject(value)) return parseBody(line, value, options);
  return malformed(line, 'not-an-object', 'JSON, but not an object: line skipped');
}

function parseRepaired(line: InputLine, text: string, options: ParseOptions): ParsedLine {
  const repaired = repairJson(text);
  if (repaired !== undefined) {
    const parsed = parseValue(line, repaired.value, options);
    return repaired.warning === undefined ? parsed : withWarning(parsed, line, ...repaired.warning);
  }
  if (withoutPadding(text) !== '') return brokenLine(line);
  return text.includes('\0') ? malformed(line, 'nul-bytes', 'only NUL bytes: line skipped') : BLANK;
}

function withWarning(parsed: ParsedLine, line: InputLine, code: string, message: string): ParsedLine {
  if (parsed.kind !== 'event' && parsed.kind !== 'untimed') return parsed;
  const at = { source: line.source, line: line.line };
  return { ...parsed, diagnostics: [...parsed.diagnostics, { severity: 'warning', code, message, at }] };
}

/** The diagnostic for a line that is not JSON, with the probable reason. Never quotes the line. */
function brokenLine(line: InputLine): MalformedLine {
  if (line.damage?.kind === 'no_line_end') {
    return malformed(line, 'truncated', 'the last line ends inside its JSON: skipped');
  }
  return malformed(line, 'not-json', `${reasonOf(line.text)}: line skipped`);
}

function reasonOf(text: string): string {
  if (/^\0?[{[]\0/.test(text))
    return 'not JSON: it is UTF-16, which is read from files that are not followed';
  if (text.includes('\0')) return 'not JSON: it has NUL bytes';
  const outside = outsideStrings(
    text,
    (part) => part,
    () => '',
  );
  if (/\}\s*\{/.test(outside)) return 'not JSON: it has several objects (two writers, no line end?)';
  if (text.startsWith('{') !== text.endsWith('}')) return 'not JSON: a part of the line is missing';
  return 'not JSON';
}
