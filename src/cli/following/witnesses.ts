/** What has its outcome is noted in the journal at that moment, for the next run to know. */
import { pointsIn } from '../../export/delivery/metric-rules.ts';
import type { Witnesses } from '../../export/destination.ts';
import type { MetricSnapshot } from '../../model/otel.ts';
import { type EpochMicros, epochMicros } from '../../model/time.ts';
import { type Earlier, type JournalLine, NOTHING } from './journal.ts';
import type { Note } from './note.ts';
import { createSendings } from './sendings.ts';

/** @param linesSoFar read, over all runs */
export function createWitnesses(
  note: Note,
  earlier: Earlier | undefined,
  linesSoFar: () => number,
): Witnesses {
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
        settled: (how) => note({ kind: 'spans', lines: linesSoFar(), to, sendings: sendings.toText(), how }),
      };
    },
    forPoints(to) {
      const parts: { readonly time: EpochMicros; readonly points: number }[] = [];
      return {
        add: (snapshot) => parts.push({ time: timeOf(snapshot), points: pointsIn(snapshot) }),
        settled(how) {
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
