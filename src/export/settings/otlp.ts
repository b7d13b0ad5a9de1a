import { eachSignal, type SignalName } from '../delivery/transport.ts';
import type { OtlpGrpcSettings, OtlpGrpcSignal } from '../grpc/transport.ts';
import type { OtlpHttpSettings, OtlpHttpSignal } from '../http/transport.ts';
import { readProxy } from './proxy.ts';
import {
  createRedactor,
  type Env,
  flagOr,
  OptionError,
  oneOf,
  ownVariable,
  positiveMillis,
  readHeaders,
  readTls,
  readUrl,
  redactUrl,
  secretsOfUrl,
  signalVariable,
  variable,
  withPath,
} from './settings.ts';

/** The flags for reaching a receiver; `undefined` where the user gave none. */
export interface OtlpFlags {
  /** A base address. A signal's path at its end is removed. */
  readonly endpoint?: string | undefined;
  /** Each `name=value`. */
  readonly header?: readonly string[] | undefined;
  readonly compression?: string | undefined;
  readonly exportTimeoutMillis?: number | undefined;
}

const DEFAULT_ENDPOINT = 'http://localhost:4318';
/** The specification's default. */
const DEFAULT_TIMEOUT_MILLIS = 10_000;

/** Reads the flags and the specification's `OTEL_EXPORTER_OTLP_*` variables for OTLP/HTTP. A flag beats a variable. Throws an `OptionError`. */
export function resolveOtlpHttp(env: Env, flags: OtlpFlags): OtlpHttpSettings {
  return eachSignal((signal) => readHttpSignal(env, flags, signal));
}

function readHttpSignal(env: Env, flags: OtlpFlags, signal: SignalName): OtlpHttpSignal {
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
    tls: readTls(env, signal),
    proxy,
    redact: createRedactor([
      ...Object.values(headers),
      ...secretsOfUrl(url),
      ...(proxy === undefined ? [] : secretsOfUrl(proxy)),
    ]),
  };
}

function readEndpoint(env: Env, flag: string | undefined, signal: SignalName): URL {
  const path = `/v1/${signal}`;
  if (flag !== undefined) {
    const base = readUrl({ source: '--endpoint', value: flag });
    base.pathname = base.pathname.replace(/\/v1\/(traces|metrics|logs)\/?$/, '');
    return withPath(base, path);
  }
  const own = ownVariable(env, signal, 'ENDPOINT');
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

function readCompression(env: Env, flags: OtlpFlags, signal: SignalName): 'gzip' | 'none' {
  const setting = flagOr('--compression', flags.compression, signalVariable(env, signal, 'COMPRESSION'));
  return oneOf(setting, ['gzip', 'none'], 'none');
}

function readTimeout(env: Env, flags: OtlpFlags, signal: SignalName): number {
  return (
    flags.exportTimeoutMillis ??
    positiveMillis(signalVariable(env, signal, 'TIMEOUT'), DEFAULT_TIMEOUT_MILLIS)
  );
}

const DEFAULT_TARGET = 'http://localhost:4317';

/** Reads the flags and the specification's `OTEL_EXPORTER_OTLP_*` variables for OTLP/gRPC. Throws an `OptionError`. */
export function resolveOtlpGrpc(env: Env, flags: OtlpFlags): OtlpGrpcSettings {
  return eachSignal((signal) => readGrpcSignal(env, flags, signal));
}

function readGrpcSignal(env: Env, flags: OtlpFlags, signal: SignalName): OtlpGrpcSignal {
  const url = readTarget(env, flags.endpoint, signal);
  const headers = readHeaders(env, flags.header ?? [], signal);
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\x20-\x7e]*$/.test(value))
      throw new OptionError(`the header ${name} has a value that gRPC does not allow`);
  }
  const { host } = url;
  return {
    target: url.port === '' ? `${host}:${url.protocol === 'https:' ? 443 : 80}` : host,
    secure: url.protocol === 'https:',
    destination: `${url.protocol}//${host} (gRPC)`,
    headers,
    compression: readCompression(env, flags, signal),
    timeoutMillis: readTimeout(env, flags, signal),
    tls: readTls(env, signal),
    redact: createRedactor([...Object.values(headers), ...secretsOfUrl(url)]),
  };
}

/**
 * `http://host:port` is plain, `https://host:port` is TLS; without a scheme `OTEL_EXPORTER_OTLP_INSECURE` decides, and
 * TLS is its default, as the specification says.
 */
function readTarget(env: Env, flag: string | undefined, signal: SignalName): URL {
  const setting = flagOr('--endpoint', flag, signalVariable(env, signal, 'ENDPOINT'));
  const { source, value } = setting ?? { source: '', value: DEFAULT_TARGET };
  const insecure = oneOf(signalVariable(env, signal, 'INSECURE'), ['true', 'false'], 'false') === 'true';
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `${insecure ? 'http' : 'https'}://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new OptionError(`${source} must be an address such as http://localhost:4317`);
  }
  return url;
}
