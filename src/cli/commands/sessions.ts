/** `hermes-otel sessions`: what was recorded, one line a session. */
import { pageFor } from '../colors.ts';
import type { CommandSpec } from '../command.ts';
import { endOfReading } from '../exit-code.ts';
import { LOG_ARGUMENT } from '../find-logs.ts';
import {
  COLOR_FLAGS,
  type FlagValues,
  optionalCountFlag,
  readFlags,
  switchFlag,
  textFlag,
} from '../flags.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { readLog } from '../read-log.ts';
import { SPAN_FLAGS } from '../replay-flags.ts';
import { writeTo } from '../write-to.ts';

const { captureContent: _content, tracePer: _tracePer, ...READ_FLAGS } = SPAN_FLAGS;

const SESSION_FLAGS = {
  grep: textFlag('--grep <text>', 'only sessions in which the text was said, run or answered'),
  last: optionalCountFlag('--last [count]', 'only the latest session, or so many of them'),
  json: switchFlag('--json', 'write JSON'),
  ...READ_FLAGS,
  ...COLOR_FLAGS,
} as const;

export const SESSIONS: CommandSpec = {
  words: { '[log...]': LOG_ARGUMENT },
  flags: SESSION_FLAGS,
  examples: {
    'hermes-otel sessions --since 24h': 'the sessions of today',
    "hermes-otel sessions --grep 'docker compose'": 'where was that?',
  },
  run: (command, io) => sessions(command.args, readFlags(SESSION_FLAGS, command, io.env), io),
};

/** Content is read for the first words of each session. */
async function sessions(
  logs: readonly string[],
  flags: FlagValues<typeof SESSION_FLAGS>,
  io: Io,
): Promise<number> {
  const interrupt = watchInterrupts(io);
  const reading = { ...flags, captureContent: true, tracePer: 'session' as const };
  const read = await readLog(logs, reading, io, { interrupt, command: 'sessions' });
  interrupt.stop();
  const { renderSessions } = await import('../../view/session-list.ts');
  const text = renderSessions(read.spans, {
    ...(await pageFor(io, flags.color)),
    json: flags.json,
    grep: flags.grep,
  });
  await writeTo(io.stdout)(text);
  return endOfReading(read, interrupt, io);
}
