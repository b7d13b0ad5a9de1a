import * as fs from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isJsonObject, type JsonValue } from '../model/json.ts';
import type { ListItem } from './config-lines.ts';

/** What stands where in a Hermes home (`~/.hermes`, or `HERMES_HOME`), as far as recording goes. */

export const PLUGIN = 'hermes_otel_recorder';
export const PLUGIN_FILES = ['__init__.py', 'plugin.yaml'] as const;
/** The line of `config.yaml` that makes Hermes load the plugin: plugins are opt-in. */
export const ENABLED: ListItem = { outer: 'plugins', inner: 'enabled', value: PLUGIN };

export function pluginDirectory(home: string): string {
  return join(home, 'plugins', PLUGIN);
}

export function configPath(home: string): string {
  return join(home, 'config.yaml');
}

/** `undefined` when there is no such file; any other failure is thrown. */
export function readIfThere(path: string): string | undefined {
  return fs.existsSync(path) ? fs.readFileSync(path, 'utf8') : undefined;
}

/** The `hooks:` of a configuration; `undefined` when it has none, or cannot be read. */
export function hooksOf(config: string): JsonValue | undefined {
  try {
    const value: JsonValue = parse(config);
    return isJsonObject(value) ? value.hooks : undefined;
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
