import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMeter } from '../../../src/export/metrics/meter.ts';
import type { Instrument } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';

const seconds: Instrument = { name: 'd', kind: 'histogram', unit: 's', description: '', bounds: [1] };

/** The sum of the one histogram in which `values` are recorded, across a snapshot and a restart. */
function sum(instrument: Instrument, values: readonly number[]): number | undefined {
  const options = { instruments: [instrument], intervalMicros: 60e6, temporality: 'cumulative' } as const;
  const record = (meter: ReturnType<typeof createMeter>, some: readonly number[]) => {
    for (const value of some) meter.record([{ instrument: 'd', value, attributes: {} }]);
  };
  const middle = Math.floor(values.length / 2);
  const first = createMeter(options);
  first.advance(epochMicros(1));
  record(first, values.slice(0, middle));
  const second = createMeter({ ...options, resume: JSON.parse(JSON.stringify(first.state())) });
  record(second, values.slice(middle));
  const value = second.finish()?.metrics[0]?.points[0]?.value;
  return value?.sum;
}

test('a sum of durations is the same in any order', () => {
  const micros = fc.array(fc.integer({ min: 0, max: 1e12 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(
      micros.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        const exact = all.reduce((a, b) => a + b, 0) / 1e6;
        const inSeconds = (some: readonly number[]) => some.map((one) => one / 1e6);
        expect([sum(seconds, inSeconds(all)), sum(seconds, inSeconds(shuffled))]).toEqual([exact, exact]);
      },
    ),
  );
});

test('values in other units are added as they are', () => {
  expect(sum({ ...seconds, unit: '{token}' }, [0.25, 2 ** 52])).toBe(0.25 + 2 ** 52);
});
