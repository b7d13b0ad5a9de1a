import type { HookEvent } from '../model/event.ts';
import { isJsonObject, type JsonObject } from '../model/json.ts';
import type { InputLine, MalformedLine, ParsedLine, RecorderMark, UncalledHook } from '../model/line.ts';
import { type EpochMicros, epochMicros } from '../model/time.ts';
import { isZoneless } from '../model/time-text.ts';
import { type Fields, moment, wrongType } from './fields.ts';
import { readerOf } from './hooks.ts';
import { MOST_LEVELS, nameOf, reshape } from './reshape.ts';

const NO_EXTRA: JsonObject = Object.freeze({});
const NO_DIAGNOSTICS: readonly never[] = Object.freeze([]);
const NO_TIME = epochMicros(0);
/** Longer names of unknown hooks are cut, as they are shown to people and counted by name. */
const LONGEST_NAME = 80;

/** A line that was skipped. */
export function malformed(line: InputLine, code: string, message: string): MalformedLine {
  const at = { source: line.source, line: line.line };
  return { kind: 'malformed', diagnostic: { severity: 'error', code, message, at } };
}

export interface ParseOptions {
  /** True to read content: what people, models and tools wrote. Tool arguments are always read, as calls are paired by them. */
  readonly content: boolean;
}

/** Parses the object of a line: reads the hook's name and the time, then calls the reader of the hook. */
export function parseBody(line: InputLine, body: JsonObject, options: ParseOptions, level = 0): ParsedLine {
  const hook = nameOf(body);
  const read = hook === undefined ? undefined : readerOf(hook);
  const fields: Fields = {
    source: line.source,
    line: line.line,
    hook: hook ?? '',
    body,
    extra: isJsonObject(body.extra) ? body.extra : NO_EXTRA,
    content: options.content,
    time: NO_TIME,
    diagnostics: undefined,
  };
  fields.time = recorderTime(fields);
  const event = read?.(fields);
  if (event?.sessionId === undefined && event?.taskId === undefined && event?.turnId === undefined) {
    const other = level < MOST_LEVELS ? reshape(body) : undefined;
    if (other !== undefined) return parseBody(line, other, options, level + 1);
  }
  if (hook === undefined) return malformed(line, 'no-event-name', NO_NAME);
  if (isTestPayload(fields)) return uncalledHook('test', fields);
  return event === undefined
    ? uncalledHook('unknown', fields)
    : parsedEvent(fields, withTimeSource(body, event));
}

const NO_NAME = 'no hook_event_name, event or hook that names a hook: line skipped';

/** The recorder's time. Hermes sends none, and each recorder has its own key. */
function recorderTime(fields: Fields): EpochMicros {
  const { body } = fields;
  return (
    moment(fields, 'ts', body.ts) ??
    moment(fields, 'timestamp', body.timestamp) ??
    moment(fields, 'time', body.time) ??
    NO_TIME
  );
}

function parsedEvent(fields: Fields, event: HookEvent): ParsedLine {
  if (fields.extra === NO_EXTRA) noteOddExtra(fields);
  const diagnostics = fields.diagnostics ?? NO_DIAGNOSTICS;
  if (fields.time === NO_TIME) return { kind: 'untimed', event, diagnostics };
  const { ts, timestamp, time, pid } = fields.body;
  return {
    kind: 'event',
    event,
    diagnostics,
    localTime: isZoneless(ts ?? timestamp ?? time) ? true : undefined,
    recorder: typeof pid === 'number' ? recorderMark(pid, fields.body) : undefined,
  };
}

function recorderMark(pid: number, { seq }: JsonObject): RecorderMark {
  return { pid, seq: typeof seq === 'number' ? seq : undefined };
}

/** Only the reader of Hermes's database writes a time source: the events of recorders are passed on as they are. */
function withTimeSource({ time_source: timeSource }: JsonObject, event: HookEvent): HookEvent {
  const isKnown = timeSource === 'row' || timeSource === 'log' || timeSource === 'order';
  return isKnown ? { ...event, timeSource } : event;
}

function noteOddExtra(fields: Fields): void {
  const extra = fields.body.extra;
  if (extra !== undefined && extra !== null && !isJsonObject(extra))
    wrongType(fields, 'extra', extra, 'an object');
}

function uncalledHook(kind: UncalledHook['kind'], { hook, source, line }: Fields): UncalledHook {
  return { kind, hook: hook.slice(0, LONGEST_NAME).toWellFormed(), at: { source, line } };
}

/**
 * True for a payload of `hermes hooks test` or `hermes hooks doctor`: a shell hook's body with their literal session id
 * and with their shape. An id alone is no proof, as clients of the gateway choose ids: a genuine body has a schema
 * version since 0.16, and other fields in `extra` before.
 */
function isTestPayload({ hook, body, extra }: Fields): boolean {
  if (extra === NO_EXTRA || body.hook_event_name === undefined) return false;
  if (extra.turn_id === 'test-turn') return true;
  if (extra.telemetry_schema_version !== undefined || extra.turn_id !== undefined) return false;
  if (body.session_id === 'parent-sess')
    return hook === 'subagent_stop' && extra.duration_ms === TEST_DURATION_MILLIS;
  if (body.session_id !== 'test-session') return false;
  const isBare = Object.keys(extra).length === 0;
  return (
    isBare ||
    extra.task_id === 'test-task' ||
    extra.tool_call_id === 'test-call' ||
    extra.model === TEST_MODEL
  );
}

const TEST_DURATION_MILLIS = 1234;
/** In test payloads without a task. */
const TEST_MODEL = 'gpt-4';
