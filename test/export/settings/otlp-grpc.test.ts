import { describe, expect, test } from '@jest/globals';
import { type OtlpFlags, resolveOtlpGrpc } from '../../../src/export/settings/otlp.ts';
import { OptionError } from '../../../src/export/settings/settings.ts';

type Env = Record<string, string>;
const base = 'OTEL_EXPORTER_OTLP_ENDPOINT';

async function resolve(env: Env, flags: OtlpFlags = {}) {
  const settings = resolveOtlpGrpc(env, flags);
  return settings;
}

describe('a target', () => {
  test.each<[string, Env, OtlpFlags, [string, boolean, string]]>([
    ['is local and plain by default', {}, {}, ['localhost:4317', false, 'http://localhost:4317 (gRPC)']],
    ['with https is secure', { [base]: 'https://h:1/' }, {}, ['h:1', true, 'https://h:1 (gRPC)']],
    ["without a port has the scheme's", { [base]: 'https://h' }, {}, ['h:443', true, 'https://h (gRPC)']],
    ['without a scheme is secure', { [base]: 'h:1' }, {}, ['h:1', true, 'https://h:1 (gRPC)']],
    [
      'without a scheme may be insecure',
      { [base]: 'h:1', OTEL_EXPORTER_OTLP_INSECURE: 'true' },
      {},
      ['h:1', false, 'http://h:1 (gRPC)'],
    ],
    [
      'of the signal wins',
      { [base]: 'http://h:1', OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t:2' },
      {},
      ['t:2', false, 'http://t:2 (gRPC)'],
    ],
    [
      'of the flag wins',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://t:2' },
      { endpoint: 'http://f:3' },
      ['f:3', false, 'http://f:3 (gRPC)'],
    ],
    [
      'has no secrets in its name',
      {},
      { endpoint: 'http://me:hunter2@f:3?k=hunter2' },
      ['f:3', false, 'http://f:3 (gRPC)'],
    ],
  ])('%s', async (_, env, flags, expected) => {
    const { traces } = await resolve(env, flags);
    expect([traces.target, traces.secure, traces.destination]).toEqual(expected);
  });
});

test('a protocol variable does not matter when gRPC was asked for', async () => {
  expect((await resolve({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).traces.secure).toBe(false);
});

test('the token is metadata', async () => {
  expect((await resolve({ HERMES_OTEL_TOKEN: 'abc' })).metrics.headers).toEqual({ token: 'abc' });
});

test.each<[string, Env, OtlpFlags]>([
  ['--endpoint must be an address such as http://localhost:4317', {}, { endpoint: 'ftp://h' }],
  ['OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as http://localhost:4317', { [base]: 'http://' }, {}],
  ['the header a has a value that gRPC does not allow', {}, { header: ['a=\u00fc'] }],
])('%s', async (sentence, env, flags) => {
  expect(() => resolveOtlpGrpc(env, flags)).toThrow(new OptionError(sentence));
});
