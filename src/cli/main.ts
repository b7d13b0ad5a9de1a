/** `main(argv, io)`: one command from its words to its exit code. Everything ambient comes in through `io`. */
import { Command, CommanderError, Option } from 'commander';
import { CliError } from './cli-error.ts';
import { registerDoctor } from './doctor.ts';
import { addFlags, readBoolean, readFlags } from './flags.ts';
import { registerInit } from './init.ts';
import type { Io } from './io.ts';
import { REPLAY_FLAGS } from './replay-flags.ts';
import { registerStack } from './stack.ts';

/** 2: could not run. A wrong flag is a reason too; commander alone would say 1. */
const COULD_NOT_RUN = 2;

/** @returns 0 done, 1 done with problems, 2 could not run. Throws only for a bug of ours. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let exitCode = 0;
  const program = createProgram(io, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : COULD_NOT_RUN;
    if (!(error instanceof CliError)) throw error;
    io.stderr.write(`hermes-otel: ${error.message}\n`);
    return COULD_NOT_RUN;
  }
}

function createProgram(io: Io, exit: (code: number) => void): Command {
  const program = new Command('hermes-otel')
    .description('Replay recorded hook logs of the Hermes AI agent into OpenTelemetry traces and metrics.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => io.stdout.columns ?? 100,
    });
  registerReplay(program, io, exit);
  registerInit(program, io, exit);
  registerStack(program, io, exit);
  registerDoctor(program, io, exit);
  return program;
}

function registerReplay(program: Command, io: Io, exit: (code: number) => void): void {
  const command = program
    .command('replay')
    .description('logs → spans and metrics, at the times when things really happened')
    .argument('[log...]', 'files (also .gz), or - for standard input');
  addFlags(command, REPLAY_FLAGS);
  command.addOption(new Option('--color', 'paint, whatever the output is'));
  command.addOption(new Option('--no-color', 'never paint (env: NO_COLOR)'));
  command.action(async (logs: string[]) => {
    if (isDisabled(io)) return;
    const given = command.getOptionValueSource('color') === 'cli';
    const color = given ? command.getOptionValue('color') === true : undefined;
    const flags = { ...readFlags(REPLAY_FLAGS, command, io.env), color };
    const { replay } = await import('./replay.ts');
    exit(await replay(logs, flags, io));
  });
}

/** The seed's switch: with `HERMES_OTEL_ENABLED=false` nothing is done, and that is said. */
function isDisabled(io: Io): boolean {
  const value = io.env.HERMES_OTEL_ENABLED;
  if (value === undefined || value === '' || readBoolean(value, 'HERMES_OTEL_ENABLED')) return false;
  io.stderr.write('hermes-otel: HERMES_OTEL_ENABLED is false: nothing was done.\n');
  return true;
}
