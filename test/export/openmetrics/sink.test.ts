import { describe, expect, test } from '@jest/globals';
import { openMetricsSink } from '../../../src/export/openmetrics/sink.ts';
import type { MetricSnapshot } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';

/** So many series with a value each. */
function snapshot(series: number): MetricSnapshot {
  const time = epochMicros(1_700_000_000_000_000);
  const points = Array.from({ length: series }, (_, number) => ({
    attributes: { number: String(number) },
    startTime: time,
    endTime: time,
    value: { kind: 'sum', sum: 1 } as const,
  }));
  const instrument = { name: 'a', kind: 'counter', unit: '1', description: 'A.', bounds: [] } as const;
  return { metrics: [{ instrument, temporality: 'cumulative', points }] };
}

const options = { destination: 'F', resource: { attributes: {} }, intervalMicros: 60_000_000 };

describe('the OpenMetrics sink', () => {
  test('writes nothing before the end, then whole lines, none of them empty', async () => {
    const chunks: string[] = [];
    const sink = openMetricsSink({ ...options, write: async (text) => void chunks.push(text) });
    await sink.write([snapshot(100)]);
    expect(chunks).toEqual([]);
    const account = await sink.finish();
    expect(chunks.length).toBeGreaterThan(1);
    expect(chunks.filter((chunk) => !/[^\n]\n$/.test(chunk))).toEqual([]);
    expect(account).toMatchObject({
      made: 100,
      accepted: 100,
      rejected: 0,
      failed: 0,
      requests: 1,
      problems: [],
    });
  });

  test('reports a file that cannot be written', async () => {
    const write = async () => {
      throw new Error('no space left');
    };
    const sink = openMetricsSink({ ...options, write });
    await sink.write([snapshot(2)]);
    expect(await sink.finish()).toMatchObject({
      made: 2,
      accepted: 0,
      failed: 2,
      problems: ['no space left'],
    });
  });
});
