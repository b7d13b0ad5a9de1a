/** What has its outcome is noted in the journal at that moment, for the next run to know. */
import { pointsIn } from '../export/delivery/metric-rules.ts';
import type { OnSettled } from '../export/destination.ts';
import type { MetricSnapshot } from '../model/metric.ts';
import type { Settlement } from '../model/sink.ts';
import { type EpochMicros, epochMicros } from '../model/time.ts';
import { type JournalLine, sendingOf } from './journal.ts';

export interface Outcomes extends OnSettled {
  /** A snapshot is on its way: it may leave in parts, and has its outcome when all of them have theirs. */
  expect(destination: string, snapshot: MetricSnapshot): void;
}

/** Of one destination. */
interface Expected {
  /** How many points of a snapshot have no outcome yet, by its time. */
  readonly left: Map<EpochMicros, number>;
  /** How those ended that are in no line of the journal yet. */
  how: Settlement;
}

/** @param linesSoFar read, over all runs */
export function createOutcomes(note: (line: JournalLine) => void, linesSoFar: () => number): Outcomes {
  const expectations = new Map<string, Expected>();
  const expectedOf = (to: string) => {
    const expected = expectations.get(to) ?? { left: new Map(), how: NOTHING };
    expectations.set(to, expected);
    return expected;
  };
  return {
    expect(to, snapshot) {
      expectedOf(to).left.set(timeOf(snapshot), pointsIn(snapshot));
    },
    spans(to, spans, how) {
      note({ kind: 'spans', lines: linesSoFar(), to, spans: spans.map(sendingOf), how });
    },
    points(to, snapshots, how) {
      const expected = expectedOf(to);
      expected.how = sumOf(expected.how, how);
      for (const snapshot of snapshots) {
        const time = timeOf(snapshot);
        const left = (expected.left.get(time) ?? 0) - pointsIn(snapshot);
        expected.left.set(time, left);
        if (left > 0) continue;
        expected.left.delete(time);
        note({ kind: 'points', lines: linesSoFar(), to, time, how: expected.how });
        expected.how = NOTHING;
      }
    },
  };
}

/** All points of a snapshot have it, and no other snapshot of the log does. */
export function timeOf({ metrics }: MetricSnapshot): EpochMicros {
  return metrics[0]?.points[0]?.endTime ?? epochMicros(0);
}

export const NOTHING: Settlement = { accepted: 0, rejected: 0, failed: 0, deadLettered: 0 };

export function sumOf(a: Settlement, b: Settlement): Settlement {
  return {
    accepted: a.accepted + b.accepted,
    rejected: a.rejected + b.rejected,
    failed: a.failed + b.failed,
    deadLettered: a.deadLettered + b.deadLettered,
  };
}
