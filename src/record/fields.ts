/**
 * Which fields of a hook body are written. The recorder plugin (`src/recorder/__init__.py`) holds the same lists for the
 * flat form; a test keeps the two equal.
 */

/** Copies of the whole conversation, or objects: up to 356 KB per line, and nothing that a span needs. */
export const HEAVY: ReadonlySet<string> = words(
  'conversation_history request_messages request response assistant_message system_prompt',
);

/**
 * The only strings that are written when content is left out: ids, names and codes. Everything that is not listed is
 * taken for content, so a hook or a field of tomorrow's Hermes cannot leak by being new.
 */
export const PLAIN: ReadonlySet<string> = words(`
  hook_event_name telemetry_schema_version session_id task_id turn_id api_request_id tool_call_id session_key
  parent_session_id parent_turn_id parent_subagent_id child_session_id child_subagent_id child_role child_status
  old_session_id new_session_id sender_id run_id room_id thread_id member_id delivery_id profile profile_name board
  model response_model provider base_url api_mode platform surface finish_reason turn_exit_reason reason
  invalidation_reason status error_type error_code type tool_name env_type aux_task kind event_type pattern_key
  choice decided_by skill_name action provenance
`);

/** The only objects that are entered when content is left out. */
export const PLAIN_OBJECTS: ReadonlySet<string> = words('usage error');

export const PLAIN_LISTS: ReadonlySet<string> = words('pattern_keys');

/** In these hooks `reason` is what somebody wrote, not a code. */
export const PROSE_REASON = 'kanban_';

/** How Hermes's background review fork opens its own prompt. */
export const REVIEW_OPENING = 'Review the conversation above';

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
