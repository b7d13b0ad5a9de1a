import { describe, expect, test } from '@jest/globals';
import { addSnapshot, createHistory } from '../../../src/export/openmetrics/samples.ts';
import { openMetricsText } from '../../../src/export/openmetrics/sink.ts';
import type { Attributes, Instrument, Metric, MetricPoint, MetricSnapshot } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const START = 1_700_000_000 * SECOND;

const turns: Instrument = {
  name: 'hermes.session.turn_count',
  kind: 'counter',
  unit: '{turn}',
  description: 'Turns.',
  bounds: [],
};
const duration: Instrument = {
  name: 'hermes.tool.duration',
  kind: 'histogram',
  unit: 's',
  description: 'Duration of "one"\ntool call.',
  bounds: [0.5, 1],
};

function point(minute: number, attributes: Attributes, value: MetricPoint['value']): MetricPoint {
  return { attributes, startTime: epochMicros(START), endTime: epochMicros(START + minute * MINUTE), value };
}
const counted = (minute: number, sum: number, attributes: Attributes = {}) =>
  point(minute, attributes, { kind: 'sum', sum });
const measured = (minute: number, ...bucketCounts: number[]) => {
  const count = bucketCounts.reduce((total, each) => total + each, 0);
  return point(minute, {}, { kind: 'histogram', count, sum: count / 4, min: 0, max: 2, bucketCounts });
};
const metric = (instrument: Instrument, ...points: readonly MetricPoint[]): Metric => ({
  instrument,
  temporality: 'cumulative',
  points,
});

/** The lines of the file, those of the zeros before the start left out. */
function render(snapshots: readonly MetricSnapshot[], resource: Attributes = {}): readonly string[] {
  const lines = renderAll(snapshots, resource);
  return lines.filter(
    (line) => line.startsWith('#') || line === '' || Number(line.split(' ').at(-1)) >= START / SECOND,
  );
}

function renderAll(snapshots: readonly MetricSnapshot[], resource: Attributes = {}): readonly string[] {
  const history = createHistory();
  for (const snapshot of snapshots) addSnapshot(history, snapshot);
  return [...openMetricsText(history, { resource: { attributes: resource }, intervalMicros: MINUTE })]
    .join('')
    .split('\n');
}
const samples = (lines: readonly string[]) => lines.filter((line) => line !== '' && !line.startsWith('#'));
/** Seconds after the start → the value. */
const values = (lines: readonly string[]) =>
  samples(lines).map((line) => {
    const [, value, time] = line.split(' ');
    return [Number(time) - START / SECOND, Number(value)];
  });

describe('OpenMetrics text', () => {
  test('of a counter: its family, its total, a zero before the first value, and the end', () => {
    expect(render([{ metrics: [metric(turns, counted(1, 2))] }])).toEqual([
      '# HELP hermes_hermes_session_turn_count Turns.',
      '# TYPE hermes_hermes_session_turn_count counter',
      'hermes_hermes_session_turn_count_total 0.0 1700000000.000',
      'hermes_hermes_session_turn_count_total 2.0 1700000060.000',
      '# EOF',
      '',
    ]);
  });

  test('of a histogram: cumulative buckets, each series together, the unit in the name', () => {
    expect(render([{ metrics: [metric(duration, measured(1, 1, 2, 1))] }])).toEqual([
      '# HELP hermes_hermes_tool_duration_seconds Duration of \\"one\\"\\ntool call.',
      '# TYPE hermes_hermes_tool_duration_seconds histogram',
      '# UNIT hermes_hermes_tool_duration_seconds seconds',
      'hermes_hermes_tool_duration_seconds_bucket{le="0.5"} 0.0 1700000000.000',
      'hermes_hermes_tool_duration_seconds_bucket{le="0.5"} 1.0 1700000060.000',
      'hermes_hermes_tool_duration_seconds_bucket{le="1.0"} 0.0 1700000000.000',
      'hermes_hermes_tool_duration_seconds_bucket{le="1.0"} 3.0 1700000060.000',
      'hermes_hermes_tool_duration_seconds_bucket{le="+Inf"} 0.0 1700000000.000',
      'hermes_hermes_tool_duration_seconds_bucket{le="+Inf"} 4.0 1700000060.000',
      'hermes_hermes_tool_duration_seconds_count 0.0 1700000000.000',
      'hermes_hermes_tool_duration_seconds_count 4.0 1700000060.000',
      'hermes_hermes_tool_duration_seconds_sum 0.0 1700000000.000',
      'hermes_hermes_tool_duration_seconds_sum 1.0 1700000060.000',
      '# EOF',
      '',
    ]);
  });

  test('begins every series with an hour of zeros, so that rate() sees its first growth', () => {
    const rows = values(renderAll([{ metrics: [metric(turns, counted(1, 2))] }]));
    expect(rows.map(([time]) => time)).toEqual(Array.from({ length: 60 }, (_, minute) => (minute - 58) * 60));
    expect(rows.filter(([, value]) => value !== 0)).toEqual([[60, 2]]);
  });

  test('of nothing is an end', () => {
    expect(render([])).toEqual(['# EOF', '']);
  });

  test('keeps every series together, whatever the order of the snapshots', () => {
    const lines = render([
      { metrics: [metric(turns, counted(1, 1, { m: 'b' })), metric(duration, measured(1, 1, 0, 0))] },
      { metrics: [metric(turns, counted(2, 1, { m: 'b' }), counted(2, 5, { m: 'a' }))] },
    ]);
    const names = samples(lines).map((line) => line.split(' ')[0] ?? '');
    expect(names.filter((name, index) => name !== names[index - 1])).toEqual([...new Set(names)]);
    expect([...new Set(names)].slice(0, 2)).toEqual([
      'hermes_hermes_session_turn_count_total{m="a"}',
      'hermes_hermes_session_turn_count_total{m="b"}',
    ]);
  });

  test('says job and instance as a scrape of the Collector does', () => {
    const lines = render([{ metrics: [metric(turns, counted(1, 1, { 'gen_ai.request.model': 'm"1\\' }))] }], {
      'service.name': 'hermes-agent',
      'service.instance.id': 'i1',
      'host.name': 'h',
    });
    expect(samples(lines)[0]).toBe(
      'hermes_hermes_session_turn_count_total{gen_ai_request_model="m\\"1\\\\",instance="i1",job="hermes-agent"} 0.0 1700000000.000',
    );
  });

  const STILL: readonly (readonly [string, readonly number[], readonly (readonly number[])[]])[] = [
    [
      'between two changes',
      [1, 4],
      [
        [0, 0],
        [60, 1],
        [120, 1],
        [180, 1],
        [240, 4],
      ],
    ],
    [
      'not at all from one interval to the next',
      [1, 2],
      [
        [0, 0],
        [60, 1],
        [120, 2],
      ],
    ],
  ];
  test.each(STILL)('carries a series that stands still %s', (_name, minutes, expected) => {
    const lines = render(minutes.map((minute) => ({ metrics: [metric(turns, counted(minute, minute))] })));
    expect(values(lines)).toEqual(expected);
  });

  test('of a long silence: an hour after and an hour before are filled, the middle is not', () => {
    const day = 24 * 60;
    const times = values(
      render([{ metrics: [metric(turns, counted(1, 1))] }, { metrics: [metric(turns, counted(day, 2))] }]),
    ).map(([time]) => (time ?? 0) / 60);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.filter((minute) => minute > 61 && minute < day - 60)).toEqual([]);
    expect([times.includes(61), times.includes(day - 60), times.at(-1)]).toEqual([true, true, day]);
  });

  test('never has two samples of one series in one millisecond', () => {
    const lines = render([
      { metrics: [metric(turns, counted(1, 1))] },
      { metrics: [metric(turns, counted(3 + 0.4 / 60_000, 2))] },
    ]);
    expect(values(lines)).toEqual([
      [0, 0],
      [60, 1],
      [120, 1],
      [180, 2],
    ]);
  });

  test('carries every series on to the end of the log', () => {
    const lines = render([
      { metrics: [metric(turns, counted(1, 1, { m: 'a' }))] },
      { metrics: [metric(turns, counted(3, 1, { m: 'a' }), counted(3, 1, { m: 'b' }))] },
    ]);
    const ofA = lines.filter((line) => line.includes('m="a"'));
    expect(ofA.at(-1)).toMatch(/ 1\.0 1700000180\.000$/);
  });

  test('refuses delta points', () => {
    const delta: Metric = { ...metric(turns, counted(1, 1)), temporality: 'delta' };
    expect(() => render([{ metrics: [delta] }])).toThrow(TypeError);
  });
});
