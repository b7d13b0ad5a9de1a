import { isJsonObject, type JsonValue } from '../model/json.ts';
import type { ListItem } from './config-lines.ts';

/** What Hermes runs for each event when no other command is asked for. */
export const RECORD_COMMAND = 'hermes-otel record';

/** Seconds after which Hermes gives a hook up: many times what the command takes, on a busy machine too. */
const TIMEOUT_SECONDS = 10;

/**
 * Every hook of 0.19 that tells something of its own. Left out: `transform_*`, which repeat what other hooks say, and
 * `pre_gateway_dispatch`, whose arguments are Python objects; each would make the agent wait for one more process.
 */
const RECORDED_HOOKS = [
  'on_session_start',
  'on_session_end',
  'on_session_finalize',
  'on_session_reset',
  'pre_llm_call',
  'post_llm_call',
  'pre_api_request',
  'post_api_request',
  'api_request_error',
  'pre_tool_call',
  'post_tool_call',
  'pre_verify',
  'subagent_start',
  'subagent_stop',
  'pre_approval_request',
  'post_approval_response',
  'kanban_task_claimed',
  'kanban_task_completed',
  'kanban_task_blocked',
] as const;

/** The items of `hooks:` in `config.yaml` that record with `command`. */
export function shellHooks(command: string): readonly ListItem[] {
  const value = { command, timeout: TIMEOUT_SECONDS };
  return RECORDED_HOOKS.map((inner) => ({ outer: 'hooks', inner, value }));
}

/** The items of a `hooks:` mapping that run a recorder of ours, wherever it is installed and whatever else it is told. */
export function recordingHooks(hooks: JsonValue | undefined): readonly ListItem[] {
  return Object.entries(isJsonObject(hooks) ? hooks : {}).flatMap(([inner, list]) => {
    const values: readonly JsonValue[] = Array.isArray(list) ? list : [];
    return values.filter(isRecording).map((value) => ({ outer: 'hooks', inner, value }));
  });
}

function isRecording(value: JsonValue): boolean {
  const command = isJsonObject(value) ? value.command : undefined;
  return typeof command === 'string' && isRecordCommand(command);
}

/** Whether a hook's command is one that `--uninstall` will know again. */
export function isRecordCommand(command: string): boolean {
  return /(^|[\s/\\"'])hermes-otel(\.js)?["']?\s+record(\s|$)/.test(command);
}
