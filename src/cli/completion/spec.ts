/** The commands and flags of the program as plain data, from which the script of each shell is generated. */
import type { Command, Option } from 'commander';

/** The kinds of values that a shell can complete: words to choose from, or one of these. */
export type Value = readonly string[] | Kind;
type Kind = 'file' | 'folder' | 'text';

/** How a shell completes a value of each kind, and words to choose from. */
export function completer(
  byKind: Readonly<Record<Kind, string>>,
  choices: (words: string) => string,
): (value: Value) => string {
  return (value) => (typeof value === 'string' ? byKind[value] : choices(value.join(' ')));
}

/** For bash and zsh, in single quotes. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export interface FlagSpec {
  /** `-e`, `--exporter`. */
  readonly names: readonly string[];
  readonly help: string;
  /** `undefined` when the flag takes no value. */
  readonly value: Value | undefined;
}

export interface CommandWords {
  /** The words of the command, without the program's name: `[]`, `['stack']`, `['stack', 'init']`. */
  readonly path: readonly string[];
  readonly help: string;
  readonly flags: readonly FlagSpec[];
  /** What its arguments are; `undefined` when it takes none. */
  readonly words: Value | undefined;
  readonly commands: readonly CommandWords[];
}

/** The tree of `command`, with help commands and help flags. */
export function specOf(command: Command, path: readonly string[] = []): CommandWords {
  const help = command.createHelp();
  const below = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const commands = below.map((one) => specOf(one, [...path, one.name()]));
  const [words] = command.registeredArguments;
  return {
    path,
    help: help.subcommandDescription(command),
    flags: help.visibleOptions(command).map(flagOf),
    // An argument is a file unless its name is that of a folder.
    words: words && valueBy(words.argChoices, words.name(), 'file'),
    commands: commands.length === 0 ? [] : [...commands, helpCommand(path, commands)],
  };
}

/** A command and all below it, parents first. */
export function everyCommand(spec: CommandWords): readonly CommandWords[] {
  return [spec, ...spec.commands.flatMap(everyCommand)];
}

function helpCommand(path: readonly string[], commands: readonly CommandWords[]): CommandWords {
  const choices = commands.flatMap(({ path: one }) => one.at(-1) ?? []);
  return {
    path: [...path, 'help'],
    help: 'Show the flags and examples of a command',
    flags: [],
    words: choices,
    commands: [],
  };
}

function flagOf(option: Option): FlagSpec {
  const names = [option.short, option.long].filter((name) => name !== undefined);
  const [, placeholder] = /[<[](\w+)/.exec(option.flags) ?? [];
  const value = placeholder === undefined ? undefined : valueBy(option.argChoices, placeholder, 'text');
  return { names, help: option.description, value };
}

function valueBy(
  choices: readonly string[] | undefined,
  placeholder: string,
  otherwise: 'file' | 'text',
): Value {
  if (choices !== undefined) return choices;
  if (placeholder === 'file') return 'file';
  return placeholder === 'folder' || placeholder === 'directory' ? 'folder' : otherwise;
}
