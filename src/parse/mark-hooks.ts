import type { Mark, Unmapped } from '../model/event.ts';
import type { JsonValue } from '../model/json.ts';
import { type Fields, text } from './fields.ts';

/** The hooks that become a span event on their turn. The compression hooks exist only in open pull requests so far. */
export const MARK_HOOKS = [
  'pre_verify',
  'on_skill_lifecycle',
  'on_interim_message',
  'on_compression_complete',
  'pre_context_compression',
  'pre_compression',
] as const;

/** The strings that are names or states. Any other string may be content, so it stays out; numbers and booleans never are. */
const NAMES = new Set([
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

/** What an event has in fields of its own, and what the recorder adds. */
const NOT_SHOWN = new Set(['ts', 'time', 'timestamp', 'pid', 'seq']);

/** More would be no span event but a payload. */
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
    name: fields.hook,
    fields: shownFields(fields),
  };
}

/** A kanban `task_id` names a card on a board, not an agent's task. Without session and turn there is no span to mark. */
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
  if (typeof value === 'string') return NAMES.has(key) && value !== '';
  return (typeof value === 'boolean' || Number.isFinite(value)) && !NOT_SHOWN.has(key);
}
