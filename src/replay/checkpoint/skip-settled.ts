import { createSendings, type Sending, sendingOf } from './span-key.ts';

/** Sinks that are given only what has no outcome yet. What an earlier run saw to is counted as it ended then. */

import type { OutcomeListeners } from '../../export/destination.ts';
import { part, pointsIn } from '../../export/otlp/metric-encoder.ts';
import type { MetricSnapshot } from '../../model/otel.ts';
import type { DeliveryAccount, FinishedSpan, OutcomeCounts } from '../../model/sink.ts';
import { type EpochMicros, epochMicros } from '../../model/time.ts';
import type { MetricEnd, SpanEnd } from '../destinations.ts';
import { type Earlier, type JournalLine, NOTHING, type Note, type SettledPoints, sumOf } from './journal.ts';

/** @param earlier what is met is taken out. `undefined`: everything is new. */
export function skipSettledSpans(sink: SpanEnd, earlier: Map<Sending, OutcomeCounts> | undefined): SpanEnd {
  if (earlier === undefined) return sink;
  const count = counting(sink);
  return {
    ...sink,
    ...count.accounts,
    async write(spans) {
      if (earlier.size === 0) return await sink.write(spans);
      const [known, fresh]: [FinishedSpan[], FinishedSpan[]] = [[], []];
      for (const span of spans) {
        const sending = sendingOf(span.otel);
        const isKnown = count.add(earlier.get(sending));
        earlier.delete(sending);
        (isKnown ? known : fresh).push(span);
      }
      if (known.length > 0) sink.goOn?.(known);
      if (fresh.length > 0) await sink.write(fresh);
    },
  };
}

/** The same of metrics: of a snapshot that was half through, the other half. `earlier` is by the time of the snapshot. */
export function skipSettledPoints(
  sink: MetricEnd,
  earlier: Map<EpochMicros, SettledPoints> | undefined,
): MetricEnd {
  if (earlier === undefined) return sink;
  const count = counting(sink);
  return {
    ...sink,
    ...count.accounts,
    async write(snapshot: MetricSnapshot) {
      const known = earlier.get(timeOf(snapshot));
      count.add(known?.how);
      const total = pointsIn(snapshot);
      const through = known?.through ?? 0;
      if (through < total) await sink.write(through === 0 ? snapshot : part(snapshot, through, total));
    },
  };
}

function counting({ soFar, finish }: Pick<SpanEnd, 'soFar' | 'finish'>) {
  let before = NOTHING;
  const whole = (account: DeliveryAccount): DeliveryAccount => {
    const made = account.made + before.accepted + before.rejected + before.failed;
    return { ...account, ...sumOf(account, before), made };
  };
  return {
    /** @returns false when there is nothing to count. */
    add(settlement: OutcomeCounts | undefined): boolean {
      if (settlement !== undefined) before = sumOf(before, settlement);
      return settlement !== undefined;
    },
    accounts: {
      soFar: () => whole(soFar()),
      finish: async (withinMillis?: number) => whole(await finish(withinMillis)),
    },
  };
}

/** What has its outcome is noted in the journal at that moment, for the next run to know. */
/** @param linesSoFar read, over all runs */
export function outcomeListeners(
  note: Note,
  earlier: Earlier | undefined,
  linesSoFar: () => number,
): OutcomeListeners {
  /** By destination: the snapshot that was under way last, and how many of its points are through. */
  const last = new Map<string, { readonly time: EpochMicros; readonly through: number }>();

  /** A snapshot may leave in parts, one after the other. */
  function countOf(to: string, time: EpochMicros): number {
    const known = last.get(to);
    if (known?.time === time) return known.through;
    return earlier?.points.get(to)?.get(time)?.through ?? 0;
  }

  return {
    forSpans(to) {
      const sendings = createSendings();
      return {
        add: sendings.add,
        onOutcome: (how) =>
          note({ kind: 'spans', lines: linesSoFar(), to, sendings: sendings.toText(), how }),
      };
    },
    forPoints(to) {
      const parts: { readonly time: EpochMicros; readonly points: number }[] = [];
      return {
        add: (snapshot) => parts.push({ time: timeOf(snapshot), points: pointsIn(snapshot) }),
        onOutcome(how) {
          const lines = parts.map(({ time, points }, at): JournalLine => {
            const through = countOf(to, time) + points;
            last.set(to, { time, through });
            // How a request ended is told once, whatever was in it.
            return { kind: 'points', lines: linesSoFar(), to, time, through, how: at === 0 ? how : NOTHING };
          });
          note(...lines);
        },
      };
    },
  };
}

/** All points of a snapshot have it, and no other snapshot of the log does. */
export function timeOf({ metrics }: MetricSnapshot): EpochMicros {
  return metrics[0]?.points[0]?.endTime ?? epochMicros(0);
}
