/** `main(argv, io)` runs one command and returns its exit code. Everything ambient comes in through `io`. */
import { CommanderError } from 'commander';
import { OptionError } from '../export/settings/settings.ts';
import { visible } from '../model/visible.ts';
import { ReplayError } from '../replay/replay-error.ts';
import { CliError } from './cli-error.ts';
import { COMMANDS } from './commands/commands.ts';
import { guardedOutput } from './guarded-output.ts';
import type { Io } from './io.ts';
import { createProgram } from './program.ts';
import { allowLeaving } from './write-to.ts';

/** 2: could not run. Also for a wrong flag, for which commander alone would return 1. */
const COULD_NOT_RUN = 2;

/** @returns 0 done, 1 done with problems, 2 could not run, 75 start `consume` again. Throws only for our own bugs. */
export async function main(argv: readonly string[], given: Io): Promise<number> {
  const io = guardedIo(given);
  allowLeaving(io.stdout);
  // A closed standard error is no reason to stop, and there is nowhere to report it.
  io.stderr.on('error', () => {});
  let exitCode = 0;
  try {
    const program = await createProgram(COMMANDS, calledBy(argv), io, (code) => {
      exitCode = code;
    });
    program.hook('preAction', async (_, command) => {
      const { applyConfig } = await import('./config-file.ts');
      const file = await applyConfig(command, io);
      if (file !== undefined && command.getOptionValue('quiet') !== true) {
        io.stderr.write(`hermes-otel: settings from ${visible(file)}.\n`);
      }
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : COULD_NOT_RUN;
    if (!(error instanceof CliError || error instanceof ReplayError || error instanceof OptionError))
      throw error;
    io.stderr.write(`hermes-otel: ${error.message}${hintFor(error)}\n`);
    return error instanceof ReplayError && error.code === 'lost-lock' ? 1 : COULD_NOT_RUN;
  }
}

/** The same `io`, but printed text cannot be a command to a CI runner. */
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

/** Loads only the command that is called, which keeps start-up short. */
function calledBy(argv: readonly string[]): (name: string) => boolean {
  const called = argv.find((word) => !word.startsWith('-'));
  return (name) => name === called || (called === 'help' && argv.includes(name));
}

/** The flag to use. The library cannot name it, because it knows no flags. */
function hintFor(error: Error): string {
  return error instanceof ReplayError && error.code === 'no-times'
    ? ' Or give artificial times with --assume-times.'
    : '';
}
