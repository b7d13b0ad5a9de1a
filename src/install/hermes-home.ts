/** The files of a Hermes home (`~/.hermes`, or `HERMES_HOME`) that matter for recording, and the shell hooks of its config.yaml. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../model/json.ts';
import type { ListItem } from './config-lines.ts';

export const PLUGIN = 'hermes_otel_recorder';
export const PLUGIN_FILES = ['__init__.py', 'plugin.yaml'] as const;
/** The item of `config.yaml` that makes Hermes load the plugin: plugins are opt-in. */
export const ENABLED: ListItem = { outer: 'plugins', inner: 'enabled', value: PLUGIN };

/** The command that Hermes runs for each event unless `--command` names another. */
export const RECORD_COMMAND = 'hermes-otel record';

/** Seconds after which Hermes gives up on a hook: many times what the command takes, also on a busy machine. */
const TIMEOUT_SECONDS = 10;

/**
 * Every hook of Hermes 0.19 with information of its own. Each costs the agent the start of a process, so these are left out:
 * `transform_*`, which repeat other hooks, and `pre_gateway_dispatch`, whose arguments are Python objects.
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

export function pluginDirectory(home: string): string {
  return join(home, 'plugins', PLUGIN);
}

export function configPath(home: string): string {
  return join(home, 'config.yaml');
}

/** `undefined` when there is no such file. Throws any other failure. */
export function readIfThere(path: string): string | undefined {
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : undefined;
}

/** The `hooks:` of a configuration; `undefined` when it has none, or cannot be read. */
export function hooksOf(config: string): JsonValue | undefined {
  return settingOf(config, 'hooks');
}

function settingOf(config: string, name: string): JsonValue | undefined {
  try {
    const value: JsonValue = parse(config);
    return isJsonObject(value) ? value[name] : undefined;
  } catch {
    return undefined;
  }
}

/** The names of the other plugins in this home. */
export function otherPlugins(home: string): readonly string[] {
  const directory = join(home, 'plugins');
  const names = fs.existsSync(directory) ? fs.readdirSync(directory) : [];
  return names.filter((name) => name !== PLUGIN && fs.existsSync(join(directory, name, 'plugin.yaml')));
}

/** The items of `hooks:` that record with `command`. */
export function shellHooks(command: string): readonly ListItem[] {
  const value = { command, timeout: TIMEOUT_SECONDS };
  return RECORDED_HOOKS.map((inner) => ({ outer: 'hooks', inner, value }));
}

/** The items of a `hooks:` mapping that run `hermes-otel record`, from any path and with any arguments. */
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

/** The hooks that Hermes has no consent for. It keeps the event and the exact command of each that it has. */
export function unapprovedHooks(home: string, hooks: readonly ListItem[]): readonly ListItem[] {
  const approved = new Set(approvals(home).map(({ event, command }) => JSON.stringify([event, command])));
  return hooks.filter(({ inner, value }) => {
    const command = isJsonObject(value) ? value.command : undefined;
    return !approved.has(JSON.stringify([inner, command]));
  });
}

/** Empty for a file that is missing or is not what Hermes writes. */
function approvals(home: string): readonly JsonObject[] {
  const value = parseJson(readIfThere(join(home, 'shell-hooks-allowlist.json')) ?? '{}');
  const list = isJsonObject(value) ? value.approvals : undefined;
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
}

/** True when Hermes runs hooks without asking. */
export function acceptsHooks(config: string, env: Readonly<Record<string, string | undefined>>): boolean {
  return (
    /^(?:1|true|yes)$/i.test(env.HERMES_ACCEPT_HOOKS ?? '') || settingOf(config, 'hooks_auto_accept') === true
  );
}

/** Whether `--uninstall` will recognize a hook's command. */
export function isRecordCommand(command: string): boolean {
  return /(^|[\s/\\"'])hermes-otel(\.js)?["']?\s+record(\s|$)/.test(command);
}
