import { afterEach, describe, expect, test } from '@jest/globals';
import { RECEIVER_NAMES, RECEIVERS } from '../../src/conventions/receivers.ts';
import { type Behaviour, type Receiver, startReceiver } from '../export/receiver.ts';
import { runMain } from '../run-main.ts';

const LOG = 'fixtures/receivers/every-usage/input.ndjson';
const open: Receiver[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((receiver) => receiver.stop()));
});

async function receiver(behave?: Behaviour): Promise<Receiver> {
  const started = await startReceiver(behave === undefined ? {} : { behave });
  open.push(started);
  return started;
}

const paths = (to: Receiver) => [...new Set(to.requests.map(({ path }) => path))].toSorted();
const spanNames = (to: Receiver) =>
  to.requests.flatMap(({ traces }) =>
    (traces?.resourceSpans ?? []).flatMap((r) =>
      (r.scopeSpans ?? []).flatMap((s) => (s.spans ?? []).map(({ name }) => name)),
    ),
  );

describe('--for', () => {
  test.each(RECEIVER_NAMES)('%s sends what it takes to where it listens, with its headers', async (name) => {
    const to = await receiver();
    const { code, err } = await runMain(['replay', LOG, '--for', name, '--endpoint', to.url]);
    const { path, metrics, headers } = RECEIVERS[name];
    expect([code, paths(to)]).toEqual([0, [...(metrics ? [`${path}/v1/metrics`] : []), `${path}/v1/traces`]]);
    expect(to.requests[0]?.headers).toMatchObject(headers);
    expect(err).toContain(
      `hermes-otel: --for ${name} sets conventions ${RECEIVERS[name].conventions.join()}`,
    );
  });

  test('adapts the names to the receiver', async () => {
    const to = await receiver();
    await runMain(['replay', LOG, '--for', 'langsmith', '--endpoint', to.url]);
    expect(JSON.stringify(to.requests.map(({ traces }) => traces))).toContain('langsmith.trace.session_id');
    expect(spanNames(to)).toContain('invoke_agent hermes');
  });

  test('every flag and variable that is given still wins', async () => {
    const to = await receiver();
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: 'x-langfuse-ingestion-version=3',
      HERMES_OTEL_TRACE_PER: 'turn',
    };
    const { err } = await runMain(
      ['replay', LOG, '--for', 'langfuse', '--endpoint', `${to.url}/own`, '--conventions', 'hermes'],
      { env },
    );
    expect(paths(to)).toEqual(['/own/v1/traces']);
    expect(to.requests[0]?.headers['x-langfuse-ingestion-version']).toBe('3');
    expect(spanNames(to)).toContain('hermes.turn');
    expect(spanNames(to)).not.toContain('hermes.session');
    expect(err).toContain('sets conventions hermes,');
  });

  test('an address in the environment gets the path too', async () => {
    const to = await receiver();
    await runMain([`OTEL_EXPORTER_OTLP_ENDPOINT=${to.url}`, 'replay', LOG, '--for', 'langfuse']);
    expect(paths(to)).toEqual(['/api/public/otel/v1/traces']);
  });

  test('a hosted receiver needs an address', async () => {
    const { code, err } = await runMain(['replay', LOG, '--for', 'langsmith']);
    expect([code, err]).toEqual([
      2,
      'hermes-otel: --for langsmith needs --endpoint: the address of your langsmith, without a path.\n',
    ]);
  });

  test('an unknown receiver is named with the known ones', async () => {
    const { code, err } = await runMain(['replay', LOG, '--for', 'nobody']);
    expect(code).toBe(2);
    expect(err).toMatch(/^hermes-otel: --for takes langfuse, phoenix, .*, not "nobody"\.\n$/);
  });

  test('is silent about itself with --quiet', async () => {
    const to = await receiver();
    expect((await runMain(['replay', LOG, '--for', 'jaeger', '--endpoint', to.url, '-q'])).err).toBe('');
  });
});

describe('names with two meanings', () => {
  test.each(['hermes,gen-ai', 'hermes,openinference'])('%s: one sentence says which wins', async (names) => {
    const { err } = await runMain(['replay', LOG, '--conventions', names]);
    expect(err).toContain(
      'beside hermes, gen_ai.usage.input_tokens includes cached tokens, as the standard defines it.',
    );
  });

  test.each(['hermes', 'gen-ai', 'gen-ai,openinference'])('%s: nothing to say', async (names) => {
    expect((await runMain(['replay', LOG, '--conventions', names])).err).not.toContain('input_tokens');
  });
});

describe('a receiver that takes one signal alone', () => {
  const refusing =
    (path: string, status: number): Behaviour =>
    ({ received, response, accept }) =>
      received.path.endsWith(path) ? void response.writeHead(status).end() : accept();

  test.each([
    ['/v1/metrics', 404, 'metrics', '--no-metrics'],
    ['/v1/metrics', 405, 'metrics', '--no-metrics'],
    ['/v1/metrics', 415, 'metrics', '--no-metrics'],
    ['/v1/traces', 404, 'spans', '--no-traces'],
  ])('%s answers %i: exit 0, and the summary names the flag', async (path, status, what, flag) => {
    const to = await receiver(refusing(path, status));
    const { code, err } = await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', to.url]);
    expect(code).toBe(0);
    expect(err).toContain(`this receiver takes no ${what}: ${flag} leaves them out`);
    expect(err).toContain('0 accepted, 0 rejected');
  });

  test('a failure of another kind is one', async () => {
    const to = await receiver(refusing('/v1/metrics', 400));
    expect((await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', to.url])).code).toBe(1);
  });

  test('a receiver that takes nothing is a failure', async () => {
    const to = await receiver(refusing('', 404));
    const { code, err } = await runMain(['replay', LOG, '-e', 'otlp', '--endpoint', to.url]);
    expect([code, err.includes('--no-metrics leaves')]).toEqual([1, false]);
  });
});
