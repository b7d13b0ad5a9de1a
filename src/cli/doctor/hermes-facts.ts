/** What the doctor is told about the Hermes of this machine: read, not judged. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseDocument } from 'yaml';
import type { HermesFacts } from '../../doctor/hermes.ts';
import { listAt } from '../../install/config-text.ts';
import {
  configPath,
  hooksOf,
  PLUGIN,
  PLUGIN_FILES,
  pluginDirectory,
  readIfThere,
} from '../../install/hermes-home.ts';
import { recordingHooks } from '../../install/shell-hooks.ts';
import { hermesHome } from '../../record/settings.ts';
import type { Io } from '../io.ts';

/** Hermes is a Python program that loads much before it speaks. */
const VERSION_TIMEOUT_MILLIS = 15_000;

export async function hermesFacts(env: Io['env']): Promise<HermesFacts> {
  const home = hermesHome(env);
  const config = home === undefined ? '' : (readIfThere(configPath(home)) ?? '');
  const error = parseDocument(config).errors[0];
  const listed = (inner: string) => error === undefined && listAt(config, 'plugins', inner).includes(PLUGIN);
  const files = home === undefined ? [] : PLUGIN_FILES.map((file) => join(pluginDirectory(home), file));
  return {
    version: await hermesVersion(env),
    home,
    homeExists: home !== undefined && existsSync(home),
    pluginInstalled: files.length > 0 && files.every((file) => existsSync(file)),
    pluginEnabled: listed('enabled'),
    pluginDisabled: listed('disabled'),
    shellHooks: error === undefined ? recordingHooks(hooksOf(config)).length : 0,
    configTrouble: error === undefined ? undefined : `line ${error.linePos?.[0].line ?? 1} is not valid YAML`,
  };
}

async function hermesVersion(env: Io['env']): Promise<string | undefined> {
  try {
    const options = { env: { ...env }, timeout: VERSION_TIMEOUT_MILLIS };
    const { stdout } = await promisify(execFile)('hermes', ['--version'], options);
    return stdout.split('\n')[0]?.trim() || undefined;
  } catch {
    return undefined;
  }
}
