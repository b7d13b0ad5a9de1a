/**
 * Both sides of the journal: outcome listeners that note what has its outcome, and sinks that skip it in the next run.
 * What is skipped is counted with the outcome it had.
 */

import type { OutcomeListeners } from '../../export/destination.ts';
import { part, pointsIn } from '../../export/metrics/series.ts';
import type { MetricSnapshot } from '../../model/otel.ts';
import {
  type Delivery,
  type DeliveryAccount,
  NO_COUNTS,
  NO_OUTCOME,
  type OutcomeCounts,
  plus,
} from '../../model/sink.ts';
import type { Journal, JournalLine, JournalState, SettledPoints } from './journal.ts';
import { createSpanKeys, type SpanKey, type SpanKeys } from './span-key.ts';

/**
 * @param linesSoFar number of lines read over all runs
 * @param isDone false for an outcome after which the next run sends the items again
 */
export function outcomeListeners(
  { note }: Journal,
  earlier: JournalState | undefined,
  linesSoFar: () => number,
  isDone: (how: OutcomeCounts) => boolean = () => true,
): OutcomeListeners {
  /** By destination: the last snapshot, and how many of its points have their outcome; NaN when an earlier part is not done. */
  const last = new Map<string, { readonly time: number; readonly through: number }>();

  /** A snapshot may be sent in parts, one after the other. */
  function throughOf(to: string, time: number): number {
    const known = last.get(to);
    if (known?.time === time) return known.through;
    return earlier?.points.get(to)?.get(time)?.through ?? 0;
  }

  const noteSpans = (to: string, keys: SpanKeys) => (how: OutcomeCounts) => {
    if (isDone(how)) note({ kind: 'spans', lines: linesSoFar(), to, keys: keys.toText(), how });
  };

  return {
    forSpans(to) {
      const keys = createSpanKeys();
      return { add: keys.add, onOutcome: noteSpans(to, keys) };
    },
    forTree(to) {
      const keys = createSpanKeys();
      return { add: keys.addAgent, onOutcome: noteSpans(to, keys) };
    },
    forPoints(to) {
      const parts: { readonly time: number; readonly points: number }[] = [];
      return {
        add: (snapshot) => parts.push({ time: timeOf(snapshot), points: pointsIn(snapshot) }),
        onOutcome(how) {
          const lines = parts.flatMap(({ time, points }, at): JournalLine[] => {
            const through = isDone(how) ? throughOf(to, time) + points : Number.NaN;
            last.set(to, { time, through });
            if (Number.isNaN(through)) return [];
            // The counts of a request are noted once, however many snapshots are in it.
            return [
              { kind: 'points', lines: linesSoFar(), to, time, through, how: at === 0 ? how : NO_OUTCOME },
            ];
          });
          if (lines.length > 0) note(...lines);
        },
      };
    },
  };
}

/**
 * @param settled spans that are skipped, each removed when it was. `undefined`: none.
 * @param onSkipped gets the spans that were skipped
 */
export function skipSettledSpans<Span>(
  sink: Delivery<Span>,
  settled: Map<SpanKey, OutcomeCounts> | undefined,
  keyOf: (span: Span) => SpanKey,
  onSkipped?: (spans: readonly Span[]) => void,
): Delivery<Span> {
  if (settled === undefined) return sink;
  const skipped = countSkipped(sink);
  return {
    ...sink,
    ...skipped.accounts,
    async write(spans) {
      if (settled.size === 0) return await sink.write(spans);
      const [known, fresh]: [Span[], Span[]] = [[], []];
      for (const span of spans) {
        const key = keyOf(span);
        const isKnown = skipped.add(settled.get(key));
        settled.delete(key);
        (isKnown ? known : fresh).push(span);
      }
      if (known.length > 0) onSkipped?.(known);
      if (fresh.length > 0) await sink.write(fresh);
    },
  };
}

/** The same for metrics: of a snapshot that was sent in part, the rest is sent. */
export function skipSettledPoints(
  sink: Delivery<MetricSnapshot>,
  settled: ReadonlyMap<number, SettledPoints> | undefined,
): Delivery<MetricSnapshot> {
  if (settled === undefined) return sink;
  const skipped = countSkipped(sink);
  return {
    ...sink,
    ...skipped.accounts,
    async write(snapshots) {
      for (const snapshot of snapshots) {
        const known = settled.get(timeOf(snapshot));
        skipped.add(known?.how);
        const total = pointsIn(snapshot);
        const through = known?.through ?? 0;
        if (through < total) await sink.write([through === 0 ? snapshot : part(snapshot, through, total)]);
      }
    },
  };
}

/** Accounts that include what was skipped. */
function countSkipped({ soFar, finish }: Pick<Delivery<never>, 'soFar' | 'finish'>) {
  let before = NO_COUNTS;
  const whole = (account: DeliveryAccount): DeliveryAccount => {
    const made = account.made + before.accepted + before.rejected + before.failed;
    return { ...account, ...plus(account, before), made };
  };
  return {
    /** False when there is nothing to skip. */
    add(outcome: OutcomeCounts | undefined): boolean {
      if (outcome !== undefined) before = plus(before, outcome);
      return outcome !== undefined;
    },
    accounts: {
      soFar: () => whole(soFar()),
      finish: async (withinMillis?: number) => whole(await finish(withinMillis)),
    },
  };
}

/** Identifies a snapshot: its place, or the time of all its points, which no other snapshot of a log has. */
function timeOf({ metrics, place }: MetricSnapshot): number {
  return place ?? metrics[0]?.points[0]?.endTime ?? 0;
}
