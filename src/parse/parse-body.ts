import { isJsonObject, type JsonObject } from '../model/json.ts';
import type { InputLine, ParsedLine } from '../model/line.ts';
import { type EpochMicros, epochMicros } from '../model/time.ts';
import { malformed } from './broken-line.ts';
import { type Fields, moment, text, wrongType } from './fields.ts';
import { readerOf } from './hooks.ts';
import { noteMissingIds } from './missing-ids.ts';
import { isTestPayload } from './test-payload.ts';

const NO_EXTRA: JsonObject = Object.freeze({});
const NO_DIAGNOSTICS: readonly never[] = Object.freeze([]);
const NO_TIME = epochMicros(0);
/** Longer names of hooks we do not know are cut: they are shown to people, and counted by name. */
const LONGEST_NAME = 80;

/** The object in a line → what the line is: finds the hook's name and the time, and hands on to the hook's reader. */
export function parseBody(line: InputLine, body: JsonObject, content: boolean): ParsedLine {
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
  fields.time = recorderTime(fields);
  return parseFields(fields);
}

/** Hermes sends no time: each recorder has its own key. */
function recorderTime(fields: Fields): EpochMicros {
  const { body } = fields;
  return (
    moment(fields, 'ts', body.ts) ??
    moment(fields, 'timestamp', body.timestamp) ??
    moment(fields, 'time', body.time) ??
    NO_TIME
  );
}

/** Shell hooks and webhooks write `hook_event_name`; in a plugin's own log the key is the plugin's choice. */
export function nameOf(body: JsonObject): string | undefined {
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
  const { body, extra } = fields;
  const sessionId = text(fields, 'session_id', body.session_id, extra.session_id);
  if (sessionId === 'test-session') return testPayload(fields);
  const at = { source: fields.source, line: fields.line };
  return { kind: 'unknown', hook: shownName(fields), sessionId, time: timeOf(fields), at };
}

function testPayload(fields: Fields): ParsedLine {
  const at = { source: fields.source, line: fields.line };
  return { kind: 'test', hook: shownName(fields), time: timeOf(fields), at };
}

function shownName(fields: Fields): string {
  return fields.hook.slice(0, LONGEST_NAME).toWellFormed();
}

function timeOf(fields: Fields): EpochMicros | undefined {
  return fields.time === NO_TIME ? undefined : fields.time;
}
