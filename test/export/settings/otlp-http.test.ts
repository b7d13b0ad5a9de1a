import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { OtlpHttpSettings } from '../../../src/export/http/transport.ts';
import { type OtlpFlags, resolveOtlpHttp } from '../../../src/export/settings/otlp.ts';
import { OptionError, resolveTemporality } from '../../../src/export/settings/settings.ts';

type Env = Record<string, string>;

async function resolve(env: Env, flags: OtlpFlags = {}): Promise<OtlpHttpSettings> {
  return resolveOtlpHttp(env, flags);
}

async function problemOf(env: Env, flags: OtlpFlags = {}): Promise<string> {
  try {
    resolveOtlpHttp(env, flags);
  } catch (error) {
    if (error instanceof OptionError) return error.message;
    throw error;
  }
  throw new Error('no problem was found');
}

describe('the addresses of traces and metrics', () => {
  const base = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  const traces = 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  const metrics = 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT';
  test.each<[string, Env, OtlpFlags, string, string]>([
    ['by default are local', {}, {}, 'http://localhost:4318/v1/traces', 'http://localhost:4318/v1/metrics'],
    [
      'are the variable and a path',
      { [base]: 'http://h:1' },
      {},
      'http://h:1/v1/traces',
      'http://h:1/v1/metrics',
    ],
    [
      'are added below a path',
      { [base]: 'https://h/otlp/' },
      {},
      'https://h/otlp/v1/traces',
      'https://h/otlp/v1/metrics',
    ],
    ['keep a query', { [base]: 'http://h/?k=v' }, {}, 'http://h/v1/traces?k=v', 'http://h/v1/metrics?k=v'],
    [
      'of one signal are used as they are',
      { [base]: 'http://h:1', [traces]: 'http://t/x', [metrics]: 'http://m' },
      {},
      'http://t/x',
      'http://m/',
    ],
    [
      'are the flag before all variables',
      { [base]: 'http://h', [traces]: 'http://t' },
      { endpoint: 'http://f:9' },
      'http://f:9/v1/traces',
      'http://f:9/v1/metrics',
    ],
    [
      'are right when the flag holds a path too much',
      {},
      { endpoint: 'http://f/v1/traces' },
      'http://f/v1/traces',
      'http://f/v1/metrics',
    ],
    [
      'are the default when the variable is empty',
      { [base]: ' ' },
      {},
      'http://localhost:4318/v1/traces',
      'http://localhost:4318/v1/metrics',
    ],
  ])('%s', async (_, env, flags, expectedTraces, expectedMetrics) => {
    const settings = await resolve(env, flags);
    expect([settings.traces.url.href, settings.metrics.url.href]).toEqual([expectedTraces, expectedMetrics]);
  });
});

describe('headers', () => {
  const all = 'OTEL_EXPORTER_OTLP_HEADERS';
  test.each<[string, Env, string[], Record<string, string>]>([
    ['are none by default', {}, [], {}],
    ['are a list', { [all]: 'a=1, B = 2 ,' }, [], { a: '1', b: '2' }],
    ['are percent-decoded', { [all]: 'authorization=Bearer%20x%3Dy' }, [], { authorization: 'Bearer x=y' }],
    [
      'may hold more equals signs',
      { [all]: 'authorization=Basic dTpw==' },
      [],
      { authorization: 'Basic dTpw==' },
    ],
    ['lose baggage metadata', { [all]: 'a=1;meta=2' }, [], { a: '1' }],
    [
      'of the signal win',
      { [all]: 'a=1,b=1', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'A=2' },
      [],
      { a: '2', b: '1' },
    ],
    ['of flags win', { [all]: 'a=1' }, ['A=3', 'c=50%'], { a: '3', c: '50%' }],
    ['hold the token', { HERMES_OTEL_TOKEN: 'abc%20d' }, [], { token: 'abc%20d' }],
    ['of the user beat the token', { HERMES_OTEL_TOKEN: 'abc' }, ['token=d'], { token: 'd' }],
  ])('%s', async (_, env, header, expected) => {
    expect((await resolve(env, { header })).traces.headers).toEqual(expected);
  });
});

describe('other settings', () => {
  test('have the defaults of the specification', async () => {
    const { traces } = await resolve({});
    expect(traces).toMatchObject({ protocol: 'http/protobuf', compression: 'none', timeoutMillis: 10_000 });
  });
  test('of a signal beat the common ones, and flags beat both', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '3000',
    };
    const fromEnv = await resolve(env);
    expect(fromEnv.traces).toMatchObject({ protocol: 'http/json', compression: 'gzip', timeoutMillis: 2500 });
    expect(fromEnv.metrics).toMatchObject({
      protocol: 'http/protobuf',
      compression: 'gzip',
      timeoutMillis: 3000,
    });
    const fromFlags = await resolve(env, { compression: 'none', exportTimeoutMillis: 100 });
    expect(fromFlags.metrics).toMatchObject({ compression: 'none', timeoutMillis: 100 });
  });
});

describe('certificates', () => {
  let folder: string;
  const pem = '-----BEGIN CERTIFICATE-----\n';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hermes-otel-'));
    await writeFile(join(folder, 'ca.pem'), pem);
    await writeFile(join(folder, 'empty.pem'), '');
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('are read from their files, for each signal', async () => {
    const settings = await resolve({ OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE: join(folder, 'ca.pem') });
    expect(settings.traces.tls).toEqual({
      certificate: pem,
      clientCertificate: undefined,
      clientKey: undefined,
    });
    expect(settings.metrics.tls.certificate).toBeUndefined();
  });
  test.each([
    ['missing', 'none.pem', 'which cannot be read: no such file or directory'],
    ['empty', 'empty.pem', 'which is not a PEM file'],
  ])('that are %s are named', async (_, name, expected) => {
    const sentence = await problemOf({ OTEL_EXPORTER_OTLP_CLIENT_KEY: join(folder, name) });
    expect(sentence).toBe(`OTEL_EXPORTER_OTLP_CLIENT_KEY names ${join(folder, name)}, ${expected}`);
  });
});

describe('a setting that cannot be is named without its value', () => {
  test.each<[string, Env, OtlpFlags]>([
    ['--endpoint must be a URL such as http://localhost:4318', {}, { endpoint: 'hunter2' }],
    ['--endpoint must be a URL such as http://localhost:4318', {}, { endpoint: 'hunter2:4318' }],
    ['--endpoint must be a URL such as http://localhost:4318', {}, { endpoint: 'file:///hunter2' }],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT must be a URL such as http://localhost:4318',
      { OTEL_EXPORTER_OTLP_ENDPOINT: '//hunter2' },
      {},
    ],
    [
      'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT must be a URL such as http://localhost:4318',
      { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'hunter2' },
      {},
    ],
    ['--header must be name=value', {}, { header: ['hunter2'] }],
    [
      '--header has a value for a that HTTP does not allow',
      {},
      { header: ['a=hunter2\n'.replace('\n', '\u0000')] },
    ],
    [
      'OTEL_EXPORTER_OTLP_HEADERS has a header name that HTTP does not allow',
      { OTEL_EXPORTER_OTLP_HEADERS: 'hunter 2=x' },
      {},
    ],
    [
      'OTEL_EXPORTER_OTLP_HEADERS has a "%" that is no percent-encoding: write it as %25',
      { OTEL_EXPORTER_OTLP_HEADERS: 'a=hunter2%' },
      {},
    ],
    [
      'HERMES_OTEL_TOKEN has a value for token that HTTP does not allow',
      { HERMES_OTEL_TOKEN: 'hunter2\u0007x' },
      {},
    ],
    ['--compression must be gzip or none', {}, { compression: 'zip' }],
    [
      'OTEL_EXPORTER_OTLP_TRACES_COMPRESSION must be gzip or none',
      { OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'zip' },
      {},
    ],
    [
      'OTEL_EXPORTER_OTLP_TIMEOUT must be a number of milliseconds above 0',
      { OTEL_EXPORTER_OTLP_TIMEOUT: '10s' },
      {},
    ],
    [
      'OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf or http/json',
      { OTEL_EXPORTER_OTLP_PROTOCOL: 'http' },
      {},
    ],
    ['OTEL_EXPORTER_OTLP_PROTOCOL is grpc: use -e otlp_grpc', { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }, {}],
  ])('%s', async (sentence, env, flags) => {
    expect(await problemOf(env, flags)).toBe(sentence);
  });
});

describe('secrets', () => {
  test('are not part of how a destination is named', async () => {
    const { traces } = await resolve({}, { endpoint: 'https://me:hunter2@h:1/a?key=hunter3#hunter4' });
    expect(traces.destination).toBe('https://h:1/a/v1/traces?…');
  });
  test('are taken out of what a receiver says', async () => {
    const { traces } = await resolve(
      { HERMES_OTEL_TOKEN: 'tok-123' },
      { endpoint: 'https://me:hunt%20er2@h/?key=k-345', header: ['authorization=Bearer abc.def'] },
    );
    const echo = 'Bearer abc.def, abc.def, tok-123, hunt%20er2, hunt er2, bWU6aHVudCBlcjI=, k-345, fine';
    expect(traces.redact(echo)).toBe('***, ***, ***, ***, ***, ***, ***, fine');
  });
});

describe('the temporality preference', () => {
  const name = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE';
  test.each<[Env, string]>([
    [{}, 'cumulative'],
    [{ [name]: 'cumulative' }, 'cumulative'],
    [{ [name]: 'Delta' }, 'delta'],
    [{ [name]: 'LowMemory' }, 'delta'],
  ])('%j is %j', (env, expected) => {
    expect(resolveTemporality(env)).toBe(expected);
  });
  test('that is none is refused', () => {
    const sentence = `${name} must be cumulative or delta or lowmemory`;
    expect(() => resolveTemporality({ [name]: 'x' })).toThrow(new OptionError(sentence));
  });
});
