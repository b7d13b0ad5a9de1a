import { describe, expect, test } from '@jest/globals';
import { latencyPoints, tokenColumns } from '../../../src/viewer/data/calls.ts';
import { at } from '../../../src/viewer/data/table.ts';
import { byModel, byTool, nearestRank, totalsOf } from '../../../src/viewer/data/totals.ts';
import { apiCall, session, toolCall, turn, usage } from '../../agent-spans.ts';
import { tableOf } from './table.ts';

const top = session({ at: [0, 10_000] });
const one = turn({ at: [1, 9_000], below: top });
const SPANS = [
  apiCall({ at: [10, 110], below: one, model: 'a', usage: usage(100, 10, 50) }),
  apiCall({ at: [120, 320], below: one, model: 'a', usage: usage(200, 20) }),
  apiCall({ at: [330, 430], below: one, model: 'b', usage: usage(5, 5), background: true }),
  toolCall({ at: [500, 600], below: one, toolName: 't' }),
  toolCall({ at: [700, 1_000], below: one, toolName: 't', status: 'error', errorMessage: 'no' }),
  toolCall({ at: [1_100, 1_150], below: one, toolName: 'u', incomplete: 'turn_end' }),
  one,
  top,
];
const range = { from: 0, to: SPANS.length };

describe('totals', () => {
  test('count kinds, errors and open ends, and have background reviews apart', async () => {
    const totals = totalsOf(await tableOf(SPANS), range);
    expect(totals.counts).toEqual([1, 1, 3, 3, 0, 0, 0]);
    expect(totals.all).toMatchObject({ turns: 1, calls: 3, tools: 3, errors: 1, incomplete: 1 });
    expect(totals.all.tokens).toEqual({ input: 355, cached: 50, output: 35 });
    expect(totals.inReviews).toMatchObject({ calls: 1, tokens: { input: 5, cached: 0, output: 5 } });
  });

  test('by model and by tool: percentiles are values that occurred, the busiest first', async () => {
    const table = await tableOf(SPANS);
    expect(
      byModel(table, range, undefined).map(({ name, count, tokens, median, max }) => [
        name,
        count,
        tokens.input,
        median,
        max,
      ]),
    ).toEqual([
      ['a', 2, 350, 100_000, 200_000],
      ['b', 1, 5, 100_000, 100_000],
    ]);
    expect(
      byTool(table, range, undefined).map(({ name, count, errors, total }) => [name, count, errors, total]),
    ).toEqual([
      ['t', 2, 1, 400_000],
      ['u', 1, 0, 50_000],
    ]);
  });

  test.each([
    [[], 0.5, 0],
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4], 0.95, 4],
    [[7], 0.01, 7],
  ])('nearest rank of %p at %d is %d', (sorted, fraction, value) => {
    expect(nearestRank(sorted, fraction)).toBe(value);
  });
});

describe('charts', () => {
  test('few columns stand for many calls, by means that keep the sum', async () => {
    const table = await tableOf(SPANS);
    expect(
      tokenColumns(table, range, undefined, 10).map(({ cached, fresh, output }) => [cached, fresh, output]),
    ).toEqual([
      [50, 100, 10],
      [0, 200, 20],
      [0, 5, 5],
    ]);
    const columns = tokenColumns(table, range, undefined, 2);
    expect(columns.map(({ calls }) => calls)).toEqual([2, 1]);
    expect(columns.reduce((sum, column) => sum + column.output * column.calls, 0)).toBe(35);
  });

  test('when dots are too many, the slowest of their moment stay', async () => {
    const table = await tableOf(SPANS);
    const { points, count } = latencyPoints(table, range, undefined, 3);
    expect(count).toBe(6);
    expect(points.map(({ span }) => at(table.duration, span) / 1000)).toEqual([200, 100, 300]);
  });
});
