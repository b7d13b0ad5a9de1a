import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import type { InputLine } from '../model/line.ts';
import type { ParsedLine } from '../model/parsed-line.ts';
import { epochMicros } from '../model/time.ts';
import { brokenLine, malformed } from './broken-line.ts';
import { type Fields, moment, text, wrongType } from './fields.ts';
import { readerOf } from './hooks.ts';
import { noteMissingIds } from './missing-ids.ts';
import { isTestPayload } from './test-payload.ts';

export interface ParseOptions {
  /** True to keep what people, models and tools said. Arguments of tools are kept always: calls are paired by them. */
  readonly content: boolean;
}

const NO_EXTRA: JsonObject = Object.freeze({});
const NO_DIAGNOSTICS: readonly never[] = Object.freeze([]);
const BLANK: ParsedLine = Object.freeze({ kind: 'blank' });
const NO_TIME = epochMicros(0);
/** Longer names of unknown hooks are cut: they are shown to people, and counted by name. */
const LONGEST_NAME = 80;

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

function parseBody(line: InputLine, body: JsonObject, content: boolean): ParsedLine {
  const hook = nameOf(body);
  if (hook === undefined) {
    return malformed(
      line,
      'no-event-name',
      'no hook_event_name, event or hook that names a hook: line skipped',
    );
  }
  const fields: Fields = {
    source: line.source,
    line: line.line,
    hook,
    body,
    extra: isJsonObject(body.extra) ? body.extra : NO_EXTRA,
    content,
    time: NO_TIME,
    diagnostics: undefined,
  };
  fields.time = moment(fields, 'ts') ?? moment(fields, 'timestamp') ?? moment(fields, 'time') ?? NO_TIME;
  return parseFields(fields);
}

/** Shell hooks and webhooks write `hook_event_name`; in a plugin's own log the key is the plugin's choice. */
function nameOf(body: JsonObject): string | undefined {
  const name = body.hook_event_name ?? body.event ?? body.hook;
  return typeof name === 'string' && name !== '' ? name : undefined;
}

function parseFields(fields: Fields): ParsedLine {
  const read = readerOf(fields.hook);
  if (read === undefined) return unknownHook(fields);
  const event = read(fields);
  if (isTestPayload(event)) return testPayload(fields);
  if (event.sessionId === undefined) noteMissingIds(fields, event);
  if (fields.extra === NO_EXTRA) noteOddExtra(fields);
  const diagnostics = fields.diagnostics ?? NO_DIAGNOSTICS;
  return { kind: fields.time === NO_TIME ? 'untimed' : 'event', event, diagnostics };
}

function noteOddExtra(fields: Fields): void {
  const extra = fields.body.extra;
  if (extra !== undefined && extra !== null && !isJsonObject(extra))
    wrongType(fields, 'extra', extra, 'an object');
}

function unknownHook(fields: Fields): ParsedLine {
  const sessionId = text(fields, 'session_id');
  if (sessionId === 'test-session') return testPayload(fields);
  const hook = fields.hook.slice(0, LONGEST_NAME).toWellFormed();
  return {
    kind: 'unknown',
    hook,
    sessionId,
    time: timeOf(fields),
    at: { source: fields.source, line: fields.line },
  };
}

function testPayload(fields: Fields): ParsedLine {
  const at = { source: fields.source, line: fields.line };
  return { kind: 'test', hook: fields.hook, time: timeOf(fields), at };
}

function timeOf(fields: Fields) {
  return fields.time === NO_TIME ? undefined : fields.time;
}

function withWarning(parsed: ParsedLine, line: InputLine, code: string, message: string): ParsedLine {
  if (parsed.kind !== 'event' && parsed.kind !== 'untimed') return parsed;
  const at = { source: line.source, line: line.line };
  return { ...parsed, diagnostics: [...parsed.diagnostics, { severity: 'warning', code, message, at }] };
}
