import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { panels } from './panels.ts';
import { type Collector, provideCollector, startStackCollector } from './receivers/collector.ts';
import { type Jaeger, provideJaeger, startJaeger } from './receivers/jaeger.ts';
import { freePorts } from './receivers/process.ts';
import { type Prometheus, providePrometheus, stackConfig, startPrometheus } from './receivers/prometheus.ts';
import { hermesOtel, recording, replayed } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const programs = [await provideCollector(), await provideJaeger(), await providePrometheus()];

interface Step {
  readonly ok: boolean;
  readonly skipped?: boolean;
  readonly found: string;
  readonly next?: string;
}

describeReceiver(
  'The viewing stack',
  programs,
  (collectorFolder = '', jaegerFolder = '', prometheusFolder = '') => {
    let jaeger: Jaeger;
    let collector: Collector;
    let prometheus: Prometheus;
    let grafana: string;
    beforeAll(async () => {
      // There is no Grafana here: its two steps must fail, and only they.
      grafana = `http://127.0.0.1:${(await freePorts(1))[0]}`;
      jaeger = await startJaeger(jaegerFolder, 'badger');
      collector = await startStackCollector(collectorFolder, jaeger.grpc);
      prometheus = await startPrometheus(prometheusFolder, { config: await stackConfig(collector.metrics) });
    });
    afterAll(async () => {
      await prometheus?.stop();
      await collector?.stop();
      await jaeger?.stop();
    });

    async function check(): Promise<readonly [code: number | null, steps: readonly Step[]]> {
      const addresses = [
        ['--collector', collector.http],
        ['--health', collector.health],
        ['--jaeger', jaeger.query],
        ['--prometheus', prometheus.url],
        ['--grafana', grafana],
      ];
      const { code, stdout } = await hermesOtel([
        'stack',
        'check',
        '--json',
        '--wait',
        '20s',
        ...addresses.flat(),
      ]);
      return [code, JSON.parse(stdout)];
    }

    test('passes every step of the checklist but those of Grafana, which is not here', async () => {
      const [code, steps] = await check();
      expect(steps.map(({ ok }) => ok)).toEqual([false, true, true, true, true, true, false]);
      expect(steps[0]?.found).toBe(`Grafana: no answer (ECONNREFUSED) at ${grafana}/api/health`);
      expect(code).toBe(1);
    });

    test("the dashboard's links find traces in Jaeger, however old", async () => {
      await replayed([
        recording('tools-sequential'),
        '-e',
        'otlp',
        '--endpoint',
        collector.http,
        '--no-metrics',
      ]);
      const text = (await panels()).find(({ type }) => type === 'text')?.options?.content ?? '';
      const links = [...text.matchAll(/\]\((\S+)\)/g)].map(([, link]) => link ?? '');
      expect(links).toHaveLength(2);
      for (const link of links) {
        const now = Date.now();
        const url = link
          .replace('${jaeger}/search', `${jaeger.query}/api/traces`)
          .replace('${__from}', String(now - 86_400_000 * 365))
          .replace('${__to}', String(now));
        const body: { readonly data: readonly unknown[] } = JSON.parse(await (await fetch(url)).text());
        expect(body.data.length).toBeGreaterThan(0);
      }
    });

    test('names Jaeger once when it is gone, and leaves out what needs it', async () => {
      await jaeger.stop();
      const [, steps] = await check();
      expect(steps[0]?.found).toContain('Jaeger: no answer');
      expect(steps.flatMap(({ ok, skipped }, at) => (ok || skipped ? [] : [at]))).toEqual([0]);
      expect(steps[4]).toMatchObject({ ok: false, skipped: true });
      expect([steps[3]?.ok, steps[5]?.ok]).toEqual([true, true]);
    });
  },
);
