import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { record } from '../../src/cli/record.ts';
import type { JsonObject } from '../../src/model/json.ts';
import type { Fired } from './plugin.ts';

/** The body that Hermes gives a shell hook for a hook and its arguments (`agent/shell_hooks.py`). */
export function shellBody([hook, kwargs]: Fired): string {
  const { tool_name = null, args, session_id, parent_session_id, ...extra } = kwargs;
  return JSON.stringify({
    hook_event_name: hook,
    tool_name,
    tool_input: args ?? null,
    session_id: session_id ?? parent_session_id ?? '',
    cwd: '/home/me/secret-project',
    extra,
  } satisfies JsonObject);
}

/** Runs `hermes-otel record` in this process, with `body` to read. @returns its exit code. */
export async function recordBody(
  body: string | Uint8Array,
  env: Readonly<Record<string, string>>,
  argv: readonly string[] = [],
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'hermes-otel-body-'));
  const path = join(directory, 'body');
  writeFileSync(path, body);
  const bodyFd = openSync(path, 'r');
  try {
    return await record(argv, { env, pid: 4711, bodyFd });
  } finally {
    closeSync(bodyFd);
    rmSync(directory, { recursive: true });
  }
}
