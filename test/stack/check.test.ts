import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, test } from '@jest/globals';
import { type CheckWorld, checkStack, METRIC_FAMILIES, type StepResult } from '../../src/stack/check.ts';

const TRACE = 'a'.repeat(32);
const SOURCE = { status: 'OK', message: 'Successfully queried' };

/** What a stack in order answers, by path; a test replaces what is broken in its stack. */
const GREEN: Readonly<Record<string, unknown>> = {
  '/': {},
  '/-/ready': {},
  '/api/health': {},
  '/v1/traces': { partialSuccess: {} },
  '/api/v1/targets': { data: { activeTargets: [{ scrapePool: 'otel-collector', health: 'up' }] } },
  [`/api/traces/${TRACE}`]: { data: [{ spans: Array.from({ length: 6 }, () => ({})) }] },
  '/api/v1/query': { data: { result: METRIC_FAMILIES.map((name) => ({ metric: { __name__: name } })) } },
  '/api/datasources/uid/hermes-prometheus/health': SOURCE,
  '/api/datasources/uid/hermes-jaeger/health': SOURCE,
};

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** One server stands in for all four programs: their paths do not overlap. */
async function serve(answers: Readonly<Record<string, unknown>>): Promise<string> {
  const listener: RequestListener = (request, response) => {
    const answer = answers[new URL(request.url ?? '/', 'http://stack').pathname];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? {}));
  };
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function check(answers: Readonly<Record<string, unknown>>, world: Partial<CheckWorld> = {}) {
  const url = await serve(answers);
  let clock = 0;
  const steps: StepResult[] = [];
  const all = checkStack({
    addresses: { collector: url, health: `${url}/`, jaeger: url, prometheus: url, grafana: url },
    sendSample: async () => ({ traceId: TRACE, problems: [] }),
    waitMillis: 3_000,
    now: () => clock,
    sleep: async (millis) => {
      clock += millis;
    },
    ...world,
  });
  for await (const step of all) steps.push(step);
  return steps;
}

const failedSteps = (steps: readonly StepResult[]) =>
  steps.flatMap(({ ok, skipped }, index) => (ok || skipped ? [] : [index + 1]));

describe('the end-to-end checklist', () => {
  test('has seven steps, all ok when the stack is in order', async () => {
    const steps = await check(GREEN);
    expect(steps.map(({ ok, next }) => [ok, next])).toEqual(
      Array.from({ length: 7 }, () => [true, undefined]),
    );
  });

  const BROKEN: readonly (readonly [string, Readonly<Record<string, unknown>>, readonly number[], string])[] =
    [
      ['Grafana is not up', { '/api/health': undefined }, [1], 'Grafana: HTTP 404'],
      ['the OTLP port is something else', { '/v1/traces': undefined }, [2], 'HTTP 404'],
      [
        'the target is down',
        {
          '/api/v1/targets': { data: { activeTargets: [{ scrapePool: 'otel-collector', health: 'down' }] } },
        },
        [3],
        'is down',
      ],
      ['there is no target', { '/api/v1/targets': { data: { activeTargets: [] } } }, [3], 'not there'],
      [
        'Jaeger lost a span',
        { [`/api/traces/${TRACE}`]: { data: [{ spans: [1, 2, 3, 4, 5] }] } },
        [5],
        '5 spans',
      ],
      ['Jaeger does not know the trace', { [`/api/traces/${TRACE}`]: undefined }, [5], 'HTTP 404'],
      [
        'a metric is missing',
        { '/api/v1/query': { data: { result: [{ metric: { __name__: METRIC_FAMILIES[0] } }] } } },
        [6],
        'hermes_gen_ai_client_token_usage',
      ],
      [
        'a data source is red',
        { '/api/datasources/uid/hermes-jaeger/health': { status: 'ERROR', message: 'no such host' } },
        [7],
        'hermes-jaeger: no such host',
      ],
    ];
  test.each(BROKEN)('says so when %s', async (_name, answers, steps, found) => {
    const result = await check({ ...GREEN, ...answers });
    expect(failedSteps(result)).toEqual(steps);
    const step = result.find(({ ok }) => !ok);
    expect(step?.found).toContain(found);
    expect(step?.next).not.toBe('');
  });

  test('says why the sample was not accepted', async () => {
    const sendSample = async () => ({ traceId: TRACE, problems: ['HTTP 401.'] });
    const steps = await check(GREEN, { sendSample });
    expect([failedSteps(steps), steps[3]?.found]).toEqual([[4], 'HTTP 401.']);
  });

  test('one cause is one failure: when nobody listens, the rest is left out without waiting', async () => {
    const url = await serve({});
    const server = servers.pop();
    await new Promise((resolve) => server?.close(resolve));
    const addresses = { collector: url, health: url, jaeger: url, prometheus: url, grafana: url };
    const sleep = async () => {
      throw new Error('waited');
    };
    const steps = await check(
      {},
      { addresses, sleep, sendSample: async () => ({ traceId: TRACE, problems: ['x'] }) },
    );
    expect(failedSteps(steps)).toEqual([1]);
    expect(steps.map(({ skipped }) => skipped ?? false)).toEqual([false, true, true, true, true, true, true]);
    expect(steps[0]?.found).toContain('Collector: no answer (ECONNREFUSED)');
  });
});
