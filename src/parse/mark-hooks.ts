import type { Mark, Unmapped } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { common, type Fields, wellFormed } from './fields.ts';

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
  return Object.assign(common(fields, 'mark'), {
    name: fields.hook,
    fields: shownFields(fields),
  });
}

/** A kanban `task_id` is a card on a board, not an agent's task. Without session and turn there is no span to mark. */
export function readKanban(fields: Fields): Mark | Unmapped {
  const { taskId: card, ...base } = common(fields, 'mark');
  const event = { ...base, taskId: undefined, name: fields.hook };
  if (base.sessionId === undefined && base.turnId === undefined) return { ...event, hook: 'unmapped' };
  const shown = shownFields(fields);
  return { ...event, fields: card === undefined ? shown : { task_id: card, ...shown } };
}

function shownFields(fields: Fields): Readonly<Record<string, string | number | boolean>> {
  const shown = [...Object.entries(fields.extra), ...Object.entries(fields.body)].filter(isShown);
  return Object.fromEntries(
    shown
      .slice(0, MOST_FIELDS)
      .map(([key, value]) => [key, typeof value === 'string' ? wellFormed(fields, key, value) : value]),
  );
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

/** In `transform_terminal_output` the task is the literal `default`, the name of a terminal. */
export function readUnmapped(fields: Fields): Unmapped {
  const event = Object.assign(common(fields, 'unmapped'), { name: fields.hook });
  const isTerminal = event.taskId === 'default' && event.name === 'transform_terminal_output';
  return isTerminal ? { ...event, taskId: undefined } : event;
}
