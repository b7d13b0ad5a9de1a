import { createRequire } from 'node:module';
import type * as Grpc from '@grpc/grpc-js';
import { OptionError } from '../options/problem.ts';

export type GrpcModule = typeof Grpc;

/** Of the optional peer dependencies: the same as the other OpenTelemetry packages, or two sets would be installed. */
const VERSION = '0.223.0';
const TRACE_EXPORTER = '@opentelemetry/exporter-trace-otlp-grpc';
const METRIC_EXPORTER = '@opentelemetry/exporter-metrics-otlp-grpc';

const INSTALL = `npm install ${TRACE_EXPORTER}@${VERSION} ${METRIC_EXPORTER}@${VERSION}`;

/**
 * The gRPC library of the installed OTLP/gRPC exporters, found through them: package managers need not put it where we
 * could import it ourselves.
 * @param from where the search begins
 */
export function loadGrpc(from: string): GrpcModule {
  try {
    const exporter = createRequire(from).resolve(TRACE_EXPORTER);
    createRequire(from).resolve(METRIC_EXPORTER);
    const base = createRequire(exporter).resolve('@opentelemetry/otlp-grpc-exporter-base');
    const grpc: GrpcModule = createRequire(base)('@grpc/grpc-js');
    return grpc;
  } catch {
    throw new OptionError(`-e otlp_grpc needs two packages that are not installed: ${INSTALL}`);
  }
}
