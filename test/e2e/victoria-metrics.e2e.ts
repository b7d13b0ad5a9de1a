import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { eventually } from './otlp.ts';
import { ask } from './panels.ts';
import {
  provideVictoriaMetrics,
  startVictoriaMetrics,
  type VictoriaMetrics,
} from './receivers/victoria-metrics.ts';
import { hermesOtel, replayed } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const program = await provideVictoriaMetrics();

describeReceiver('VictoriaMetrics', [program], (folder = '') => {
  let victoria: VictoriaMetrics;
  const end = epochMicros((Math.floor(Date.now() / 1000) - 30 * 86_400) * 1e6);
  const then = end / 1e6;
  const log = sampleLog('past', end).join('\n');
  beforeAll(async () => {
    victoria = await startVictoriaMetrics(folder);
  });
  afterAll(async () => {
    await victoria?.stop();
  });

  const args = () => ['-', '-e', 'otlp', '--endpoint', `${victoria.url}/opentelemetry`, '--no-traces'];
  const number = async (expr: string, atSeconds: number) =>
    (await ask(victoria.url, { panel: '', shape: 'number', expr, legend: '' }, atSeconds))[0]?.[1];
  const written = () => fetch(`${victoria.url}/internal/force_flush`);
  const SAMPLES = 'sum(count_over_time(hermes_session_turn_count_total[1h]))';

  test('keeps the times of the log, under names without a namespace', async () => {
    await replayed(args(), {}, log);
    await written();
    const quantile =
      'histogram_quantile(0.95, sum by (le) (gen_ai_client_operation_duration_seconds_bucket))';
    const found = await eventually(
      () => number(quantile, then),
      (value) => value !== undefined,
    );
    expect(found).toBe(1.248);
    expect(await number('sum(hermes_session_turn_count_total)', then)).toBe(1);
    expect(await number('sum(hermes_session_turn_count_total)', Date.now() / 1000)).toBeUndefined();
    expect(await number(SAMPLES, then + 60)).toBe(1);
  });

  test('stores a sample again when it comes again; what counters say stays', async () => {
    await replayed(args(), {}, log);
    await written();
    const samples = await eventually(
      () => number(SAMPLES, then + 60),
      (value) => value === 2,
    );
    expect([samples, await number('sum(hermes_session_turn_count_total)', then)]).toEqual([2, 1]);
  });

  test('takes gzip, and no JSON', async () => {
    await replayed(
      [...args(), '--resource', 'service.instance.id=gzip'],
      { OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' },
      log,
    );
    const ran = await hermesOtel(['replay', ...args()], { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, log);
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("json encoding isn't supported")]);
  });

  test('passes the doctor with metrics alone, which says that it takes no traces', async () => {
    const at = ['doctor', '--endpoint', `${victoria.url}/opentelemetry`];
    expect((await hermesOtel([...at, '--no-traces', '--send-test'])).code).toBe(0);
    const { code, stdout } = await hermesOtel(at);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^FAIL {2}OTLP traces: .*\n.*--no-traces/m)]);
  });
});
