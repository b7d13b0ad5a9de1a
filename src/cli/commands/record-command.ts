/** `hermes-otel record` in the help and the manual. For a hook, `bin/` loads `record.ts` directly, without commander, to start fast. */
import type { Command } from 'commander';
import { addFlags, readFlags, textFlag } from '../flags.ts';
import { addExamples, addVariables } from '../help.ts';
import type { Io } from '../io.ts';
import { record } from '../record.ts';
import type { Exit } from './commands.ts';

const RECORD_FLAGS = {
  out: textFlag({
    flags: '--out <file>',
    help: 'log to append to (env: HERMES_OTEL_RECORD_FILE, default: ~/.hermes/hermes-otel/hooks.ndjson)',
  }),
} as const;

export function registerRecord(program: Command, io: Io, exit: Exit): void {
  const command = program
    .command('record')
    // A hook must never fail, so unknown flags are accepted.
    .allowUnknownOption()
    .allowExcessArguments();
  addFlags(command, RECORD_FLAGS);
  addVariables(command, [
    ['HERMES_OTEL_ENABLED', 'false: write nothing'],
    ['HERMES_OTEL_RECORD_CONTENT', 'false: leave out messages, arguments and results'],
    [
      'HERMES_OTEL_RECORD_MESSAGES',
      'true: write requests and responses of models too, about 8 KB for each API call',
    ],
    ['HERMES_OTEL_RECORD_MAX_CHARS', 'truncate longer texts (default: 4096)'],
    ['HERMES_OTEL_RECORD_MAX_BYTES', 'rotate the log before it grows beyond this (default: 67108864)'],
    ['HERMES_OTEL_RECORD_KEEP', 'number of rotated logs to keep (default: 5)'],
  ]);
  addExamples(command, [
    ['hermes-otel init --shell-hooks --yes', 'make Hermes run it for every event'],
    ['hermes-otel record --out /var/log/hermes.ndjson < event.json', 'what Hermes runs'],
  ]);
  command.action(async () => {
    const { out } = readFlags(RECORD_FLAGS, command, {});
    exit(await record(out === undefined ? [] : ['--out', out], io));
  });
}
