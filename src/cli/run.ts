/** What a replay works with, from its first line to its account. */
import type { Convention } from '../conventions/convention.ts';
import type { FinishedSpan } from '../model/sink.ts';
import type { AgentSpan } from '../model/span.ts';
import type { State } from '../reconstruct/state.ts';
import type { Budgets } from './budgets.ts';
import type { Destinations } from './destinations.ts';
import type { DiagnosticLog } from './diagnostic-log.ts';
import type { Input } from './input.ts';
import type { LogClock } from './log-clock.ts';
import { shifted } from './log-time.ts';
import type { Progress } from './progress.ts';
import type { Report } from './report.ts';

export interface Run {
  readonly input: Input;
  readonly report: Report;
  readonly diagnosticLog: DiagnosticLog | undefined;
  readonly names: Convention;
  readonly destinations: Destinations;
  readonly state: State;
  readonly clock: LogClock;
  readonly progress: Progress;
  readonly budgets: Budgets | undefined;
  /** By how much the whole log is moved; 0: not at all. */
  readonly shiftMicros: number;
}

export function namedSpan({ names }: Pick<Run, 'names'>, span: AgentSpan): FinishedSpan {
  return { agent: span, otel: names.toSpan(span) };
}

/** Sends spans that have not ended. They are measured when they have, so that nothing counts twice. */
export async function sendOpen(run: Run, spans: readonly AgentSpan[]): Promise<void> {
  if (spans.length === 0) return;
  run.report.sentOpen += spans.length;
  await run.destinations.write(spans.map((span) => namedSpan(run, shifted(span, run.shiftMicros))));
}
