import { createRequire } from 'node:module';
import type * as Grpc from '@grpc/grpc-js';
import type { Client, Metadata, ServiceError } from '@grpc/grpc-js';
import {
  type Answer,
  type Signals,
  type Transport,
  type Transports,
  transportsOf,
} from '../delivery/transport.ts';
import { acceptedAnswer, readPartialSuccess } from '../http/answer-body.ts';
import type { Tls } from '../http/transport.ts';
import { OptionError } from '../settings/settings.ts';
import { classify } from './classify.ts';

/** How one signal reaches its receiver over OTLP/gRPC. */
export interface OtlpGrpcSignal {
  /** `host:port`. */
  readonly target: string;
  readonly secure: boolean;
  /** The name for people, without secrets. */
  readonly destination: string;
  /** Sent as metadata. */
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly tls: Tls;
  readonly redact: (text: string) => string;
}

export type OtlpGrpcSettings = Signals<OtlpGrpcSignal>;

export type GrpcModule = typeof Grpc;

/** Version of the optional peer dependencies: the same as the other OpenTelemetry packages, so that npm installs one set. */
const VERSION = '0.223.0';
const TRACE_EXPORTER = '@opentelemetry/exporter-trace-otlp-grpc';
const METRIC_EXPORTER = '@opentelemetry/exporter-metrics-otlp-grpc';

const PACKAGES = `${TRACE_EXPORTER}@${VERSION} ${METRIC_EXPORTER}@${VERSION}`;

/**
 * The gRPC library of the installed OTLP/gRPC exporters. It is found through them, because a package manager need not
 * put it where we could import it ourselves. Throws an `OptionError` when its packages are not installed.
 * @param from where the search begins
 */
export function loadGrpc(from = import.meta.url): GrpcModule {
  try {
    const exporter = createRequire(from).resolve(TRACE_EXPORTER);
    createRequire(from).resolve(METRIC_EXPORTER);
    const base = createRequire(exporter).resolve('@opentelemetry/otlp-grpc-exporter-base');
    const grpc: GrpcModule = createRequire(base)('@grpc/grpc-js');
    return grpc;
  } catch {
    throw new OptionError(
      `-e otlp_grpc needs two packages that are not installed: npm install ${isGlobal(from) ? '-g ' : ''}${PACKAGES}`,
    );
  }
}

/** True below the directory of `npm install -g`: a project's own `node_modules` is never in a `lib`. */
function isGlobal(from: string): boolean {
  return /[/\\](?:lib|npm|nodejs)[/\\]node_modules[/\\]/.test(from);
}

const METHODS: Signals<string> = {
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
};

/** The library's number for gzip. */
const GZIP = 2;
/** A receiver that comes back is found again within seconds, not within the library's two minutes. */
const LONGEST_RECONNECT_MILLIS = 5000;

/** `-e otlp_grpc`: OTLP over gRPC. Requests are already encoded, and answers are read as closely as over HTTP. */
export function grpcTransports(grpc: GrpcModule, settings: OtlpGrpcSettings, userAgent: string): Transports {
  return transportsOf((name) => grpcTransport(grpc, settings[name], METHODS[name], userAgent));
}

function grpcTransport(
  grpc: GrpcModule,
  signal: OtlpGrpcSignal,
  method: string,
  userAgent: string,
): Transport & { close(): void } {
  const client = new grpc.Client(signal.target, credentialsOf(grpc, signal), {
    'grpc.primary_user_agent': userAgent,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MILLIS,
    ...(signal.compression === 'gzip' ? { 'grpc.default_compression_algorithm': GZIP } : {}),
  });
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(signal.headers)) metadata.set(name, value);
  const call = { client, method, metadata, signal };
  return {
    destination: signal.destination,
    contentType: 'application/x-protobuf',
    prepare: (body) => (stop) => attempt(call, body, stop),
    close: () => client.close(),
  };
}

function credentialsOf({ credentials }: GrpcModule, { secure, tls }: OtlpGrpcSignal) {
  if (!secure) return credentials.createInsecure();
  const { certificate, clientCertificate, clientKey } = tls;
  return credentials.createSsl(pem(certificate), pem(clientKey), pem(clientCertificate));
}

function pem(text: string | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer) => bytes;

interface Call {
  readonly client: Client;
  readonly method: string;
  readonly metadata: Metadata;
  readonly signal: OtlpGrpcSignal;
}

function attempt(
  { client, method, metadata, signal }: Call,
  body: Uint8Array,
  stop: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve) => {
    const deadline = Date.now() + signal.timeoutMillis;
    const onAnswer = (error: ServiceError | null, answer?: Buffer) => {
      stop.removeEventListener('abort', cancel);
      resolve(error === null ? accepted(answer ?? Buffer.alloc(0), signal) : classify(error, signal));
    };
    const request = client.makeUnaryRequest(method, asBuffer, asIs, body, metadata, { deadline }, onAnswer);
    const cancel = () => request.cancel();
    stop.addEventListener('abort', cancel);
  });
}

function accepted(answer: Uint8Array, { destination, redact }: OtlpGrpcSignal): Answer {
  const partial = readPartialSuccess(answer, 'protobuf');
  if (partial !== undefined) return acceptedAnswer(destination, partial, redact);
  const message = `${destination} accepted, but its answer is not OTLP: check that it is an OTLP receiver`;
  return { kind: 'accepted', rejected: 0, message };
}
