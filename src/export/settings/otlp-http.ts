import type { OtlpHttpSettings, OtlpHttpSignal } from '../http/transport.ts';
import { readHeaders } from './headers.ts';
import { readProxy } from './proxy.ts';
import {
  collectProblem,
  type Env,
  flagOr,
  OptionError,
  type OptionProblem,
  oneOf,
  positiveMillis,
  readTls,
  type SignalName,
  signalVariable,
  variable,
} from './settings.ts';
import { createRedactor, readUrl, redactUrl, secretsOfUrl, withPath } from './url.ts';

/** The flags for reaching a receiver; `undefined` where the user gave none. */
export interface OtlpFlags {
  /** A base address. A signal's path at its end is removed. */
  readonly endpoint?: string | undefined;
  /** Each `name=value`. */
  readonly header?: readonly string[] | undefined;
  readonly compression?: string | undefined;
  readonly exportTimeoutMillis?: number | undefined;
}

const PATHS = { TRACES: '/v1/traces', METRICS: '/v1/metrics', LOGS: '/v1/logs' } as const;
const DEFAULT_ENDPOINT = 'http://localhost:4318';
/** The specification's default. */
const DEFAULT_TIMEOUT_MILLIS = 10_000;

/** Reads the flags and the specification's `OTEL_EXPORTER_OTLP_*` variables for OTLP/HTTP. A flag beats a variable. */
export async function resolveOtlpHttp(env: Env, flags: OtlpFlags): Promise<OtlpHttpSettings | OptionProblem> {
  return await collectProblem(async () => ({
    traces: await readSignal(env, flags, 'TRACES'),
    metrics: await readSignal(env, flags, 'METRICS'),
    logs: await readSignal(env, flags, 'LOGS'),
  }));
}

async function readSignal(env: Env, flags: OtlpFlags, signal: SignalName): Promise<OtlpHttpSignal> {
  const url = readEndpoint(env, flags.endpoint, signal);
  const proxy = readProxy(env, url);
  const headers = readHeaders(env, flags.header ?? [], signal);
  return {
    url,
    destination: redactUrl(url),
    headers,
    protocol: readProtocol(env, signal),
    compression: readCompression(env, flags, signal),
    timeoutMillis: readTimeout(env, flags, signal),
    tls: await readTls(env, signal),
    proxy,
    redact: createRedactor([
      ...Object.values(headers),
      ...secretsOfUrl(url),
      ...(proxy === undefined ? [] : secretsOfUrl(proxy)),
    ]),
  };
}

function readEndpoint(env: Env, flag: string | undefined, signal: SignalName): URL {
  const path = PATHS[signal];
  if (flag !== undefined) {
    const base = readUrl({ source: '--endpoint', value: flag });
    base.pathname = base.pathname.replace(/\/v1\/(traces|metrics|logs)\/?$/, '');
    return withPath(base, path);
  }
  const own = variable(env, `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`);
  if (own !== undefined) return readUrl(own);
  const source = 'OTEL_EXPORTER_OTLP_ENDPOINT';
  return withPath(readUrl(variable(env, source) ?? { source, value: DEFAULT_ENDPOINT }), path);
}

function readProtocol(env: Env, signal: SignalName): OtlpHttpSignal['protocol'] {
  const setting = signalVariable(env, signal, 'PROTOCOL');
  if (setting?.value.toLowerCase() === 'grpc')
    throw new OptionError(`${setting.source} is grpc: use -e otlp_grpc`);
  return oneOf(setting, ['http/protobuf', 'http/json'], 'http/protobuf');
}

export function readCompression(env: Env, flags: OtlpFlags, signal: SignalName): 'gzip' | 'none' {
  const setting = flagOr('--compression', flags.compression, signalVariable(env, signal, 'COMPRESSION'));
  return oneOf(setting, ['gzip', 'none'], 'none');
}

export function readTimeout(env: Env, flags: OtlpFlags, signal: SignalName): number {
  return (
    flags.exportTimeoutMillis ??
    positiveMillis(signalVariable(env, signal, 'TIMEOUT'), DEFAULT_TIMEOUT_MILLIS)
  );
}
