import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createMeter } from '../../../src/export/metrics/meter.ts';
import type { Instrument, Measurement, MetricSnapshot, Temporality } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';

type Meter = ReturnType<typeof createMeter>;

const MINUTE = 60_000_000;
const START = 1_700_000_000_000_000 - (1_700_000_000_000_000 % MINUTE);

const duration: Instrument = {
  name: 'tool.duration',
  kind: 'histogram',
  unit: 's',
  description: 'd',
  bounds: [1, 10],
};
const turns: Instrument = { name: 'turns', kind: 'counter', unit: '{turn}', description: 't', bounds: [] };

const at = (seconds: number) => epochMicros(START + seconds * 1e6);
const tool = (value: number, name = 'ls'): Measurement => ({
  instrument: duration.name,
  value,
  attributes: { 'tool.name': name },
});
const turn = (value = 1): Measurement => ({ instrument: turns.name, value, attributes: {} });

function meter(
  temporality: Temporality = 'cumulative',
  more: Partial<Parameters<typeof createMeter>[0]> = {},
) {
  return createMeter({ instruments: [duration, turns], intervalMicros: MINUTE, temporality, ...more });
}

type Step = readonly [seconds: number, ...measurements: Measurement[]];

async function run(target: Meter, steps: readonly Step[], finish = true): Promise<MetricSnapshot[]> {
  const snapshots: MetricSnapshot[] = [];
  for (const [seconds, ...measurements] of steps) {
    const due = target.advance(at(seconds));
    if (due !== undefined) snapshots.push(await due);
    target.record(measurements);
  }
  const last = finish ? await target.finish() : undefined;
  return last === undefined ? snapshots : [...snapshots, last];
}

/** One line per point: `name{labels} start..end value`, times in seconds after START. */
function lines(snapshots: readonly MetricSnapshot[]): string[] {
  return snapshots.flatMap((snapshot) =>
    snapshot.metrics.flatMap(({ instrument, points }) =>
      points.map(({ attributes, startTime, endTime, value }) => {
        const what =
          value.kind === 'sum' ? `${value.sum}` : `${value.count}/${value.sum} [${value.bucketCounts}]`;
        const labels = Object.values(attributes).join();
        return `${instrument.name}{${labels}} ${(startTime - START) / 1e6}..${(endTime - START) / 1e6} ${what}`;
      }),
    ),
  );
}

describe('a cumulative meter', () => {
  const table: [claim: string, steps: Step[], expected: string[]][] = [
    ['says nothing of a log without measurements', [[0], [30], [600]], []],
    [
      'stamps the only point with the first and the last event',
      [[5], [20, turn()], [42]],
      ['turns{} 5..42 1'],
    ],
    [
      'collects at each boundary of the clock of the log, and at the end',
      [[50, turn()], [70, turn()], [130], [140, turn()]],
      ['turns{} 50..60 1', 'turns{} 50..120 2', 'turns{} 50..140 3'],
    ],
    [
      'counts what happens exactly on a boundary to the interval that begins there',
      [
        [50, turn()],
        [60, turn()],
        [61, turn()],
      ],
      ['turns{} 50..60 1', 'turns{} 50..61 3'],
    ],
    [
      'is silent through three idle days',
      [[10, turn()], [3 * 86_400, turn()], [3 * 86_400 + 5]],
      ['turns{} 10..60 1', `turns{} 10..${3 * 86_400 + 5} 2`],
    ],
    ['keeps its clock when an event comes late', [[70, turn()], [10, turn()], [80]], ['turns{} 70..80 2']],
    [
      'repeats the series that gained nothing',
      [
        [0, tool(0.5), tool(20, 'web')],
        [61, tool(1)],
      ],
      [
        'tool.duration{ls} 0..60 1/0.5 [1,0,0]',
        'tool.duration{web} 0..60 1/20 [0,0,1]',
        'tool.duration{ls} 0..61 2/1.5 [2,0,0]',
        'tool.duration{web} 0..61 1/20 [0,0,1]',
      ],
    ],
  ];
  test.each(table)('%s', async (_, steps, expected) => {
    expect(lines(await run(meter(), steps))).toEqual(expected);
  });

  test('never gives one moment two values, also in milliseconds', async () => {
    const steps: Step[] = [
      [59, turn()],
      [60, turn()],
    ];
    expect(lines(await run(meter(), steps))).toEqual(['turns{} 59..60 1', 'turns{} 59..60.001 2']);
  });
});

describe('a delta meter', () => {
  const table: [claim: string, steps: Step[], expected: string[]][] = [
    [
      'starts each point where the one before ended, also over idle time',
      [[50, turn()], [70, turn(2)], [500, turn(3)], [600]],
      ['turns{} 50..60 1', 'turns{} 60..120 2', 'turns{} 120..540 3'],
    ],
    [
      'continues a silent series from its own last point',
      [
        [0, tool(1), tool(5, 'web')],
        [61, tool(2)],
        [121, tool(6, 'web')],
      ],
      [
        'tool.duration{ls} 0..60 1/1 [1,0,0]',
        'tool.duration{web} 0..60 1/5 [0,1,0]',
        'tool.duration{ls} 60..120 1/2 [0,1,0]',
        'tool.duration{web} 60..121 1/6 [0,1,0]',
      ],
    ],
  ];
  test.each(table)('%s', async (_, steps, expected) => {
    expect(lines(await run(meter('delta'), steps))).toEqual(expected);
  });
});

describe('labels', () => {
  test('that are equal are one series, whatever object they are in, and in whatever order', async () => {
    const labels = (attributes: Measurement['attributes']): Measurement => ({ ...turn(), attributes });
    const [snapshot] = await run(meter(), [
      [
        0,
        labels({ a: 'x', b: 'y' }),
        labels({ b: 'y', a: 'x' }),
        labels({ a: 'x' }),
        labels({ a: 'x', b: 'y' }),
      ],
    ]);
    const points = snapshot?.metrics[0]?.points ?? [];
    expect(points.map(({ attributes, value }) => [attributes, value])).toEqual([
      [
        { a: 'x', b: 'y' },
        { kind: 'sum', sum: 3 },
      ],
      [{ a: 'x' }, { kind: 'sum', sum: 1 }],
    ]);
  });

  test('keep their types', async () => {
    const attributes = { whole: { double: 5 }, list: ['a', 'b'], yes: true, count: 5 };
    const [snapshot] = await run(meter(), [[0, { ...turn(), attributes }]]);
    expect(snapshot?.metrics[0]?.points[0]?.attributes).toEqual(attributes);
  });
});

describe('many series', () => {
  const tools = (count: number) => Array.from({ length: count }, (_, index) => tool(1, `tool-${index}`));

  test('above two thousand are all kept', async () => {
    const target = meter();
    const [snapshot] = await run(target, [[0, ...tools(5000)]]);
    expect(snapshot?.metrics[0]?.points).toHaveLength(5000);
  });

  test('above the limit are folded into one series and counted, not lost', async () => {
    const target = meter('cumulative', { seriesLimit: 10 });
    const [snapshot] = await run(target, [
      [0, ...tools(4)],
      [30, ...tools(25)],
    ]);
    const points = snapshot?.metrics[0]?.points ?? [];
    expect(points.reduce((sum, { value }) => sum + (value.kind === 'histogram' ? value.count : 0), 0)).toBe(
      29,
    );
    expect(points.filter(({ attributes }) => attributes['otel.metric.overflow'] === true)).toHaveLength(1);
  });
});

describe('state', () => {
  const step = fc.tuple(
    fc.integer({ min: 0, max: 400 }),
    fc.array(
      fc.oneof(
        fc.nat(30).map((value) => tool(value)),
        fc.constant(turn()),
        fc.nat(9).map((v) => tool(v, 'web')),
      ),
    ),
  );
  test.each<Temporality>(['cumulative', 'delta'])(
    'written as JSON and resumed anywhere gives the same %s points',
    async (temporality) => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(12), async (parts, cut) => {
          let clock = 0;
          const steps = parts.map(([gap, measurements]): Step => {
            clock += gap;
            return [clock, ...measurements];
          });
          const whole = await run(meter(temporality), steps);
          const first = meter(temporality);
          const before = await run(first, steps.slice(0, cut), false);
          const resume = JSON.parse(JSON.stringify(await first.state()));
          const after = await run(meter(temporality, { resume }), steps.slice(cut));
          expect(lines([...before, ...after])).toEqual(lines(whole));
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe('a measurement that cannot be', () => {
  test.each([
    ['of no listed instrument', { ...turn(), instrument: 'other' }],
    ['of a counter with a fraction', turn(0.5)],
    ['of a counter that falls', turn(-1)],
  ])('%s is our bug, and thrown', (_, measurement) => {
    const target = meter();
    void target.advance(at(0));
    expect(() => target.record([measurement])).toThrow();
  });
});

describe('while nothing happens', () => {
  test('an interval that is over leaves, once; what comes late belongs to the next', async () => {
    const target = meter();
    await run(target, [[50, turn()]], false);
    expect(target.wait(at(59))).toBeUndefined();
    const over = await target.wait(at(61));
    expect(over === undefined ? [] : lines([over])).toEqual(['turns{} 50..60 1']);
    expect(target.wait(at(300))).toBeUndefined();
    expect(lines(await run(target, [[55, turn()], [130]], false))).toEqual(['turns{} 50..120 2']);
  });

  test('before the first event there is nothing to wait for', () => {
    expect(meter().wait(at(1000))).toBeUndefined();
  });
});
