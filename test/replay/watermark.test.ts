import { expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { advance, type Batch, createWatermark } from '../../src/replay/ingest.ts';
import { session } from '../agent-spans.ts';

const endingAt = (time: number) => ({ ...session({ at: [0, 0] }), endTime: epochMicros(time) });

/** Each step: to where the watermark moves, and the ends of the spans that leave in it. */
const counted = (...steps: readonly (readonly [number, ...number[]])[]) => {
  const watermark = createWatermark();
  const batch: Pick<Batch, 'spans' | 'counted'> = { spans: [], counted: [] };
  return steps.map(([now, ...ends]) => {
    batch.spans.push(...ends.map(endingAt));
    const first = batch.counted.length;
    advance(watermark, epochMicros(now), batch);
    return batch.counted.slice(first).map(({ time }) => time);
  });
};

test('a span is counted at its end', () => {
  expect(counted([100], [200, 150])).toEqual([[], [150]]);
});

test('one that leaves late is not counted in a time that is over', () => {
  expect(counted([100], [200, 50])).toEqual([[], [100]]);
});

test('one whose end is still to come is counted as it leaves', () => {
  expect(counted([100], [200, 900])).toEqual([[], [200]]);
});

test('what leaves in one step is counted by time', () => {
  expect(counted([100], [200, 180, 120, 150])).toEqual([[], [120, 150, 180]]);
});

test('a log clock that was set back does not take metrics back', () => {
  expect(counted([500], [100, 90], [200, 150], [600, 550])).toEqual([[], [500], [500], [550]]);
});
