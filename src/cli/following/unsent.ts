/** Sinks that are given only what has no outcome yet. What an earlier run saw to is counted as it ended then. */
import { part, pointsIn } from '../../export/delivery/metric-rules.ts';
import type { MetricSnapshot } from '../../model/otel.ts';
import type { DeliveryAccount, FinishedSpan, Settlement } from '../../model/sink.ts';
import type { EpochMicros } from '../../model/time.ts';
import type { MetricEnd, SpanEnd } from '../exporters.ts';
import { NOTHING, type SettledPoints, sumOf } from './journal.ts';
import { type Sending, sendingOf } from './sendings.ts';
import { timeOf } from './witnesses.ts';

/** @param earlier what is met is taken out. `undefined`: everything is new. */
export function unsentSpans(sink: SpanEnd, earlier: Map<Sending, Settlement> | undefined): SpanEnd {
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
export function unsentPoints(
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
    add(settlement: Settlement | undefined): boolean {
      if (settlement !== undefined) before = sumOf(before, settlement);
      return settlement !== undefined;
    },
    accounts: {
      soFar: () => whole(soFar()),
      finish: async (withinMillis?: number) => whole(await finish(withinMillis)),
    },
  };
}
