/** Reads the spans of logs for the commands that show instead of send, with progress at a terminal. */
import { type ReadSpans, readSpans } from '../replay/spans.ts';
import { findLogs } from './find-logs.ts';
import type { Interrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { startProgress } from './progress.ts';
import { logsOf, type SpanFlags, spanOptions } from './to-options.ts';

/** With `last`, only the spans of so many sessions. `logs` of the result are the files that were named or found; empty for standard input. */
export async function readLog(
  logs: readonly string[],
  flags: SpanFlags & { readonly last?: number | undefined },
  io: Io,
  { interrupt, command }: { readonly interrupt: Interrupts; readonly command: string },
): Promise<ReadSpans & { readonly logs: readonly string[] }> {
  const progress = startProgress(io, false);
  const options = { ...spanOptions(flags), signal: interrupt.signal, on: { lines: progress.update } };
  try {
    const found = await findLogs(logs, flags, io, command);
    const read = await readSpans(logsOf(found, io, command), options);
    if (flags.last === undefined) return { ...read, logs: found };
    const { latestSessions } = await import('../view/selection.ts');
    return { ...read, spans: latestSessions(read.spans, flags.last), logs: found };
  } finally {
    progress.stop();
  }
}
