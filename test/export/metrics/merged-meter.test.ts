import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createIntervals, type IntervalGains } from '../../../src/export/metrics/intervals.ts';
import { createMergedMeter } from '../../../src/export/metrics/merged-meter.ts';
import { createMeter } from '../../../src/export/metrics/meter.ts';
import type { MetricSnapshot } from '../../../src/model/metric.ts';
import type { Instrument, Measurement } from '../../../src/model/otel.ts';
import { type EpochMicros, epochMicros } from '../../../src/model/time.ts';

const MINUTE = 60_000_000;
const START = 1_700_000_000_000_000 - (1_700_000_000_000_000 % MINUTE);
const at = (seconds: number) => epochMicros(START + seconds * 1e6);

const duration: Instrument = { name: 'd', kind: 'histogram', unit: 's', description: '', bounds: [1, 10] };
const turns: Instrument = { name: 't', kind: 'counter', unit: '{turn}', description: '', bounds: [] };
const instruments = [duration, turns];

/** What happens at a second of the log, and which part it falls to. */
interface Happening {
  readonly seconds: number;
  readonly part: number;
  readonly measurement: Measurement;
}

const PARTS = 3;
const happening = fc.record({
  seconds: fc.integer({ min: 0, max: 400 }),
  part: fc.nat(PARTS - 1),
  measurement: fc.record({
    instrument: fc.constant('d'),
    value: fc.integer({ min: 0, max: 20_000_000 }).map((micros) => micros / 1e6),
    attributes: fc.constantFrom({ a: 1 }, { a: 2 }, {}),
  }),
});
const log = fc
  .array(
    fc.oneof(
      happening,
      happening.map((one) => ({ ...one, measurement: { ...one.measurement, instrument: 't', value: 1 } })),
    ),
  )
  .map((all) => all.toSorted((a, b) => a.seconds - b.seconds));

/** Points in an order of their own; snapshots in theirs. */
const plain = (snapshots: readonly MetricSnapshot[]) =>
  snapshots.map(({ metrics }) =>
    metrics
      .flatMap(({ instrument, points }) => points.map((point) => JSON.stringify([instrument.name, point])))
      .toSorted(),
  );

async function alone(all: readonly Happening[], temporality: 'cumulative' | 'delta') {
  const meter = createMeter({ instruments, intervalMicros: MINUTE, temporality });
  const snapshots: MetricSnapshot[] = [];
  void meter.advance(at(0));
  for (const { seconds, measurement } of all) {
    const due = await meter.advance(at(seconds));
    if (due !== undefined) snapshots.push(due);
    meter.record([measurement]);
  }
  const last = await meter.finish();
  return plain(last === undefined ? snapshots : [...snapshots, last]);
}

/** A part's own happenings. It tells how far it is after every few things that happen anywhere. */
function tellPart(
  part: number,
  all: readonly Happening[],
  every: number,
  tell: (gains: readonly IntervalGains[], clock: EpochMicros) => void,
): void {
  const intervals = createIntervals({ instruments, intervalMicros: MINUTE });
  const gains: (IntervalGains | undefined)[] = [intervals.advance(at(0))];
  const told = () => gains.splice(0).flatMap((one) => one ?? []);
  for (const [index, { seconds, part: owner, measurement }] of all.entries()) {
    if (owner === part) {
      gains.push(intervals.advance(at(seconds)));
      intervals.record([measurement]);
    }
    if (index % every > 0) continue;
    gains.push(intervals.over(at(seconds)));
    tell(told(), at(seconds));
  }
  gains.push(intervals.finish());
  tell(told(), at(0));
}

function shared(all: readonly Happening[], temporality: 'cumulative' | 'delta', every: number) {
  const merged = createMergedMeter({ instruments, intervalMicros: MINUTE, temporality }, PARTS);
  merged.startAt(at(0));
  const snapshots: MetricSnapshot[] = [];
  // The last one first: a part that is far ahead must wait for the others.
  for (let part = PARTS - 1; part >= 0; part--) {
    tellPart(part, all, every, (gains, clock) => {
      merged.add(part, gains, clock);
      snapshots.push(...merged.due());
    });
    merged.end(part);
    snapshots.push(...merged.due());
  }
  const last = merged.finish();
  return plain(last === undefined ? snapshots : [...snapshots, last]);
}

test.each(['cumulative', 'delta'] as const)(
  'parts together make the snapshots of one meter: %s',
  async (temporality) => {
    await fc.assert(
      fc.asyncProperty(log, fc.integer({ min: 1, max: 5 }), async (all, every) => {
        expect(shared(all, temporality, every)).toEqual(await alone(all, temporality));
      }),
    );
  },
);

test('a boundary is told as soon as all parts have passed it', () => {
  const merged = createMergedMeter({ instruments, intervalMicros: MINUTE, temporality: 'cumulative' }, 2);
  const gain = { instrument: turns, attributes: {}, value: { kind: 'sum', sum: 1 } } as const;
  const gains = [60, 120].map((end) => ({ boundary: at(end), latestTime: at(end - 1), gains: [gain] }));
  merged.startAt(at(0));
  merged.add(0, gains, at(130));
  expect(merged.due()).toEqual([]);
  merged.add(1, [], at(60));
  expect(merged.due().map(({ metrics }) => metrics[0]?.points[0]?.endTime)).toEqual([at(60)]);
});
