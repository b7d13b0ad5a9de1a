import type { Mark, Unmapped } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { type Fields, text } from './fields.ts';

/** Hooks that become a span event of their turn. The compression hooks exist only in open pull requests. */
export const MARK_HOOKS = [
  'pre_verify',
  'on_skill_lifecycle',
  'on_interim_message',
  'on_compression_complete',
  'pre_context_compression',
  'pre_compression',
] as const;

/** Strings that are names or states. Any other string may be content and is left out; numbers and booleans never are. */
const SHOWN_STRINGS = new Set([
  'action',
  'assignee',
  'board',
  'outcome',
  'profile_name',
  'provenance',
  'provider',
  'run_id',
  'skill_name',
  'state',
  'status',
  'surface',
  'trigger',
]);

/** Fields that the event or the recorder already has. */
const NOT_SHOWN = new Set(['ts', 'time', 'timestamp', 'pid', 'seq']);

/** Field names become attribute names: names that Hermes would not use, such as `__proto__`, are left out. */
const NAME = /^[a-z][a-z0-9_]{0,63}$/;

/** More fields are a payload, not a span event. */
const MOST_FIELDS = 32;

export function readMark(fields: Fields): Mark {
  const { body, extra } = fields;
  return {
    hook: 'mark',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: text(fields, 'task_id', body.task_id, extra.task_id),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    profile: text(fields, 'profile', body.profile, extra.profile),
    name: fields.hook,
    fields: shownFields(fields),
  };
}

/** A kanban `task_id` is a card on a board, not an agent's task. Without session and turn there is no span to mark. */
export function readKanban(fields: Fields): Mark | Unmapped {
  const { body, extra } = fields;
  const sessionId = text(fields, 'session_id', body.session_id, extra.session_id);
  const turnId = text(fields, 'turn_id', body.turn_id, extra.turn_id);
  const base = {
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId,
    taskId: undefined,
    turnId,
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    profile: text(fields, 'profile', body.profile, extra.profile),
    name: fields.hook,
  };
  if (sessionId === undefined && turnId === undefined) return { hook: 'unmapped', ...base };
  const card = text(fields, 'task_id', body.task_id, extra.task_id);
  const shown = shownFields(fields);
  return { hook: 'mark', ...base, fields: card === undefined ? shown : { task_id: card, ...shown } };
}

function shownFields(fields: Fields): Readonly<Record<string, string | number | boolean>> {
  const shown = [...Object.entries(fields.extra), ...Object.entries(fields.body)].filter(isShown);
  return Object.fromEntries(shown.slice(0, MOST_FIELDS));
}

function isShown(entry: [string, JsonValue | undefined]): entry is [string, string | number | boolean] {
  const [key, value] = entry;
  if (typeof value === 'string') return SHOWN_STRINGS.has(key) && value !== '';
  if (typeof value !== 'boolean' && !Number.isFinite(value)) return false;
  return NAME.test(key) && !NOT_SHOWN.has(key);
}

/** Hooks that are neither span nor span event. They show that their session and turn were active. */
export const UNMAPPED_HOOKS = [
  'transform_llm_output',
  'transform_tool_result',
  'transform_terminal_output',
  'transform_api_error_classification',
  'pre_gateway_dispatch',
  'pre_command',
  'gateway_platform_event',
  'on_room_member_activity',
  'pre_transcription',
  'pre_tts_synthesis',
  'agent_loop_stopped',
  'pre_response_delivery',
  'on_stream_start',
  'on_stream_end',
] as const;

export function readUnmapped(fields: Fields): Unmapped {
  const { body, extra } = fields;
  return {
    hook: 'unmapped',
    source: fields.source,
    line: fields.line,
    time: fields.time,
    sessionId: text(fields, 'session_id', body.session_id, extra.session_id),
    taskId: taskId(fields),
    turnId: text(fields, 'turn_id', body.turn_id, extra.turn_id),
    model: text(fields, 'model', body.model, extra.model),
    platform: text(fields, 'platform', body.platform, extra.platform),
    profile: text(fields, 'profile', body.profile, extra.profile),
    name: fields.hook,
  };
}

/** The task. In `transform_terminal_output` it is the literal `default`, the name of a terminal. */
function taskId(fields: Fields): string | undefined {
  const { body, extra } = fields;
  const id = text(fields, 'task_id', body.task_id, extra.task_id);
  return id === 'default' && fields.hook === 'transform_terminal_output' ? undefined : id;
}
