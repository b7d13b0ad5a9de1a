/** Plans of what `init` will do in a Hermes home. A plan is made by reading only; it is shown, then applied unchanged. */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listAt, Refusal, withItems, withoutItems } from './config-text.ts';
import {
  configPath,
  ENABLED,
  hooksOf,
  otherPlugins,
  PLUGIN,
  PLUGIN_FILES,
  pluginDirectory,
  readIfThere,
  recordingHooks,
  shellHooks,
} from './hermes-home.ts';

/** The plugin's files in this package, which is two folders up in `src` and in `dist`. */
const RECORDER = fileURLToPath(new URL('../../src/recorder', import.meta.url));

export interface Plan {
  /** Applied in this order; empty when there is nothing to do. */
  readonly steps: readonly Step[];
  /** What else the user should know: whole sentences. */
  readonly notes: readonly string[];
}

export type Step = WriteStep | EditStep | RemoveStep;

/** Writes a file that belongs to `init`. */
interface WriteStep {
  readonly kind: 'write';
  readonly path: string;
  readonly content: string;
  readonly isNew: boolean;
}

/** Changes a file that belongs to the user. A copy of it is kept. */
export interface EditStep {
  readonly kind: 'edit';
  readonly path: string;
  /** `undefined` when the file does not exist yet. */
  readonly before: string | undefined;
  readonly after: string;
}

interface RemoveStep {
  /** A directory is removed only if it is empty by then. */
  readonly kind: 'remove' | 'remove-directory';
  readonly path: string;
}

/** Installs the recorder plugin into a Hermes home, and enables it. Throws a `Refusal`, as the other plans do. */
export function planPlugin(home: string): Plan {
  const files = PLUGIN_FILES.flatMap((name) =>
    fileStep(join(pluginDirectory(home), name), join(RECORDER, name)),
  );
  const config = readIfThere(configPath(home)) ?? '';
  if (recordingHooks(hooksOf(config)).length > 0)
    throw doubled(`${configPath(home)} contains shell hooks that record`);
  if (listAt(config, 'plugins', 'disabled').includes(PLUGIN)) {
    const remedy = `remove it with "hermes plugins enable ${PLUGIN}"`;
    throw new Refusal(
      `${configPath(home)} lists ${PLUGIN} under plugins.disabled, which takes precedence: ${remedy}.`,
    );
  }
  const edit = configStep(home, (text) => withItems(text, [ENABLED]));
  return { steps: [...files, ...edit], notes: unlisted(home, config) };
}

/** Adds a recording shell hook for every event, in place of earlier ones with another command. */
export function planShellHooks(home: string, command: string): Plan {
  const config = readIfThere(configPath(home)) ?? '';
  if (listAt(config, ENABLED.outer, ENABLED.inner).includes(PLUGIN))
    throw doubled('The recorder plugin is enabled');
  const cleared = (text: string) => withoutItems(text, recordingHooks(hooksOf(text)));
  return { steps: configStep(home, (text) => withItems(cleared(text), shellHooks(command))), notes: [] };
}

/** Removes everything that `init` may have installed, and nothing else. Recorded logs stay. */
export function planUninstall(home: string): Plan {
  const directory = pluginDirectory(home);
  const files = PLUGIN_FILES.map((name) => join(directory, name)).map((path) => ({
    path,
    owner: ownership(readIfThere(path)),
  }));
  const ours = files.filter(({ owner }) => owner === 'ours').map(({ path }) => path);
  const left = files.filter(({ owner }) => owner === 'foreign' || owner === 'changed');
  // A plugin of the same name that init did not write stays enabled.
  const enabled = files.some(({ owner }) => owner === 'foreign') ? [] : [ENABLED];
  const edit = configStep(home, (text) => withoutItems(text, [...enabled, ...recordingHooks(hooksOf(text))]));
  const removals = ours.length === 0 ? [] : [...ours.map(removal), ...leftovers(directory)];
  const notes = left.map(
    ({ path }) => `${path} stays: hermes-otel did not write it, or it was changed since.`,
  );
  return { steps: [...edit, ...removals], notes };
}

/** The change of `config.yaml`; no step when nothing changes. */
function configStep(home: string, edit: (text: string) => string): readonly EditStep[] {
  const path = configPath(home);
  const before = readIfThere(path);
  try {
    const after = edit(before ?? '');
    return after === (before ?? '') ? [] : [{ kind: 'edit', path, before, after }];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(`${path} cannot be changed: ${error.message}.`);
  }
}

/** No step when the file is there already. */
function fileStep(path: string, source: string): readonly WriteStep[] {
  const found = readIfThere(path);
  const content = signed(fs.readFileSync(source, 'utf8'));
  if (['foreign', 'changed'].includes(ownership(found)))
    throw new Refusal(`${path} was not written by hermes-otel, or was changed since: move it away first.`);
  return found === content ? [] : [{ kind: 'write', path, content, isNew: found === undefined }];
}

function doubled(reason: string): Refusal {
  const remedy = 'Run "hermes-otel init --uninstall" first.';
  return new Refusal(`${reason}: every event would be written twice. ${remedy}`);
}

/** Without a list of enabled plugins, other plugins may have been expected to load. */
function unlisted(home: string, config: string): readonly string[] {
  const enabled = listAt(config, ENABLED.outer, ENABLED.inner);
  const others = otherPlugins(home);
  if (enabled.length > 0 || others.length === 0) return [];
  return [
    `Hermes loads only plugins that are listed; these are installed and not listed: ${others.join(', ')}.`,
  ];
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

/** A file that `init` writes has a first line with the hash of the rest. Foreign and changed files are never overwritten. */
type Ownership = 'missing' | 'ours' | 'changed' | 'foreign';

const FIRST_LINE = /^# Written by hermes-otel init, sha256 ([0-9a-f]{64})\b.*\n/;

/** `content` with a first line that marks it as ours. The line is a comment in Python and in YAML. */
export function signed(content: string): string {
  return `# Written by hermes-otel init, sha256 ${sha256(content)} of what follows; removed by init --uninstall.\n${content}`;
}

function ownership(text: string | undefined): Ownership {
  if (text === undefined) return 'missing';
  const first = FIRST_LINE.exec(text);
  if (first === null) return 'foreign';
  return sha256(text.slice(first[0].length)) === first[1] ? 'ours' : 'changed';
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
