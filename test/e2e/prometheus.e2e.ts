import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type EpochMicros, epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { DOLLARS, LOG, USED } from '../receivers/every-usage.ts';
import { eventually } from './otlp.ts';
import { ask, panelQueries, type Row, SAMPLE_PANELS } from './panels.ts';
import { type Collector, provideCollector, startStackCollector } from './receivers/collector.ts';
import { command } from './receivers/command.ts';
import { scratchFolder } from './receivers/process.ts';
import { type Prometheus, providePrometheus, stackConfig, startPrometheus } from './receivers/prometheus.ts';
import { hermesOtel, recording, replayed } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const programs = [await provideCollector(), await providePrometheus()];
const queries = await panelQueries();

const DAY_MICROS = 86_400_000_000;
const nowSeconds = () => Date.now() / 1000;
const daysAgo = (days: number): EpochMicros =>
  epochMicros(Math.floor(nowSeconds()) * 1e6 - days * DAY_MICROS);

/** All panels at one moment, each with the rows of all its queries. */
async function dashboardAt(
  prometheus: Prometheus,
  atSeconds: number,
): Promise<Record<string, readonly Row[]>> {
  const shown: Record<string, readonly Row[]> = {};
  for (const query of queries) {
    shown[query.panel] = [...(shown[query.panel] ?? []), ...(await ask(prometheus.url, query, atSeconds))];
  }
  return shown;
}

/** One number, or `undefined` when the query finds nothing. */
async function number(
  prometheus: Prometheus,
  expr: string,
  atSeconds = nowSeconds(),
): Promise<number | undefined> {
  const query = { panel: '', shape: 'number', expr, legend: '' } as const;
  return (await ask(prometheus.url, query, atSeconds))[0]?.[1];
}

describeReceiver('Prometheus', programs, (collectorFolder = '', prometheusFolder = '') => {
  describe("behind the stack's Collector", () => {
    let collector: Collector;
    let prometheus: Prometheus;
    beforeAll(async () => {
      collector = await startStackCollector(collectorFolder, '127.0.0.1:1'); // no Jaeger: only metrics are sent here
      prometheus = await startPrometheus(prometheusFolder, { config: await stackConfig(collector.metrics) });
    });
    afterAll(async () => {
      await prometheus?.stop();
      await collector?.stop();
    });

    const send = (log: string, stdin: string, ...more: readonly string[]) =>
      replayed([log, '-e', 'otlp', '--endpoint', collector.http, '--no-traces', ...more], {}, stdin);
    const TURNS = 'sum(hermes_hermes_session_turn_count_total)';

    test("every panel's query shows the right numbers of a log of 40 days ago", async () => {
      await send('-', sampleLog('old', daysAgo(40)).join('\n'));
      await eventually(
        () => number(prometheus, TURNS),
        (turns) => turns === 1,
      );
      expect(await dashboardAt(prometheus, nowSeconds())).toEqual(SAMPLE_PANELS);
    });

    test('a replay of the same log changes no panel', async () => {
      await send('-', sampleLog('old', daysAgo(40)).join('\n'));
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(await dashboardAt(prometheus, nowSeconds())).toEqual(SAMPLE_PANELS);
    });

    test('an older log is shown after a newer one', async () => {
      await send('-', [...sampleLog('a', daysAgo(80)), ...sampleLog('b', daysAgo(79))].join('\n'));
      const turns = await eventually(
        () => number(prometheus, TURNS),
        (found) => found === 2,
      );
      expect(turns).toBe(2);
    });

    test('a second log with an instance of its own is added to the first', async () => {
      await send(recording('multi-turn-new-exit'), '', '--resource', 'service.instance.id=laptop');
      const model =
        'sum by (gen_ai_request_model) (hermes_hermes_session_turn_count_total{instance="laptop"})';
      const turns = await eventually(
        () => number(prometheus, model),
        (found) => found !== undefined,
      );
      expect(turns).toBeGreaterThan(1);
      expect(await number(prometheus, TURNS)).toBe(2 + (turns ?? 0));
    });
  });

  test('has the money and the cached tokens of a log with every kind of usage', async () => {
    const collector = await startStackCollector(collectorFolder, '127.0.0.1:1');
    const prometheus = await startPrometheus(prometheusFolder, {
      config: await stackConfig(collector.metrics),
    });
    try {
      const to = ['-e', 'otlp', '--endpoint', collector.http, '--no-traces'];
      await replayed([LOG, ...to, '--conventions', 'gen-ai']);
      const cost = await eventually(
        () => number(prometheus, 'sum({__name__=~"hermes.*_cost.*"})'),
        (found) => found !== undefined,
      );
      const tokens = (type: string) =>
        number(prometheus, `sum({__name__=~".*token_usage.*_sum", gen_ai_token_type="${type}"})`);
      expect({
        input: await tokens('input'),
        cacheRead: await tokens('cache_read'),
        output: await tokens('output'),
        cost,
      }).toEqual({
        input: USED.input,
        cacheRead: USED.cacheRead,
        output: USED.output,
        cost: expect.closeTo(DOLLARS, 9),
      });
    } finally {
      await prometheus.stop();
      await collector.stop();
    }
  });

  describe('fed with the past by -e openmetrics', () => {
    let scratch: string;
    let prometheus: Prometheus;
    const end = daysAgo(30);
    const then = end / 1e6;

    /** A storage folder with the blocks of the log, made so many times. */
    async function blocks(name: string, times: number): Promise<string> {
      const data = join(scratch, name);
      await mkdir(data);
      const file = join(scratch, 'metrics.om');
      await replayed(['-', '-e', 'openmetrics', '-o', file], {}, sampleLog('past', end).join('\n'));
      for (let made = 0; made < times; made++) {
        await command(join(prometheusFolder, 'promtool'), [
          'tsdb',
          'create-blocks-from',
          'openmetrics',
          file,
          data,
        ]);
      }
      return data;
    }

    beforeAll(async () => {
      scratch = await scratchFolder('openmetrics');
      prometheus = await startPrometheus(prometheusFolder, {
        config: 'global: {}\n',
        data: await blocks('once', 1),
      });
    });
    afterAll(async () => {
      await prometheus?.stop();
      await command('rm', ['-r', scratch]);
    });

    test('finds the metrics at the hour when they happened, and not now', async () => {
      expect(await dashboardAt(prometheus, then)).toEqual(SAMPLE_PANELS);
      expect(await number(prometheus, 'sum(hermes_hermes_session_turn_count_total)')).toBeUndefined();
    });

    test('shows the same when the blocks are made twice', async () => {
      const twice = await startPrometheus(prometheusFolder, {
        config: 'global: {}\n',
        data: await blocks('twice', 2),
      });
      try {
        expect(await dashboardAt(twice, then)).toEqual(SAMPLE_PANELS);
      } finally {
        await twice.stop();
      }
    });

    test.each([
      ['a counter', 'sum(increase(hermes_hermes_session_turn_count_total[1h]))', 1],
      [
        'a quantile',
        'histogram_quantile(0.95, sum by (le) (rate(hermes_gen_ai_client_operation_duration_seconds_bucket[1h])))',
        1.248,
      ],
    ])('rate() and increase() work there too: %s', async (_what, expr, expected) => {
      // A few per cent over: they extrapolate to the window's end.
      const found = (await number(prometheus, expr, then + 600)) ?? Number.NaN;
      expect(Math.abs(found / expected - 1)).toBeLessThan(0.05);
    });
  });

  describe('with its own OTLP receiver', () => {
    let prometheus: Prometheus;
    const end = daysAgo(30);
    beforeAll(async () => {
      prometheus = await startPrometheus(prometheusFolder, {
        config: 'storage:\n  tsdb:\n    out_of_order_time_window: 400d\n',
        args: ['--web.enable-otlp-receiver'],
      });
      const endpoint = `${prometheus.url}/api/v1/otlp`;
      await replayed(
        ['-', '-e', 'otlp', '--endpoint', endpoint, '--no-traces'],
        {},
        sampleLog('past', end).join('\n'),
      );
    });
    afterAll(async () => {
      await prometheus?.stop();
    });

    const past = () => ['-', '-e', 'otlp', '--endpoint', `${prometheus.url}/api/v1/otlp`, '--no-traces'];

    test('keeps the times of the log, under names without a namespace', async () => {
      const turns = 'sum(hermes_session_turn_count_total)';
      expect([await number(prometheus, turns, end / 1e6), await number(prometheus, turns)]).toEqual([
        1,
        undefined,
      ]);
      const quantile =
        'histogram_quantile(0.95, sum by (le) (gen_ai_client_operation_duration_seconds_bucket))';
      expect(await number(prometheus, quantile, end / 1e6)).toBe(1.248);
    });

    test('takes the same log again, and it changes nothing', async () => {
      await replayed(past(), {}, sampleLog('past', end).join('\n'));
      const samples = 'sum(count_over_time(hermes_session_turn_count_total[1h]))';
      expect(await number(prometheus, samples, end / 1e6 + 60)).toBe(1);
    });

    test.each([
      ['JSON', { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }],
      ['gzip', { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }],
    ])('takes %s', async (way, env) => {
      await replayed(
        [...past(), '--resource', `service.instance.id=${way}`],
        env,
        sampleLog('past', end).join('\n'),
      );
      const turns = `sum(hermes_session_turn_count_total{instance="${way}"})`;
      expect(await number(prometheus, turns, end / 1e6)).toBe(1);
    });

    test('refuses delta metrics, and the replay exits 1', async () => {
      const env = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta' };
      const args = ['replay', ...past(), '--retry-for', '0s'];
      const ran = await hermesOtel(args, env, sampleLog('delta', end).join('\n'));
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/answered 500.*invalid temporality/)]);
    });

    test('passes the doctor with metrics alone', async () => {
      const at = ['doctor', '--endpoint', `${prometheus.url}/api/v1/otlp`];
      expect((await hermesOtel([...at, '--no-traces', '--send-test'])).code).toBe(0);
      expect((await hermesOtel(at)).stdout).toMatch(/^FAIL {2}OTLP traces: .*\n.*--no-traces/m);
    });
  });

  test('without out_of_order_time_window its OTLP receiver refuses what is old, and the replay says so', async () => {
    const prometheus = await startPrometheus(prometheusFolder, {
      config: 'global: {}\n',
      args: ['--web.enable-otlp-receiver'],
    });
    try {
      const args = ['-', '-e', 'otlp', '--endpoint', `${prometheus.url}/api/v1/otlp`, '--no-traces'];
      // An empty storage takes anything; it has a "now" once it has been given something of today.
      await replayed(args, {}, sampleLog('today', daysAgo(0)).join('\n'));
      const ran = await hermesOtel(['replay', ...args], {}, sampleLog('old', daysAgo(30)).join('\n'));
      expect([ran.code, ran.stderr]).toEqual([
        1,
        expect.stringMatching(/out of bounds.*does it take data this old/),
      ]);
    } finally {
      await prometheus.stop();
    }
  });
});
