/** `main(argv, io)`: one command from its words to its exit code. Everything ambient comes in through `io`. */
import { Command, CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { COMMANDS, type Exit } from './commands.ts';
import { helpWidth } from './help.ts';
import type { Io } from './io.ts';
import { packageVersion } from './version.ts';

/** 2: could not run. A wrong flag is a reason too; commander alone would say 1. */
const COULD_NOT_RUN = 2;

/** @returns 0 done, 1 done with problems, 2 could not run. Throws only for a bug of ours. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  try {
    const program = await createProgram(io, argv, (code) => {
      exitCode = code;
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : COULD_NOT_RUN;
    if (!(error instanceof CliError)) throw error;
    io.stderr.write(`hermes-otel: ${error.message}\n`);
    return COULD_NOT_RUN;
  }
}

/** Only the command that is called is loaded whole: of the others, start-up knows the name and one line of help. */
async function createProgram(io: Io, argv: readonly string[], exit: Exit): Promise<Command> {
  const program = new Command('hermes-otel')
    .description('Replay recorded hook logs of the Hermes AI agent into OpenTelemetry traces and metrics.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => helpWidth(io.stdout),
    });
  const called = argv.find((word) => !word.startsWith('-'));
  for (const { name, summary, register } of COMMANDS) {
    const wanted = name === called || (called === 'help' && argv.includes(name));
    if (wanted) await register(program, io, exit);
    else program.command(name).description(summary);
  }
  return program;
}
