import { expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { parseLine } from '../../src/parse/parse-line.ts';
import { DEFAULT_OPTIONS } from '../../src/reconstruct/options.ts';
import { createState } from '../../src/reconstruct/state.ts';
import { type Batch, countBetween, finish, ingest } from '../../src/replay/ingest.ts';
import { createReport } from '../../src/replay/report.ts';
import { session } from '../agent-spans.ts';

const endingAt = (time: number) => ({ ...session({ at: [0, 0] }), endTime: epochMicros(time) });

/** Each step: what the log's clock reaches in it, and the ends of the spans that leave in it. */
const counted = (...steps: readonly (readonly [number, ...number[]])[]) => {
  let before = epochMicros(0);
  const batch: Pick<Batch, 'spans' | 'counted'> = { spans: [], counted: [] };
  return steps.map(([now, ...ends]) => {
    batch.spans.push(...ends.map(endingAt));
    const first = batch.counted.length;
    countBetween(before, epochMicros(now), batch);
    before = epochMicros(now);
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
  const run = { report: createReport(1), state: createState(DEFAULT_OPTIONS) };
  const lines = [500, 100, 200, 600].flatMap((ts) =>
    ['on_session_start', 'on_session_finalize'].map((event, index) => ({
      text: JSON.stringify({ ts: 1_790_000_000 + ts + index, event, session_id: `s${ts}` }),
      source: 'log',
      line: ts + index,
      endOffsetBytes: 0,
      damage: undefined,
    })),
  );
  const batches = lines.map((line) => ingest(run, [parseLine(line, { content: false })]));
  const times = [...batches, finish(run)].flatMap((batch) => batch.counted.map(({ time }) => time));
  expect(times).toHaveLength(4);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times[0]).toBe(epochMicros(1_790_000_501_000_000));
});
