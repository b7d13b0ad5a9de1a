/**
 * The configuration file: values of flags under their long names. It is searched from the working directory upwards to the home
 * directory. Flags and variables beat it.
 */
import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { lilconfig } from 'lilconfig';
import { errorCode, errorInWords } from '../model/system-error.ts';
import { CliError } from './cli-error.ts';
import type { FileSetting } from './flags.ts';
import type { Io } from './io.ts';
import { REPLAY_FLAGS } from './replay-flags.ts';

/** Commands that read the file. Each can have settings of its own in it, under its name. */
export const CONFIGURED_COMMANDS = [
  'replay',
  'view',
  'sessions',
  'diff',
  'validate',
  'convert',
  'send',
  'doctor',
];

/** At the top of the file these are about `replay`: other commands have other flags of the same names. */
export const OF_REPLAY_ALONE: ReadonlySet<string> = new Set(['exporter', 'output', 'checkpoint', 'follow']);
const LIKE_REPLAY: ReadonlySet<string> = new Set(['replay', 'doctor', 'config']);

const DATA = ['json', 'yaml', 'yml'];
/** A program is run only when `HERMES_OTEL_CONFIG` names it: a folder of logs must not bring code with it. */
const PROGRAMS = ['ts', 'mts', 'js', 'mjs'];

export interface ConfigFile {
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * @returns `undefined` when there is no file, or `HERMES_OTEL_CONFIG` is `none`
 * Throws a `CliError` for a file that cannot be read, or that was found and belongs to another user.
 */
export async function findConfig(io: Pick<Io, 'cwd' | 'env'>): Promise<ConfigFile | undefined> {
  const { HERMES_OTEL_CONFIG: named, HOME: home } = io.env;
  if (named === 'none') return undefined;
  let reading = named || 'The configuration file';
  const loaderOf = (load: (path: string, text: string) => unknown) => (path: string, text: string) => {
    reading = path;
    if (!named) refuseForeign(path);
    return load(path, text);
  };
  const loaders = Object.fromEntries([
    ...DATA.map((end) => [
      `.${end}`,
      loaderOf(
        end === 'json'
          ? (_, text) => JSON.parse(text.replace(/^\uFEFF/, ''))
          : async (_, text) => (await import('yaml')).parse(text),
      ),
    ]),
    ...PROGRAMS.map((end) => [`.${end}`, loaderOf(named ? runProgram : refuseProgram)]),
  ]);
  const searchPlaces = [...DATA, ...PROGRAMS].map((end) => `hermes-otel.config.${end}`);
  const files = lilconfig('hermes-otel', { searchPlaces, loaders, ...(home && { stopDir: home }) });
  try {
    const found = await (named ? files.load(resolve(io.cwd(), named)) : files.search(io.cwd()));
    if (found === null || found.isEmpty) return undefined;
    return { path: found.filepath, settings: recordIn(found.config, found.filepath) };
  } catch (error) {
    if (error instanceof CliError) throw error;
    const reason = errorCode(error)?.startsWith('E') ? errorInWords(error) : String(error).split('\n')[0];
    throw new CliError(`${reading} cannot be read: ${reason}.`);
  }
}

/** Node.js ≥ 22.18 runs TypeScript. */
async function runProgram(path: string): Promise<unknown> {
  const { default: settings } = await import(pathToFileURL(path).href);
  return settings;
}

function refuseProgram(path: string): never {
  throw new CliError(
    `${path} is a program, and is not run unless it is named: set HERMES_OTEL_CONFIG=${path}, or HERMES_OTEL_CONFIG=none.`,
  );
}

/** A file above a shared directory could send somebody else's logs away. */
function refuseForeign(path: string): void {
  const { uid } = userInfo();
  const owner = statSync(path).uid;
  if (uid === -1 || owner === uid || owner === 0) return;
  throw new CliError(
    `${path} belongs to another user: set HERMES_OTEL_CONFIG=${path} to use it, or HERMES_OTEL_CONFIG=none.`,
  );
}

/**
 * Sets what the file has for this command as values of its flags, below those of the command line.
 * @returns the path of the file; `undefined` when there is none. Throws a `CliError` that names the setting to mend.
 */
export async function applyConfig(
  command: Command,
  io: Pick<Io, 'cwd' | 'env'>,
): Promise<string | undefined> {
  const name = command.name();
  if (name !== 'config' && !CONFIGURED_COMMANDS.includes(name)) return undefined;
  const file = await findConfig(io);
  if (file === undefined) return undefined;
  for (const [key, value] of Object.entries(settingsFor(command, file))) {
    if (command.getOptionValueSource(key) === 'cli') continue;
    command.setOptionValueWithSource(key, settingOf(key, value, { command, path: file.path }), 'config');
  }
  return file.path;
}

/** Those at the top of the file that are about this command, and those under its name, which win. */
function settingsFor(command: Command, { path, settings }: ConfigFile): Readonly<Record<string, unknown>> {
  const name = command.name();
  const section = name === 'config' ? 'replay' : name;
  const own = recordIn(settings[section] ?? {}, `${section} in ${path}`);
  const shared = Object.entries(settings).filter(
    ([key]) => key !== '$schema' && !CONFIGURED_COMMANDS.includes(key),
  );
  for (const [key] of shared) refuseUnknown(key, SHARED_NAMES, path);
  for (const key of Object.keys(own)) refuseUnknown(key, namesOf(command), `${section} in ${path}`);
  const about = shared.filter(([key]) => LIKE_REPLAY.has(name) || !OF_REPLAY_ALONE.has(key));
  return { ...Object.fromEntries(about), ...own };
}

/** The names at the top of the file. */
const SHARED_NAMES: readonly string[] = Object.keys(REPLAY_FLAGS);

/** The names below a command: those of its flags, and of the settings without one. */
function namesOf({ options }: Command): readonly string[] {
  const withoutFlag = Object.entries(REPLAY_FLAGS).filter(([, { flags }]) => flags === undefined);
  return [...options.map((option) => option.attributeName()), ...withoutFlag.map(([key]) => key)];
}

function refuseUnknown(key: string, names: readonly string[], where: string): void {
  if (names.includes(key)) return;
  throw new CliError(`${where} has an unknown setting "${key}": docs/configuration.md lists the settings.`);
}

function settingOf(
  key: string,
  value: unknown,
  { command, path }: { command: Command; path: string },
): FileSetting {
  const values = Array.isArray(value) ? value : [value];
  if (!values.every((one) => ['string', 'number', 'boolean'].includes(typeof one))) {
    throw new CliError(`${key} in ${path} takes a text, a number, true or false, or a list of them.`);
  }
  const option = command.options.find((candidate) => candidate.attributeName() === key);
  const isPath = /<(file|dir)>/.test(option?.flags ?? '');
  const given = values.map((one) => (isPath ? besideFile(String(one), path) : String(one)));
  return { given, name: `${key} in ${path}` };
}

/** A relative path of a file begins at its folder. `-` and `none` are no paths. */
function besideFile(value: string, path: string): string {
  return value === '-' || value === 'none' ? value : resolve(dirname(path), value);
}

function recordIn(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new CliError(`${where} must hold settings: names and their values.`);
}
