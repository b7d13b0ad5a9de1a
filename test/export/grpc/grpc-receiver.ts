import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type status,
} from '@grpc/grpc-js';
import {
  decodeProtobuf,
  encodeResponse,
  type MetricsRequest,
  pointCount,
  spansIn,
  type TraceRequest,
} from '../decode.ts';

// A real OTLP/gRPC receiver.

export interface GrpcExchange {
  readonly call: ServerUnaryCall<Buffer, Buffer>;
  /** From 0. */
  readonly index: number;
  /** Stores what came and answers as the protocol says. */
  accept(): void;
  answer(bytes: Uint8Array): void;
  refuse(code: status, details: string, metadata?: Metadata): void;
}

export type GrpcBehaviour = (exchange: GrpcExchange) => void;

export interface GrpcReceiver {
  readonly port: number;
  readonly calls: readonly ServerUnaryCall<Buffer, Buffer>[];
  readonly spanIds: readonly string[];
  acceptedPoints(): number;
  stop(): void;
}

export interface GrpcReceiverOptions {
  readonly behave?: GrpcBehaviour;
  readonly credentials?: ServerCredentials;
  readonly port?: number;
}

export async function startGrpcReceiver(options: GrpcReceiverOptions = {}): Promise<GrpcReceiver> {
  const {
    behave = ({ accept }) => accept(),
    credentials = ServerCredentials.createInsecure(),
    port = 0,
  } = options;
  const server = new Server();
  const calls: ServerUnaryCall<Buffer, Buffer>[] = [];
  const spanIds: string[] = [];
  let points = 0;

  const serve = (store: (body: Buffer) => void) => ({
    Export(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
      const index = calls.push(call) - 1;
      const answer = (bytes: Uint8Array) => done(null, Buffer.from(bytes));
      behave({
        call,
        index,
        answer,
        accept() {
          store(call.request);
          answer(encodeResponse(undefined));
        },
        refuse: (code, details, metadata = new Metadata()) => done({ code, details, metadata }),
      });
    },
  });
  server.addService(
    service('trace.v1.TraceService'),
    serve((body) => {
      for (const span of spansIn(decodeProtobuf<TraceRequest>('TraceRequest', body)))
        spanIds.push(span.spanId);
    }),
  );
  server.addService(
    service('metrics.v1.MetricsService'),
    serve((body) => {
      points += pointCount(decodeProtobuf<MetricsRequest>('MetricsRequest', body));
    }),
  );
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, number) =>
      error ? reject(error) : resolve(number),
    ),
  );
  return { port: bound, calls, spanIds, acceptedPoints: () => points, stop: () => server.forceShutdown() };
}

function service(name: string): ServiceDefinition {
  const asIs = (bytes: Buffer) => bytes;
  return {
    Export: {
      path: `/opentelemetry.proto.collector.${name}/Export`,
      requestStream: false,
      responseStream: false,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  };
}
