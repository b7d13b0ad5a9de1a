/** A command as data: its arguments, flags, variables and examples for the help, and what it runs. */
import type { Command } from 'commander';
import { addFlags, type FlagTable } from './flags.ts';
import type { Io } from './io.ts';

/** Descriptions by what they describe, in the order of the help. */
type Texts = Readonly<Record<string, string>>;

export interface CommandSpec {
  /** `'[log...]': 'files, directories …'`. */
  readonly words?: Texts;
  readonly flags?: FlagTable;
  /** Environment variables that have no flag. */
  readonly variables?: Texts;
  /** Lines to copy. */
  readonly examples: Texts;
  readonly commands?: readonly CommandEntry[];
  /** For what commander has and no other command needs. */
  readonly adjust?: (command: Command) => void;
  /** The words given are `command.args`. @returns the exit code */
  readonly run?: (command: Command, io: Io) => Promise<number>;
}

/** A command that is loaded when it is called: `--help` and small replays start fast. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandSpec>;
}

/** Adds the command as commander knows it, with everything that its help shows. */
export async function addCommand(
  to: Command,
  { name, summary, load }: CommandEntry,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const { words = {}, flags = {}, variables = {}, examples, commands = [], adjust, run } = await load();
  const command = to.command(name).description(summary);
  for (const [word, does] of Object.entries(words)) command.argument(word, does);
  addFlags(command, flags);
  const names = Object.keys(variables);
  const width = Math.max(...names.map(({ length }) => length));
  addSection(
    command,
    'Environment',
    names.map((each) => `  ${each.padEnd(width)}  ${variables[each]}`),
  );
  addSection(
    command,
    'Examples',
    Object.entries(examples).map(([line, does]) => `  ${line}\n      ${does}`),
  );
  adjust?.(command);
  for (const each of commands) await addCommand(command, each, io, exit);
  if (run !== undefined) command.action(async () => exit(await run(command, io)));
}

function addSection(command: Command, title: string, lines: readonly string[]): void {
  if (lines.length > 0) command.addHelpText('after', `\n${title}:\n${lines.join('\n')}`);
}

/** OpenTelemetry's variables without a flag. `src/export/settings/` reads them. */
export const OTLP_VARIABLES: Texts = {
  HERMES_OTEL_TOKEN: 'sent as the header "token"',
  OTEL_EXPORTER_OTLP_HEADERS: 'headers, as key=value,key=value; --header wins',
  OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf or http/json, for -e otlp',
  OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip or none (default: none)',
  OTEL_EXPORTER_OTLP_TIMEOUT: 'time that one request may take, in ms (default: 10000)',
  OTEL_EXPORTER_OTLP_CERTIFICATE: 'file with the certificates to trust',
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: 'file with our own certificate',
  OTEL_EXPORTER_OTLP_CLIENT_KEY: 'file with its key',
};
