import type { HookName } from '../model/event.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import type { Dialect, Envelope, LineFacts } from '../model/line.ts';
import { isKnownHook, readerOf } from './hooks.ts';
import type { MARK_HOOKS, UNMAPPED_HOOKS } from './mark-hooks.ts';
import { objectIn } from './parse-line.ts';
import { MOST_LEVELS, nameOf, reshape } from './reshape.ts';

/**
 * The envelope, dialect and unknown fields of a line; `undefined` for a line that is no hook call.
 * Separate from `parseLine`, which must be fast and needs none of it.
 */
export function inspectLine(text: string): LineFacts | undefined {
  const written = objectIn(text);
  const body = written && ownForm(written);
  const hook = body && nameOf(body);
  if (body === undefined || hook === undefined) return undefined;
  const extra = isJsonObject(body.extra) ? body.extra : {};
  const names = [...Object.keys(body), ...Object.keys(extra)];
  const fields = new Set(names.filter((name) => isSent(body, name) || isSent(extra, name)));
  return {
    envelope: body === written ? envelopeOf(body) : 'wrapped',
    hook,
    dialect: dialectOf(hook, fields),
    schemaVersion: stringOf(body.telemetry_schema_version ?? extra.telemetry_schema_version),
    unknownFields: body === written ? unknownAmong(hook, names) : [],
    deliveryId: stringOf(body.delivery_id),
  };
}

/** The body in the form that `parseLine` reads: itself, unless it has no known name or no id. */
function ownForm(body: JsonObject, level = 0): JsonObject {
  const extra = isJsonObject(body.extra) ? body.extra : {};
  const hasId = ['session_id', 'task_id', 'turn_id'].some((id) => isSent(body, id) || isSent(extra, id));
  if (level === MOST_LEVELS || (isKnownHook(nameOf(body)) && hasId)) return body;
  const other = reshape(body);
  return other === undefined ? body : ownForm(other, level + 1);
}

function envelopeOf(body: JsonObject): Envelope {
  if (body.delivery_id !== undefined) return 'webhook';
  return isJsonObject(body.extra) ? 'shell' : 'flat';
}

/** The dialect by the fields a line has. Missing fields show little, as a recorder may leave them out. */
function dialectOf(hook: string, fields: ReadonlySet<string>): Dialect {
  if (readerOf(hook) === undefined) return 'unknown';
  if (isSince020(hook, fields)) return '0.20 or newer';
  if (SINCE_0_16.some((field) => fields.has(field))) return '0.16 or newer';
  if (!TURN_SINCE_0_16.has(hook)) return 'unknown';
  if (hook === 'post_tool_call') return fields.has('duration_ms') ? '0.12 to 0.15' : '0.11 or older';
  return 'before 0.16';
}

/** Hooks that always have a turn id since 0.16. Without one and without a schema version they are older. */
const TURN_SINCE_0_16 = new Set([
  'pre_llm_call',
  'post_llm_call',
  'pre_api_request',
  'post_api_request',
  'pre_tool_call',
  'post_tool_call',
]);

const SINCE_0_16 = ['telemetry_schema_version', 'turn_id', 'api_request_id', 'child_session_id'];

function isSent(fields: JsonObject, name: string): boolean {
  const value = Object.hasOwn(fields, name) ? fields[name] : null;
  return value !== undefined && value !== null && value !== '';
}

function stringOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * The fields that Hermes sends with each hook, in any release. The readers of hooks do not use this table.
 */
const IDS = 'session_id task_id turn_id';
const MODEL = 'model platform';
const API = `${IDS} ${MODEL} api_request_id provider base_url api_mode api_call_count started_at`;
const REQUEST =
  'message_count tool_count approx_input_tokens request_char_count max_tokens request_messages request system_prompt';
const ANSWER =
  'ended_at api_duration finish_reason message_count response_model usage response assistant_content_chars assistant_tool_call_count';
const AUXILIARY = 'aux_task task retry_count streaming middleware_trace parent_session_id';
const TOOL = `${IDS} tool_name args tool_call_id api_request_id middleware_trace`;
const OUTCOME = 'result duration_ms status error_type error_message';
const APPROVAL =
  'command description pattern_key pattern_keys session_key surface turn_id tool_call_id session_id';
const STREAM = `${IDS} iteration model provider surface`;
const BOARD = 'task_id profile_name board assignee run_id session_id turn_id';

/** One row per hook: a missing one does not compile. `undefined`: the fields are not known. */
export const FIELDS = {
  on_session_start: `${IDS} ${MODEL}`,
  on_session_end: `${IDS} ${MODEL} completed interrupted failed turn_exit_reason reason api_request_id`,
  on_session_finalize: `session_id platform reason old_session_id new_session_id`,
  on_session_reset: `session_id platform reason old_session_id new_session_id`,
  session_totals: `${IDS} ${MODEL} usage cost model_usage`,
  pre_llm_call: `${IDS} ${MODEL} user_message conversation_history is_first_turn sender_id parent_session_id`,
  post_llm_call: `${IDS} ${MODEL} user_message assistant_response conversation_history`,
  pre_api_request: `${API} ${REQUEST} user_message conversation_history middleware_trace retry_count`,
  post_api_request: `${API} ${ANSWER} assistant_message first_chunk_at moa_references context_length cost reported_usage_fields first_delta_at middleware_trace`,
  api_request_error: `${API} ended_at api_duration status_code retry_count max_retries retryable reason error request middleware_trace first_chunk_at first_delta_at`,
  pre_tool_call: TOOL,
  post_tool_call: `${TOOL} ${OUTCOME}`,
  transform_tool_result: `${TOOL} ${OUTCOME}`,
  transform_llm_output: `${IDS} ${MODEL} response_text`,
  transform_terminal_output: 'command output returncode task_id env_type session_id',
  subagent_start:
    'parent_session_id session_id parent_turn_id parent_subagent_id child_session_id child_subagent_id child_role child_goal',
  subagent_stop:
    'parent_session_id session_id parent_turn_id child_session_id child_subagent_id child_role child_summary child_status duration_ms tool_call_history',
  pre_approval_request: APPROVAL,
  post_approval_response: `${APPROVAL} choice decided_by`,
  pre_auxiliary_call: `${API} ${REQUEST} ${AUXILIARY}`,
  post_auxiliary_call: `${API} ${ANSWER} ${AUXILIARY} error error_type cost`,
  on_stream_start: STREAM,
  on_stream_delta: `${STREAM} delta kind`,
  on_stream_end: `${STREAM} final_text finished error`,
  on_interim_message: `${STREAM} text already_streamed`,
  pre_verify: `${IDS} ${MODEL} coding attempt final_response changed_paths`,
  on_skill_lifecycle:
    'action skill_name provenance task_id session_id use_count reused reuse_after_patch turn_id',
  kanban_task_claimed: BOARD,
  kanban_task_completed: `${BOARD} summary`,
  kanban_task_blocked: `${BOARD} reason`,
  agent_loop_stopped: 'session_id session_key platform reason invalidation_reason',
  pre_command: 'session_id surface command alias_used args_raw session_key platform',
  pre_gateway_dispatch: 'session_id event gateway session_store',
  gateway_platform_event: 'session_id platform event_type payload',
  on_room_member_activity: `${IDS} room_id thread_id member_id execution_generation kind seq payload`,
  pre_transcription: 'session_id file_path provider model language prompt source',
  pre_tts_synthesis: 'session_id text provider',
  transform_api_error_classification: undefined,
  pre_response_delivery: undefined,
  on_compression_complete: undefined,
  pre_context_compression: undefined,
  pre_compression: undefined,
} satisfies Readonly<Record<ReadHook | Kanban, string | undefined>>;

type ReadHook =
  | Exclude<HookName, 'mark' | 'unmapped'>
  | (typeof MARK_HOOKS)[number]
  | (typeof UNMAPPED_HOOKS)[number];
/** Hooks of a family that is read by the beginning of its name. */
type Kanban = `kanban_task_${'claimed' | 'completed' | 'blocked'}`;

/** Fields that envelopes, recorders and the reader of Hermes's database add to any hook. */
const ENVELOPE =
  'hook_event_name event hook tool_name tool_input session_id cwd profile extra delivery_id telemetry_schema_version ts time timestamp pid seq host recorder event_ time_source previous_session_id tool session result_len turn_msg_len history_len response_len';

/** Fields that only 0.20 and newer send. */
const SINCE_0_20 = new Map(
  Object.entries({
    on_session_end: 'failed turn_exit_reason',
    pre_llm_call: 'parent_session_id',
    pre_api_request: 'retry_count system_prompt',
    post_api_request: 'first_chunk_at first_delta_at moa_references context_length',
    api_request_error: 'first_chunk_at first_delta_at',
    subagent_stop: 'tool_call_history',
  }).map(([hook, fields]) => [hook, wordsOf(fields)]),
);

const HOOKS_SINCE_0_20 =
  /^(?:(?:pre|post)_auxiliary_call|on_(?:stream_|interim_|kanban_|skill_|room_)\w+|agent_loop_stopped|pre_(?:command|transcription|tts_synthesis))$/;

const ENVELOPE_FIELDS = new Set(wordsOf(ENVELOPE));
const BY_HOOK = new Map(
  Object.entries<string | undefined>(FIELDS).flatMap(([hook, fields]): [string, ReadonlySet<string>][] =>
    fields === undefined ? [] : [[hook, new Set(wordsOf(fields))]],
  ),
);

/** The `fields` that neither Hermes nor a recorder sends with `hook`; none for a hook whose fields are not known. */
function unknownAmong(hook: string, fields: readonly string[]): readonly string[] {
  const known = BY_HOOK.get(hook);
  if (known === undefined) return [];
  return fields.filter((field) => !known.has(field) && !ENVELOPE_FIELDS.has(field));
}

/** True when only Hermes 0.20 or newer sends `hook`, or one of `fields` with it. */
function isSince020(hook: string, fields: ReadonlySet<string>): boolean {
  return HOOKS_SINCE_0_20.test(hook) || (SINCE_0_20.get(hook) ?? []).some((field) => fields.has(field));
}

function wordsOf(text: string): readonly string[] {
  return text.split(' ');
}
