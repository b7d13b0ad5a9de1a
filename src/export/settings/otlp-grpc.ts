import type { OtlpGrpcSettings, OtlpGrpcSignal } from '../grpc/transport.ts';
import { readHeaders } from './headers.ts';
import { type OtlpFlags, readCompression, readTimeout } from './otlp-http.ts';
import {
  collectProblem,
  type Env,
  OptionError,
  type OptionProblem,
  oneOf,
  readTls,
  type Setting,
  type SignalName,
  signalVariable,
} from './settings.ts';
import { createRedactor, secretsOfUrl } from './url.ts';

const DEFAULT_ENDPOINT = 'http://localhost:4317';

/** Reads the flags and the specification's `OTEL_EXPORTER_OTLP_*` variables for OTLP/gRPC. A flag beats a variable. */
export async function resolveOtlpGrpc(env: Env, flags: OtlpFlags): Promise<OtlpGrpcSettings | OptionProblem> {
  return await collectProblem(async () => ({
    traces: await readSignal(env, flags, 'TRACES'),
    metrics: await readSignal(env, flags, 'METRICS'),
    logs: await readSignal(env, flags, 'LOGS'),
  }));
}

async function readSignal(env: Env, flags: OtlpFlags, signal: SignalName): Promise<OtlpGrpcSignal> {
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
    tls: await readTls(env, signal),
    redact: createRedactor([...Object.values(headers), ...secretsOfUrl(url)]),
  };
}

/**
 * `http://host:port` is plain, `https://host:port` is TLS; without a scheme `OTEL_EXPORTER_OTLP_INSECURE` decides, and
 * TLS is its default, as the specification says.
 */
function readTarget(env: Env, flag: string | undefined, signal: SignalName): URL {
  const { source, value }: Setting =
    flag !== undefined
      ? { source: '--endpoint', value: flag }
      : (signalVariable(env, signal, 'ENDPOINT') ?? { source: '', value: DEFAULT_ENDPOINT });
  const insecure = oneOf(signalVariable(env, signal, 'INSECURE'), ['true', 'false'], 'false') === 'true';
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `${insecure ? 'http' : 'https'}://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new OptionError(`${source} must be an address such as http://localhost:4317`);
  }
  return url;
}
