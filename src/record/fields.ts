/**
 * Which fields of a hook body are written, and how much of each. The recorder plugin (`src/recorder/__init__.py`) has the same
 * lists for the flat form; a test keeps both equal.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';

/**
 * Copies of the whole conversation, or objects: up to 356 KB per line. Only HERMES_OTEL_RECORD_MESSAGES writes some of
 * them.
 */
export const HEAVY: ReadonlySet<string> = words(
  'conversation_history request_messages request response assistant_message system_prompt',
);

/** What HERMES_OTEL_RECORD_MESSAGES writes: of a request the newest messages, which is where the conversation goes on. */
export const MESSAGES: ReadonlySet<string> = words('request response system_prompt');
export const RECENT_MESSAGES = 20;
export const TOOL_CHARS = 200;

/**
 * The only strings that are written without content: ids, names and codes. Any other field counts as content, so a new
 * hook or field of a later Hermes cannot leak.
 */
export const PLAIN: ReadonlySet<string> = words(`
  hook_event_name telemetry_schema_version session_id task_id turn_id api_request_id tool_call_id session_key
  parent_session_id parent_turn_id parent_subagent_id child_session_id child_subagent_id child_role child_status
  old_session_id new_session_id sender_id run_id room_id thread_id member_id delivery_id profile profile_name board
  model response_model provider base_url api_mode platform surface finish_reason turn_exit_reason reason
  invalidation_reason status error_type error_code type tool_name env_type aux_task kind event_type pattern_key
  choice decided_by skill_name action provenance
`);

/** The only objects whose fields are written without content. */
export const PLAIN_OBJECTS: ReadonlySet<string> = words('usage error');

export const PLAIN_LISTS: ReadonlySet<string> = words('pattern_keys');

/** In these hooks `reason` is prose, not a code. */
export const PROSE_REASON = 'kanban_';

/** The first words of the prompt of Hermes's background review. */
export const REVIEW_OPENING = 'Review the conversation above';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/** Ids are compared for pairing, so they have a limit of their own. */
const ID_CHARS = 1024;
const KEY_CHARS = 256;
/** Limits for one line, independent of its content. */
const MAX_DEPTH = 16;
const MAX_VALUES = 2000;
/** How many strings of full length fit in one line. */
const FULL_STRINGS = 8;

export interface TrimLimits {
  /** Longer strings are truncated. */
  readonly maxChars: number;
  /** False: only fields that are known not to be content are written. */
  readonly content: boolean;
  /** Applied to what is written without content: Hermes puts the texts of exceptions into some codes. */
  readonly redact?: ((text: string) => string) | undefined;
  /** True: requests and responses of models are written too, with `content`. */
  readonly messages: boolean;
}

/** What is left of one line's limits while it is built. */
export interface Room {
  readonly limits: TrimLimits;
  readonly hook: string;
  chars: number;
  values: number;
}

export function roomFor(hook: string, limits: TrimLimits): Room {
  return { limits, hook, chars: limits.maxChars * FULL_STRINGS, values: MAX_VALUES };
}

/** A copy of `object` within the limits of `room`, which it uses up. */
export function trimObject(object: JsonObject, room: Room, depth = 0): JsonObject {
  const entries = Object.entries(object);
  const kept: [string, JsonValue][] = [];
  for (const [name, value] of entries) {
    if (value === undefined || !(room.limits.content || isPlain(name, value, room.hook))) continue;
    room.values -= 1;
    if (room.values < 0) {
      kept.push(['<more>', entries.length - kept.length]);
      break;
    }
    kept.push([name.slice(0, KEY_CHARS), trimValue(name, value, room, depth)]);
  }
  return Object.fromEntries(kept);
}

/** `text` as it is written under `name`: ids almost whole, other text within what `room` has left. */
export function trimText(name: string, text: string, room: Room): string {
  if (PLAIN.has(name)) {
    const plain = name === 'base_url' ? withoutSecrets(text) : text;
    return (room.limits.redact?.(plain) ?? plain).slice(0, ID_CHARS);
  }
  const chars = Math.min(room.limits.maxChars, room.chars);
  room.chars -= Math.min(chars, text.length);
  return text.length <= chars ? text : `${start(text, chars)}... [${text.length - chars} more]`;
}

function isPlain(name: string, value: JsonValue, hook: string): boolean {
  if (typeof value === 'string') {
    return PLAIN.has(name) && !(name === 'reason' && hook.startsWith(PROSE_REASON));
  }
  if (isJsonObject(value)) return PLAIN_OBJECTS.has(name);
  return Array.isArray(value) ? PLAIN_LISTS.has(name) : true;
}

function trimValue(name: string, value: JsonValue, room: Room, depth: number): JsonValue {
  if (typeof value === 'string') return trimText(name, value, room);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === MAX_DEPTH) return '<nested too deep>';
  return isJsonObject(value) ? trimObject(value, room, depth + 1) : trimList(name, value, room, depth + 1);
}

function trimList(name: string, list: readonly JsonValue[], room: Room, depth: number): JsonValue {
  const kept = list.slice(0, Math.max(0, room.values));
  room.values -= kept.length;
  const values = kept.map((value) => trimValue(name, value, room, depth));
  return kept.length === list.length ? values : [...values, `<${list.length - kept.length} more>`];
}

/** The first `chars` UTF-16 units, or one less where that would split a character. */
function start(text: string, chars: number): string {
  const halves = /[\uD800-\uDBFF]/.test(text.charAt(chars - 1));
  return text.slice(0, halves ? chars - 1 : chars);
}

function withoutSecrets(url: string): string {
  return url.replace(/(?<=\/\/)[^/@]*@|[?#].*/gs, '');
}
