/** `hermes-otel record` in the help and the manual. For a hook, `bin/` loads `record.ts` directly, without commander, to start fast. */
import type { CommandSpec } from '../command.ts';
import { readFlags, textFlag } from '../flags.ts';
import { record } from '../record.ts';

const RECORD_FLAGS = {
  out: textFlag(
    '--out <file>',
    'log to append to (env: HERMES_OTEL_RECORD_FILE, default: ~/.hermes/hermes-otel/hooks.ndjson)',
  ),
} as const;

export const RECORD: CommandSpec = {
  flags: RECORD_FLAGS,
  // A hook must never fail, so unknown flags are accepted.
  adjust: (command) => command.allowUnknownOption().allowExcessArguments(),
  variables: {
    HERMES_OTEL_ENABLED: 'false: write nothing',
    HERMES_OTEL_RECORD_CONTENT: 'false: leave out messages, arguments and results',
    HERMES_OTEL_RECORD_MESSAGES:
      'true: write requests and responses of models too, about 8 KB for each API call',
    HERMES_OTEL_RECORD_MAX_CHARS: 'truncate longer texts (default: 4096)',
    HERMES_OTEL_RECORD_MAX_BYTES: 'rotate the log before it grows beyond this (default: 67108864)',
    HERMES_OTEL_RECORD_KEEP: 'number of rotated logs to keep (default: 5)',
  },
  examples: {
    'hermes-otel init --shell-hooks --yes': 'make Hermes run it for every event',
    'hermes-otel record --out /var/log/hermes.ndjson < event.json': 'what Hermes runs',
  },
  run: (command, io) => {
    const { out } = readFlags(RECORD_FLAGS, command, {});
    return record(out === undefined ? [] : ['--out', out], io);
  },
};
