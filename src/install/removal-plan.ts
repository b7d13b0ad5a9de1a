import * as fs from 'node:fs';
import { join } from 'node:path';
import { withoutItems } from './config-text.ts';
import { configPath, ENABLED, hooksOf, PLUGIN_FILES, pluginDirectory, readIfThere } from './hermes-home.ts';
import { ownership } from './owned-file.ts';
import { configStep, type Plan, planAround, type Refusal, type RemoveStep } from './plan.ts';
import { recordingHooks } from './shell-hooks.ts';

/** Removes whatever `init` may have installed, and only that; what was recorded stays. */
export function planUninstall(home: string): Plan | Refusal {
  const directory = pluginDirectory(home);
  const files = PLUGIN_FILES.map((name) => join(directory, name)).map((path) => ({
    path,
    owner: ownership(readIfThere(path)),
  }));
  const ours = files.filter(({ owner }) => owner === 'ours').map(({ path }) => path);
  const left = files.filter(({ owner }) => owner === 'foreign' || owner === 'changed');
  // Another plugin of that name is none of our business, enabled or not.
  const enabled = files.some(({ owner }) => owner === 'foreign') ? [] : [ENABLED];
  const config = readIfThere(configPath(home)) ?? '';
  const edit = withoutItems(config, [...enabled, ...recordingHooks(hooksOf(config))]);
  return planAround(configStep(home, edit), {
    last: ours.length === 0 ? [] : [...ours.map(removal), ...leftovers(directory)],
    notes: left.map(({ path }) => `${path} stays: hermes-otel did not write it, or it was changed since.`),
  });
}

/** Python's compiled copies of our file; then the directories, if nothing else is in them. */
function leftovers(directory: string): readonly RemoveStep[] {
  const cache = join(directory, '__pycache__');
  const names = fs.existsSync(cache) ? fs.readdirSync(cache) : [];
  const compiled = names.filter((name) => /^__init__\..*\.pyc$/.test(name));
  const directories = compiled.length > 0 ? [cache, directory] : [directory];
  return [
    ...compiled.map((name) => removal(join(cache, name))),
    ...directories.map((path) => ({ kind: 'remove-directory', path }) as const),
  ];
}

function removal(path: string): RemoveStep {
  return { kind: 'remove', path };
}
