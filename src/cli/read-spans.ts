/** Logs → the spans of all of them, for the commands that show instead of send. */
import type { AgentSpan } from '../model/span.ts';
import { createState } from '../reconstruct/state.ts';
import { openInput } from './input.ts';
import type { Interrupts } from './interrupts.ts';
import type { Io } from './io.ts';
import { createLogClock } from './log-clock.ts';
import { startProgress } from './progress.ts';
import { type ReconstructFlags, reconstructOptions } from './reconstruct-options.ts';
import { assertAccounted, createReport, type Report } from './report.ts';
import { takeIn, takeRest } from './take-in.ts';

export interface ReadSpans {
  readonly spans: readonly AgentSpan[];
  readonly report: Report;
  /** True for a pipe, which an interrupt ends as a matter of course. */
  readonly live: boolean;
}

export async function readSpans(
  logs: readonly string[],
  flags: ReconstructFlags,
  io: Io,
  { signal }: Pick<Interrupts, 'signal'>,
  command: string,
): Promise<ReadSpans> {
  const report = createReport(logs.length);
  const input = await openInput(logs, flags, io, signal, report, command);
  const reading = {
    report,
    clock: createLogClock(),
    state: createState(reconstructOptions(flags, { live: false, progress: undefined })),
  };
  const progress = startProgress(io, false);
  const spans: AgentSpan[] = [];
  try {
    for await (const lines of input.lines) {
      spans.push(...takeIn(reading, lines).spans);
      progress.tell(report);
    }
    for (const span of takeRest(reading).spans) spans.push(span);
  } finally {
    progress.stop();
  }
  assertAccounted(report);
  return { spans, report, live: input.live };
}
