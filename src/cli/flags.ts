/**
 * Flags: each with its environment variable, default and reader. A flag beats a variable beats the configuration file beats a default.
 * Commander's own support for variables reads the process. Here they come from `Io`, so that tests can set them.
 */
import bytes from 'bytes';
import { type Command, Option } from 'commander';
import ms from 'ms';
import { CliError } from './cli-error.ts';

/** Its key in a `FlagTable` is its long name in camel case, as commander and the configuration file have it. */
export interface Flag<T> {
  /** As commander writes it: `-o, --output <file>`. `undefined`: only the variable sets it. */
  readonly flags: string | undefined;
  /** Heading of the help under which the flag stands. */
  readonly group?: string;
  readonly help: string;
  readonly env: string | undefined;
  readonly fallback: T;
  /** How the default is shown in `--help`; '' shows none. */
  readonly shown: string;
  /** `given` is every value given (a repeatable flag has several); `name` is the flag or variable, for messages. */
  readonly read: (given: readonly string[], name: string) => T;
  readonly repeatable?: boolean;
  /** The words it takes, for completion and the manual; absent when it takes any. `read` is what checks them. */
  readonly choices?: readonly string[];
}

export type FlagTable = { readonly [name: string]: Flag<unknown> };
export type FlagValues<T extends FlagTable> = {
  readonly [K in keyof T]: T[K] extends Flag<infer V> ? V : never;
};
type Env = Readonly<Record<string, string | undefined>>;
type Spelling = string | undefined;

/** Where the value comes from when the flag is not given. */
interface Otherwise<F> {
  readonly env?: string;
  readonly fallback?: F;
}

/** True unless it is turned off, for a flag that begins with `--no-`; else false unless it is given. */
export function switchFlag(flags: string, help: string, { env }: Otherwise<never> = {}): Flag<boolean> {
  const fallback = flags.startsWith('--no-');
  return {
    flags,
    help,
    env,
    fallback,
    shown: '',
    read: ([value], name) => readBoolean(value ?? 'true', name),
  };
}

export function textFlag(
  flags: string,
  help: string,
  { env, fallback }: Otherwise<string> = {},
): Flag<string | undefined> {
  return { flags, help, env, fallback, shown: fallback ?? '', read: (given) => given.at(-1) };
}

export function listFlag(
  flags: string,
  help: string,
  { env }: Otherwise<never> = {},
): Flag<readonly string[]> {
  return { flags, help, env, fallback: [], shown: '', read: (given) => given, repeatable: true };
}

/** One of `choices`; without a default, also none of them. */
export function choiceFlag<const C extends string, const F extends C | undefined = undefined>(
  flags: string,
  help: string,
  choices: readonly C[],
  { env, fallback }: Otherwise<F> = {},
): Flag<C | F> {
  return {
    flags,
    help: fallback === undefined ? `${help} (${choices.join(', ')})` : help,
    env,
    fallback: fallback as F,
    shown: fallback ?? '',
    read: (given, name) => oneOf(choices, given.at(-1) ?? '', name),
    choices,
  };
}

/** Several of `choices`, separated by commas or given repeatedly. */
export function choicesFlag<const C extends string, O extends string = never>(
  flags: string,
  help: string,
  choices: readonly C[],
  { env, fallback, aliases = {}, isOther = (word): word is O => false }: SeveralChoices<C, O>,
): Flag<readonly (C | O)[]> {
  const readOne = (word: string, name: string): C | O =>
    aliases[word] ?? (isOther(word) ? word : oneOf(choices, word, name));
  const read = (given: readonly string[], name: string): readonly (C | O)[] => [
    ...new Set(given.flatMap((value) => value.split(',')).map((word) => readOne(word.trim(), name))),
  ];
  return { flags, help, env, fallback: [fallback], shown: fallback, read, repeatable: true, choices };
}

interface SeveralChoices<C extends string, O extends string> {
  readonly env: string;
  readonly fallback: NoInfer<C>;
  readonly aliases?: Readonly<Record<string, C>>;
  /** Accepts further words. */
  readonly isOther?: (word: string) => word is O;
}

/** A whole number of at least `least`. */
export function countFlag(
  flags: Spelling,
  help: string,
  { env, fallback, least = 1 }: Otherwise<number> & { readonly fallback: number; readonly least?: number },
): Flag<number> {
  const read = (given: readonly string[], name: string): number => {
    const value = Number(given.at(-1));
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new CliError(`${name} takes a whole number of at least ${least}, not "${given.at(-1)}".`);
  };
  return { flags, help, env, fallback, shown: String(fallback), read };
}

/** A whole number of at least 1; 1 when the flag has no value. `undefined` without the flag. */
export function optionalCountFlag(flags: string, help: string): Flag<number | undefined> {
  const read = ([given = '']: readonly string[], name: string): number => {
    const value = given === 'true' ? 1 : Number(given);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new CliError(
      `${name} takes a whole number of at least 1, not "${given}": name a log before ${name}.`,
    );
  };
  return { flags, help, env: undefined, fallback: undefined, shown: '', read };
}

/** A time such as `500ms`, `30s`, `5m`, `2h`, in milliseconds; `undefined` without a default. */
export function durationFlag<F extends string | undefined = undefined>(
  flags: Spelling,
  help: string,
  { env, fallback }: Otherwise<F> = {},
): Flag<F extends string ? number : number | undefined> {
  type Value = F extends string ? number : number | undefined;
  const read = (given: readonly string[], name: string) => readDuration(given.at(-1) ?? '', name) as Value;
  const standard = fallback === undefined ? undefined : readDuration(fallback, help);
  return { flags, help, env, fallback: standard as Value, shown: fallback ?? '', read };
}

/** A size such as `512kb` or `4mb` (powers of 1024), in bytes. */
export function sizeFlag(
  flags: Spelling,
  help: string,
  { env, fallback }: { readonly env: string; readonly fallback: string },
): Flag<number> {
  const read = (given: readonly string[], name: string): number => {
    const value = bytes.parse(given.at(-1) ?? '');
    if (value !== null && value > 0) return value;
    throw new CliError(`${name} takes a size such as 4mb, not "${given.at(-1)}".`);
  };
  return { flags, help, env, fallback: bytes.parse(fallback) ?? 0, shown: fallback, read };
}

/** `--color` and `--no-color`, which commander keeps under one name. */
export const COLOR_FLAGS = {
  color: colorFlag('--color', 'always use colour'),
  noColor: colorFlag('--no-color', 'never use colour (env: NO_COLOR)'),
};

/** `undefined` when neither flag is given: as the terminal and NO_COLOR say. */
function colorFlag(flags: string, help: string): Flag<boolean | undefined> {
  return { ...switchFlag(flags, help), fallback: undefined };
}

/** The table with its flags under one heading of the help. */
export function grouped<T extends FlagTable>(group: string, table: T): T {
  return Object.fromEntries(Object.entries(table).map(([key, flag]) => [key, { ...flag, group }])) as T;
}

/** Adds every flag of the table to `command`, with its variable and default in the help text. */
export function addFlags(command: Command, table: FlagTable): void {
  for (const flag of Object.values(table)) {
    if (flag.flags !== undefined) command.addOption(optionOf(flag, flag.flags));
  }
}

function optionOf({ group, help, env, shown, ...flag }: Flag<unknown>, flags: string): Option {
  const notes = [env && `env: ${env}`, shown && `default: ${shown}`].filter(Boolean);
  const option = new Option(flags, help + (notes.length > 0 ? ` (${notes.join(', ')})` : ''));
  if (flag.repeatable)
    option.argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
  // Not commander's `choices()`: that would check the value too, in words of its own.
  if (flag.choices) option.argChoices = [...flag.choices];
  return group === undefined ? option : option.helpGroup(`${group}:`);
}

/** The settings of the table that only a variable sets, as the help lists them. */
export function variablesOf(table: FlagTable): Readonly<Record<string, string>> {
  const unspelled = Object.values(table).filter(({ flags }) => flags === undefined);
  return Object.fromEntries(
    unspelled.map(({ env, help, shown }) => [env ?? '', `${help} (default: ${shown})`]),
  );
}

/** The value of every flag of the table. Throws a `CliError` that names the flag, variable or setting to mend. */
export function readFlags<T extends FlagTable>(table: T, command: Command, env: Env): FlagValues<T> {
  const values: Record<string, unknown> = {};
  for (const [key, flag] of Object.entries(table)) {
    const setting = givenFor(key, flag, command, env);
    values[key] = setting === undefined ? flag.fallback : flag.read(setting.given, setting.name);
  }
  return values as FlagValues<T>;
}

/** Values of the configuration file, kept by commander as the values of an option. */
export interface FileSetting {
  readonly given: readonly string[];
  /** With the path of the file, for messages. */
  readonly name: string;
}

export interface GivenSetting extends FileSetting {
  readonly source: 'flag' | 'variable' | 'file';
}

/** What is given for a flag, by the strongest source; `undefined` when nothing is, and the default is used. */
export function givenFor(
  key: string,
  { flags, env: variable }: Flag<unknown>,
  command: Command,
  env: Env,
): GivenSetting | undefined {
  const from = command.getOptionValueSource(key);
  const value: unknown = command.getOptionValue(key);
  if (from === 'cli') {
    const given = Array.isArray(value) ? value.map(String) : [String(value)];
    return { given, name: /--[\w-]+/.exec(flags ?? '')?.[0] ?? key, source: 'flag' };
  }
  const text = variable === undefined ? undefined : env[variable];
  // The specification: an empty variable is the same as an unset one.
  if (text) return { given: [text], name: variable ?? '', source: 'variable' };
  return from === 'config' ? { ...(value as FileSetting), source: 'file' } : undefined;
}

/** True for `true`, `1`, `yes` in any case (the live plugin's rule), false for `false`, `0`, `no`. */
export function readBoolean(text: string, name: string): boolean {
  const value = text.trim().toLowerCase();
  if (value === 'true' || value === '1' || value === 'yes') return true;
  if (value === 'false' || value === '0' || value === 'no') return false;
  throw new CliError(`${name} takes true or false, not "${text}".`);
}

/** `key=value` pairs; the value may hold further `=`. */
export function readPairs(pairs: readonly string[], name: string): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    // The value may be a secret: the message shows the key only.
    if (at < 1) throw new CliError(`${name} takes key=value; one of the values given has no key or no "=".`);
    map.set(pair.slice(0, at).trim(), pair.slice(at + 1).trim());
  }
  return map;
}

function oneOf<C extends string>(choices: readonly C[], value: string, name: string): C {
  const choice = choices.find((candidate) => candidate === value);
  if (choice === undefined) throw new CliError(`${name} takes ${choices.join(', ')}, not "${value}".`);
  return choice;
}

/** In milliseconds. */
export function readDuration(text: string, name: string): number {
  const value = text.trim() === '' ? undefined : ms(text.trim() as ms.StringValue);
  if (value === undefined || !Number.isFinite(value) || value < 0) {
    throw new CliError(`${name} takes a time such as 30s, 5m or 2h, not "${text}".`);
  }
  return value;
}
