/** `hermes-otel convert`: logs, above all databases, as one hook log in order of time, for people to look at and programs to keep. */
import { mergeByTime } from '../../input/merge.ts';
import { visible } from '../../model/visible.ts';
import { lineTime, type OpenedLines, openLines } from '../../replay/input.ts';
import { createReport } from '../../replay/report.ts';
import type { CommandSpec } from '../command.ts';
import { findLogs } from '../find-logs.ts';
import { type FlagValues, readFlags, textFlag } from '../flags.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { startProgress } from '../progress.ts';
import { INPUT_FLAGS } from '../replay-flags.ts';
import { agentLogsOf, logsOf } from '../to-options.ts';
import { writeFile } from './view-files.ts';

const CONVERT_FLAGS = {
  output: textFlag('-o, --output <file>', 'write to this file; - is standard output', { fallback: '-' }),
  captureContent: INPUT_FLAGS.captureContent,
  hermesHome: INPUT_FLAGS.hermesHome,
  agentLog: INPUT_FLAGS.agentLog,
} as const;

export const CONVERT: CommandSpec = {
  words: { '[log...]': 'databases and other logs, or - for standard input' },
  flags: CONVERT_FLAGS,
  examples: {
    'hermes-otel convert ~/.hermes/state.db -o events.ndjson': 'what a recorder would have written',
    'hermes-otel convert --hermes-home ~/.hermes | less': 'all profiles, with what was recorded',
  },
  run: (command, io) => convert(command.args, readFlags(CONVERT_FLAGS, command, io.env), io),
};

/** @returns 1 when a part of a log could not be read. */
async function convert(
  logs: readonly string[],
  flags: FlagValues<typeof CONVERT_FLAGS>,
  io: Io,
): Promise<number> {
  const interrupt = watchInterrupts(io);
  const progress = startProgress(io, false);
  const report = createReport(logs.length);
  const options = {
    agentLogs: agentLogsOf(flags),
    captureContent: flags.captureContent,
    signal: interrupt.signal,
  };
  const named = logsOf(await findLogs(logs, flags, io, 'convert'), io, 'convert');
  const opened = await openLines(named, { options, report });
  try {
    const file = { flag: '--output', file: flags.output ?? '-', ownerOnly: true };
    await writeFile(file, textOf(opened, progress.update), io);
  } finally {
    progress.stop();
    interrupt.stop();
    await opened.close();
  }
  for (const { message, at } of report.diagnostics)
    io.stderr.write(`hermes-otel: ${visible(`${at?.source}: ${message}`)}.\n`);
  return report.diagnostics.some(({ severity }) => severity === 'error') ? 1 : 0;
}

async function* textOf(
  { sources }: OpenedLines,
  onProgress: (read: { readonly lines: number }) => void,
): AsyncGenerator<string, void, undefined> {
  let lines = 0;
  for await (const batch of mergeByTime(sources, lineTime)) {
    yield batch.map(({ text }) => `${text}\n`).join('');
    lines += batch.length;
    onProgress({ lines });
  }
}
