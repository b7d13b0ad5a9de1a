/** The program as commander knows it: its name, its version, its commands. */
import { Command } from 'commander';
import { packageVersion } from '../replay/origin.ts';
import { helpWidth } from './colors.ts';
import type { CommandEntry } from './command.ts';
import type { Io } from './io.ts';

/** Commands that are `wanted` are loaded whole; of the others, the program knows the name and one line of help. */
export async function createProgram(
  commands: readonly CommandEntry[],
  wanted: (name: string) => boolean,
  io: Io,
  exit: (code: number) => void,
): Promise<Command> {
  const program = new Command('hermes-otel')
    .description('Replay recorded hook logs of the Hermes AI agent into OpenTelemetry traces and metrics.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => helpWidth(io.stdout),
      getErrHelpWidth: () => helpWidth(io.stdout),
    })
    // Choices and defaults stand in our own words in the description already.
    .configureHelp({ optionDescription: ({ description }) => description });
  for (const entry of commands) {
    if (wanted(entry.name)) await (await import('./command.ts')).addCommand(program, entry, io, exit);
    else program.command(entry.name).description(entry.summary);
  }
  return program;
}
