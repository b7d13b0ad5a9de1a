import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createAggregator, type Gain } from '../../../src/export/metrics/aggregate.ts';
import { attributesKey } from '../../../src/export/metrics/attributes-key.ts';
import type { Attributes, Instrument, Measurement } from '../../../src/model/otel.ts';
import { sdkAggregator } from './sdk-aggregator.ts';

const seconds: Instrument = {
  name: 's',
  kind: 'histogram',
  unit: 's',
  description: '',
  bounds: [0.01, 1, 10],
};
const calls: Instrument = { name: 'c', kind: 'histogram', unit: '1', description: '', bounds: [1] };
const turns: Instrument = { name: 't', kind: 'counter', unit: '1', description: '', bounds: [] };
const INSTRUMENTS = [seconds, calls, turns];

/** Few, so that they meet again: as the identical object, as an equal one, and in another order. */
const SHARED: readonly Attributes[] = [{}, { model: 'a' }, { model: 'a', cached: true }];
const attributes: fc.Arbitrary<Attributes> = fc.oneof(
  fc.constantFrom(...SHARED),
  fc.record({ cached: fc.constant(true), model: fc.constantFrom('a', 'b', '') }),
  fc.record({ model: fc.constantFrom('a', 'b', 'c', 'd') }),
);
const histogramValue = fc.oneof(
  fc.double({ min: 0, max: 20, noNaN: true }),
  fc.constantFrom(0, 0.01, 1, 10, -1),
);
const measurement: fc.Arbitrary<Measurement> = fc.oneof(
  fc.record({ instrument: fc.constantFrom('s', 'c'), value: histogramValue, attributes }),
  fc.record({ instrument: fc.constant('t'), value: fc.nat(5), attributes }),
);
const collections = fc.array(fc.array(measurement, { maxLength: 40 }), { minLength: 1, maxLength: 3 });

function plain(gains: readonly Gain[]) {
  return gains.map(({ instrument, attributes: labels, value }) => ({
    instrument: instrument.name,
    labels: attributesKey(labels),
    value,
  }));
}

test.each([
  ['with room for all series', 100],
  ['with too few series, folding the same ones', 3],
])("our own aggregation is the SDK's, %s", async (_claim, seriesLimit) => {
  await fc.assert(
    fc.asyncProperty(collections, async (all) => {
      const own = createAggregator(INSTRUMENTS, seriesLimit);
      const sdk = sdkAggregator(INSTRUMENTS, seriesLimit);
      for (const measurements of all) {
        own.record(measurements);
        sdk.record(measurements);
        expect(plain(own.collect())).toEqual(plain(await sdk.collect()));
      }
    }),
    { numRuns: 200 },
  );
});

test('a counter refuses what is no whole count', () => {
  const { record } = createAggregator(INSTRUMENTS, 10);
  expect(() => record([{ instrument: 't', value: 0.5, attributes: {} }])).toThrow(RangeError);
  expect(() => record([{ instrument: 'unheard', value: 1, attributes: {} }])).toThrow(TypeError);
});
