import * as fs from 'node:fs';
import { join } from 'node:path';
import { listAt, withItems, withoutItems } from './config-text.ts';
import {
  configPath,
  ENABLED,
  hooksOf,
  otherPlugins,
  PLUGIN,
  PLUGIN_FILES,
  pluginDirectory,
  readIfThere,
} from './hermes-home.ts';
import { ownership, signed } from './owned-file.ts';
import { configStep, type Plan, planAround, type Refusal, refused, type WriteStep } from './plan.ts';
import { recordingHooks, shellHooks } from './shell-hooks.ts';

/** Installs the recorder plugin, from the files in `recorder`, into a Hermes home, and enables it. */
export function planPlugin(home: string, recorder: string): Plan | Refusal {
  const files = PLUGIN_FILES.map((name) => fileStep(join(pluginDirectory(home), name), join(recorder, name)));
  const refusal = files.find((step) => 'reason' in step);
  const config = readIfThere(configPath(home)) ?? '';
  if (refusal !== undefined && 'reason' in refusal) {
    return refusal;
  }
  if (recordingHooks(hooksOf(config)).length > 0) {
    return twice(`${configPath(home)} has shell hooks that record`);
  }
  if (listAt(config, 'plugins', 'disabled').includes(PLUGIN)) {
    const remedy = `take it out with "hermes plugins enable ${PLUGIN}"`;
    return refused(`${configPath(home)} lists ${PLUGIN} under plugins.disabled, which wins: ${remedy}.`);
  }
  const first = files.filter((step) => 'content' in step);
  return planAround(configStep(home, withItems(config, [ENABLED])), { first, notes: unlisted(home, config) });
}

/** Sets a recording shell hook in for every event, in place of earlier ones with another command. */
export function planShellHooks(home: string, command: string): Plan | Refusal {
  const config = readIfThere(configPath(home)) ?? '';
  if (listAt(config, ENABLED.outer, ENABLED.inner).includes(PLUGIN)) {
    return twice('The recorder plugin is enabled');
  }
  const cleared = withoutItems(config, recordingHooks(hooksOf(config)));
  const edit = cleared.kind === 'text' ? withItems(cleared.text, shellHooks(command)) : cleared;
  return planAround(configStep(home, edit), {});
}

function fileStep(path: string, source: string): WriteStep | Refusal | { readonly kind: 'same' } {
  const found = readIfThere(path);
  const content = signed(fs.readFileSync(source, 'utf8'));
  if (['foreign', 'changed'].includes(ownership(found))) {
    return refused(`${path} was not written by hermes-otel, or was changed since: move it away first.`);
  }
  return found === content ? { kind: 'same' } : { kind: 'write', path, content, isNew: found === undefined };
}

function twice(reason: string): Refusal {
  const remedy = 'Run "hermes-otel init --uninstall" first.';
  return refused(`${reason}: every event would be written twice. ${remedy}`);
}

/** A list of enabled plugins, once there is one, is the whole list. */
function unlisted(home: string, config: string): readonly string[] {
  const enabled = listAt(config, ENABLED.outer, ENABLED.inner);
  const others = otherPlugins(home);
  return enabled.length > 0 || others.length === 0
    ? []
    : [
        `Hermes loads only plugins that are listed; these are installed and not listed: ${others.join(', ')}.`,
      ];
}
