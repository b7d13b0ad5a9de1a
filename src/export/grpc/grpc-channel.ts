import type { Client, Metadata, ServiceError } from '@grpc/grpc-js';
import type { Channel, Port } from '../channel.ts';
import type { Answer } from '../delivery/answer.ts';
import { acceptedAnswer } from '../http/accepted.ts';
import { readPartialSuccess } from '../http/answer-body.ts';
import type { Tls } from '../http/transport.ts';
import { classify } from './classify.ts';
import type { GrpcModule } from './load.ts';

/** How one signal reaches its receiver over OTLP/gRPC. */
export interface OtlpGrpcSignal {
  /** `host:port`. */
  readonly target: string;
  readonly secure: boolean;
  /** As people name it, without secrets. */
  readonly destination: string;
  /** Sent as metadata. */
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  readonly timeoutMillis: number;
  readonly tls: Tls;
  readonly redact: (text: string) => string;
}

export interface OtlpGrpcSettings {
  readonly traces: OtlpGrpcSignal;
  readonly metrics: OtlpGrpcSignal;
}

const TRACE_METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const METRIC_METHOD = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

/** The library's own number for gzip. */
const GZIP = 2;
/** A receiver that comes back is found again within seconds, not within the library's two minutes. */
const LONGEST_RECONNECT_MILLIS = 5000;

/** OTLP over gRPC: encoded requests as they are, and answers read as closely as over HTTP. */
export function grpcChannel(grpc: GrpcModule, settings: OtlpGrpcSettings, userAgent: string): Channel {
  const traces = openPort(grpc, settings.traces, TRACE_METHOD, userAgent);
  const metrics = openPort(grpc, settings.metrics, METRIC_METHOD, userAgent);
  return {
    traces,
    metrics,
    async close() {
      traces.close();
      metrics.close();
    },
  };
}

function openPort(
  grpc: GrpcModule,
  signal: OtlpGrpcSignal,
  method: string,
  userAgent: string,
): Port & { close(): void } {
  const client = new grpc.Client(signal.target, credentialsOf(grpc, signal), {
    'grpc.primary_user_agent': userAgent,
    'grpc.max_reconnect_backoff_ms': LONGEST_RECONNECT_MILLIS,
    ...(signal.compression === 'gzip' ? { 'grpc.default_compression_algorithm': GZIP } : {}),
  });
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(signal.headers)) metadata.set(name, value);
  return {
    destination: signal.destination,
    contentType: 'application/x-protobuf',
    transport: (body) => (stop) => call(client, method, metadata, body, signal, stop),
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

function call(
  client: Client,
  method: string,
  metadata: Metadata,
  body: Uint8Array,
  signal: OtlpGrpcSignal,
  stop: AbortSignal,
): Promise<Answer> {
  return new Promise((resolve) => {
    const deadline = Date.now() + signal.timeoutMillis;
    const onAnswer = (error: ServiceError | null, answer?: Buffer) => {
      stop.removeEventListener('abort', cancel);
      resolve(error === null ? accepted(answer ?? Buffer.alloc(0), signal) : classify(error, signal));
    };
    const under = client.makeUnaryRequest(method, asBuffer, asIs, body, metadata, { deadline }, onAnswer);
    const cancel = () => under.cancel();
    stop.addEventListener('abort', cancel);
  });
}

function accepted(answer: Uint8Array, { destination, redact }: OtlpGrpcSignal): Answer {
  const partial = readPartialSuccess(answer, 'protobuf');
  if (partial !== undefined) return acceptedAnswer(destination, partial, redact);
  const message = `${destination} accepted, but its answer is not OTLP: check that it is an OTLP receiver`;
  return { kind: 'accepted', rejected: 0, message };
}
