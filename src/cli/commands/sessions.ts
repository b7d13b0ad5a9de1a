/** `hermes-otel sessions`: what was recorded, one line a session. */
import type { Command } from 'commander';
import { addColorFlags, colorFlag, pageFor } from '../colors.ts';
import { endOfReading } from '../exit-code.ts';
import { LOG_ARGUMENT } from '../find-logs.ts';
import { addFlags, type FlagValues, optionalCountFlag, readFlags, switchFlag, textFlag } from '../flags.ts';
import { addExamples } from '../help.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { readLog } from '../read-log.ts';
import { SPAN_FLAGS } from '../replay-flags.ts';
import { writeTo } from '../write-to.ts';
import type { Exit } from './commands.ts';

const { captureContent: _content, tracePer: _tracePer, ...READ_FLAGS } = SPAN_FLAGS;

const SESSION_FLAGS = {
  grep: textFlag({
    flags: '--grep <text>',
    help: 'only sessions in which the text was said, run or answered',
  }),
  last: optionalCountFlag({ flags: '--last [count]', help: 'only the latest session, or so many of them' }),
  json: switchFlag({ flags: '--json', help: 'write JSON' }),
  ...READ_FLAGS,
} as const;

type SessionFlags = FlagValues<typeof SESSION_FLAGS> & { readonly color: boolean | undefined };

export function registerSessions(program: Command, io: Io, exit: Exit): void {
  const command = program.command('sessions').argument('[log...]', LOG_ARGUMENT);
  addFlags(command, SESSION_FLAGS);
  addColorFlags(command);
  addExamples(command, [
    ['hermes-otel sessions --since 24h', 'the sessions of today'],
    ["hermes-otel sessions --grep 'docker compose'", 'where was that?'],
  ]);
  command.action(async (logs: string[]) => {
    exit(
      await sessions(logs, { ...readFlags(SESSION_FLAGS, command, io.env), color: colorFlag(command) }, io),
    );
  });
}

/** Content is read for the first words of each session. */
async function sessions(logs: readonly string[], flags: SessionFlags, io: Io): Promise<number> {
  const interrupt = watchInterrupts(io);
  const reading = { ...flags, captureContent: true, tracePer: 'session' as const };
  const read = await readLog(logs, reading, io, { interrupt, command: 'sessions' });
  interrupt.stop();
  const [{ renderSessions }, { latestSessions }] = await Promise.all([
    import('../../view/session-list.ts'),
    import('../../view/selection.ts'),
  ]);
  const text = renderSessions(
    flags.last === undefined ? read.spans : latestSessions(read.spans, flags.last),
    {
      ...(await pageFor(io, flags.color)),
      json: flags.json,
      grep: flags.grep,
    },
  );
  await writeTo(io.stdout)(text);
  return endOfReading(read, interrupt, io);
}
