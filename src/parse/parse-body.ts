import type { HookName } from '../model/event.ts';
import { isJsonObject, type JsonObject } from '../model/json.ts';
import type { InputLine, MalformedLine, ParsedLine, UntimedEvent } from '../model/line.ts';
import { type EpochMicros, epochMicros } from '../model/time.ts';
import { type Fields, moment, text, warn, wrongType } from './fields.ts';
import { readerOf } from './hooks.ts';

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

/** Parses the object of a line: reads the hook's name and the time, then calls the reader of the hook. */
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

/** The hook's name: `hook_event_name` in shell hooks and webhooks, the plugin's own key elsewhere. */
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

/** Hooks that have no session, task and turn in good logs too, such as a finalize before any agent was built. */
const MAY_LACK_IDS: ReadonlySet<HookName> = new Set([
  'on_session_finalize',
  'pre_approval_request',
  'post_approval_response',
  'mark',
  'unmapped',
] as const);

/** Warns of an event without any id. The event is kept. */
function noteMissingIds(fields: Fields, event: UntimedEvent): void {
  const isPlaced = event.taskId !== undefined || event.turnId !== undefined;
  if (isPlaced || MAY_LACK_IDS.has(event.hook)) return;
  warn(fields, 'missing-id', 'no session_id, task_id or turn_id: the event has no session');
}

/** True for a payload of `hermes hooks test` or `hermes hooks doctor`, which have these ids in every version. */
export function isTestPayload(event: UntimedEvent): boolean {
  return (
    event.sessionId === 'test-session' ||
    event.taskId === 'test-task' ||
    event.turnId === 'test-turn' ||
    (event.hook === 'subagent_stop' && event.sessionId === 'parent-sess') ||
    (isToolCall(event) && event.toolCallId === 'test-call')
  );
}

function isToolCall(event: UntimedEvent) {
  return event.hook === 'pre_tool_call' || event.hook === 'post_tool_call';
}
