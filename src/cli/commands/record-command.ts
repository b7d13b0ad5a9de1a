/**
 * `hermes-otel record` as the help and the manual know it. When a hook calls it, `bin/` goes straight to `record.ts`:
 * the agent waits, so neither commander nor this file is loaded then.
 */
import type { Command } from 'commander';
import { addFlags, readFlags, textFlag } from '../flags.ts';
import { addExamples, addVariables } from '../help.ts';
import type { Io } from '../io.ts';
import { record } from '../record.ts';
import type { Exit } from './commands.ts';

const RECORD_FLAGS = {
  out: textFlag({
    flags: '--out <file>',
    help: 'the log to append to (env: HERMES_OTEL_RECORD_FILE, default: ~/.hermes/hermes-otel/hooks.ndjson)',
  }),
} as const;

export function registerRecord(program: Command, io: Io, exit: Exit): void {
  const command = program
    .command('record')
    // A hook must never fail, so a word that is not known is no reason to.
    .allowUnknownOption()
    .allowExcessArguments();
  addFlags(command, RECORD_FLAGS);
  addVariables(command, [
    ['HERMES_OTEL_ENABLED', 'false: nothing is written'],
    ['HERMES_OTEL_RECORD_CONTENT', 'false: messages, arguments and results are left out'],
    ['HERMES_OTEL_RECORD_MAX_CHARS', 'longest text that is written whole (default: 4096)'],
    ['HERMES_OTEL_RECORD_MAX_BYTES', 'the log is renamed before it grows beyond this (default: 67108864)'],
    ['HERMES_OTEL_RECORD_KEEP', 'how many renamed logs are kept (default: 5)'],
  ]);
  addExamples(command, [
    ['hermes-otel init --shell-hooks --yes', 'lets Hermes call it at every event'],
    ['hermes-otel record --out /var/log/hermes.ndjson < event.json', 'what Hermes then does'],
  ]);
  command.action(async () => {
    const { out } = readFlags(RECORD_FLAGS, command, {});
    exit(await record(out === undefined ? [] : ['--out', out], io));
  });
}
