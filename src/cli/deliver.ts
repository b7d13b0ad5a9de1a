/** What a batch finished → the destinations: spans under their names, and what was measured. */
import { shift } from '../model/time.ts';
import { shifted } from './log-time.ts';
import { namedSpan, type Run } from './run.ts';
import type { Taken } from './take-in.ts';

/** The part of a run that spans go through. */
type Delivering = Pick<Run, 'report' | 'names' | 'destinations' | 'budgets' | 'shiftMicros'>;

/** Waits while a destination has no room: there is no path that drops. */
export async function deliver(run: Delivering, out: Taken): Promise<void> {
  const { report, destinations, budgets, shiftMicros } = run;
  if (report.firstEvent !== undefined) destinations.startAt(shift(report.firstEvent, shiftMicros));
  if (out.spans.length === 0) return;
  await measure(run, out);
  const spans = out.spans.map((span) => shifted(span, shiftMicros));
  if (budgets !== undefined) for (const span of spans) budgets.add(span);
  await destinations.write(spans.map((span) => namedSpan(run, span)));
}

/** Metrics are computed from the very spans that leave, so the two cannot disagree. */
async function measure(run: Delivering, { endings }: Taken): Promise<void> {
  const { report, names, destinations, shiftMicros } = run;
  for (const { span, time } of endings) {
    const measurements = names.measure(span);
    if (measurements.length === 0) continue;
    for (const { instrument } of measurements) report.metrics.add(instrument);
    const snapshot = destinations.measure(shift(time, shiftMicros), measurements);
    if (snapshot !== undefined) await snapshot;
  }
}
