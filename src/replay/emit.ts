/** Emits what a batch finished: spans and their measurements. There is no path that drops. */
import type { Convention } from '../conventions/convention.ts';
import type { AgentSpan } from '../model/span.ts';
import { epochMicros, shift } from '../model/time.ts';
import type { Budgets } from './budgets.ts';
import type { Destinations } from './destinations.ts';
import { type Batch, type Ingestion, priced } from './ingest.ts';
import { type Input, type LineBatch, SILENCE } from './input.ts';
import type { LogRepeats, Measured } from './recent.ts';
import { shifted } from './time-shift.ts';

/** What a replay works with, from its first line to its account. */
export interface Run extends Emission {
  readonly input: Input;
  readonly repeats: LogRepeats;
}

/** What is needed from a line to its spans' destinations. */
export interface Emission extends Ingestion {
  readonly names: Convention;
  readonly destinations: Destinations;
  readonly budgets: Budgets | undefined;
  /** `undefined` when nothing is followed: finished logs are read once. */
  readonly measured: Measured | undefined;
  /** False for a span that an earlier run has measured; `undefined`: all are new. */
  readonly isNew: ((span: AgentSpan) => boolean) | undefined;
  /** By how much the whole log is moved; 0: not at all. */
  readonly shiftMicros: number;
}

/** Waits while a destination has no room. */
export async function emit(run: Emission, batch: Batch): Promise<void> {
  const { report, destinations, budgets, shiftMicros } = run;
  if (report.firstEvent !== undefined) destinations.startAt(shift(report.firstEvent, shiftMicros));
  if (batch.spans.length === 0) return;
  const fresh = batch.counted.filter(
    ({ span }) => (run.isNew?.(span) ?? true) && (run.measured?.add(span) ?? true),
  );
  await measure(run, fresh);
  if (budgets !== undefined) for (const { span } of fresh) budgets.add(shifted(span, shiftMicros));
  const spans = batch.spans.map((span) => shifted(span, shiftMicros));
  await destinations.write(spans);
}

/** Emits spans that have not ended. They are measured when they have, so that nothing counts twice. */
export async function emitOpen(run: Run, spans: readonly AgentSpan[]): Promise<void> {
  if (spans.length === 0) return;
  run.report.sentOpen += spans.length;
  const { redaction } = run.report;
  const whole = spans.map((span) => redaction.typed(priced(span, run.prices)));
  await run.destinations.writeOpen(whole.map((span) => shifted(span, run.shiftMicros)));
}

/** Metrics are computed from the very spans that leave, so the two cannot disagree. */
async function measure(run: Emission, counted: Batch['counted']): Promise<void> {
  const { report, names, destinations, shiftMicros } = run;
  for (const { span, time } of counted) {
    const measurements = names.measure(span);
    if (measurements.length === 0) continue;
    for (const { instrument } of measurements) report.metrics.add(instrument);
    const snapshot = destinations.measure(shift(time, shiftMicros), measurements);
    if (snapshot !== undefined) await snapshot;
  }
}

/**
 * A log that is being written may fall silent in the middle of an interval: then its metrics leave when the interval is
 * over by the wall clock. No point of an old log depends on the wall clock.
 */
export function liveMetrics({ state, destinations, shiftMicros }: Run, intervalMillis: number) {
  let isFresh = false;
  return {
    /** Called after each batch has been emitted. */
    async after(batch: LineBatch): Promise<void> {
      const now = epochMicros(Date.now() * 1000);
      if (batch === SILENCE) return isFresh ? await destinations.wait(now) : undefined;
      isFresh = now - (state.clock + shiftMicros) < intervalMillis * 1000;
    },
  };
}
