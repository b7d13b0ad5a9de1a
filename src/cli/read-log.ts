/** Reads the spans of logs for the commands that show instead of send, with progress at a terminal. */
import { type ReadSpans, readSpans } from '../replay/spans.ts';
import { findLogs } from './find-logs.ts';
import type { Interrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { startProgress } from './progress.ts';
import { logsOf, type SpanFlags, spanOptions } from './to-options.ts';

interface Reading {
  readonly interrupt: Pick<Interrupts, 'signal'>;
  /** Whose help a `CliError` points to. */
  readonly command: string;
}

export async function readLog(
  logs: readonly string[],
  flags: SpanFlags,
  io: Io,
  { interrupt, command }: Reading,
): Promise<ReadSpans> {
  const progress = startProgress(io, false);
  const options = { ...spanOptions(flags), signal: interrupt.signal, on: { lines: progress.update } };
  try {
    return await readSpans(logsOf(await findLogs(logs, flags, io, command), io, command), options);
  } finally {
    progress.stop();
  }
}
