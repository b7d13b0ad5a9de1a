/** `main(argv, io)`: one command from its words to its exit code. Everything ambient comes in through `io`. */
import { CommanderError } from 'commander';
import { ReplayError } from '../replay/replay-error.ts';
import { CliError } from './cli-error.ts';
import { COMMANDS } from './commands/commands.ts';
import { guardedOutput } from './guarded-output.ts';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';
import { allowLeaving } from './write-to.ts';

/** 2: could not run. A wrong flag is a reason too; commander alone would say 1. */
const COULD_NOT_RUN = 2;

/** @returns 0 done, 1 done with problems, 2 could not run. Throws only for a bug of ours. */
export async function main(argv: readonly string[], given: Io): Promise<number> {
  const io = guardedIo(given);
  allowLeaving(io.stdout);
  // Talk that nobody hears any more, and nobody else to tell that: no reason to stop.
  io.stderr.on('error', () => {});
  let exitCode = 0;
  try {
    const program = await createProgram(COMMANDS, calledBy(argv), io, (code) => {
      exitCode = code;
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : COULD_NOT_RUN;
    if (!(error instanceof CliError || error instanceof ReplayError)) throw error;
    io.stderr.write(`hermes-otel: ${error.message}${hintFor(error)}\n`);
    return error instanceof ReplayError && error.code === 'lost-lock' ? 1 : COULD_NOT_RUN;
  }
}

/** The same world, in which nothing that is printed gives commands to a CI runner. */
function guardedIo(io: Io): Io {
  return {
    env: io.env,
    stdin: io.stdin,
    stdout: guardedOutput(io.stdout),
    stderr: guardedOutput(io.stderr),
    pid: io.pid,
    ...(io.versions && { versions: io.versions }),
    cwd: () => io.cwd(),
    kill: (pid, signal) => io.kill(pid, signal),
    on: (event, listener) => io.on(event, listener),
    off: (event, listener) => io.off(event, listener),
  };
}

/** Only the command that is called is loaded whole: start-up stays short. */
function calledBy(argv: readonly string[]): (name: string) => boolean {
  const called = argv.find((word) => !word.startsWith('-'));
  return (name) => name === called || (called === 'help' && argv.includes(name));
}

/** What the library cannot say, as it knows no flags. */
function hintFor(error: CliError | ReplayError): string {
  return error instanceof ReplayError && error.code === 'no-times'
    ? ' Or give artificial times with --assume-times.'
    : '';
}
