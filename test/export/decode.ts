import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';

// Decodes OTLP with the help of a library that has nothing to do with our encoders, into OTLP/JSON.

export const { root } = protobuf.parse(readFileSync(new URL('./otlp.proto', import.meta.url), 'utf8'));

export type Json = { readonly [key: string]: unknown };

interface AnyValue {
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly arrayValue?: { readonly values: readonly AnyValue[] };
}

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface DecodedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes?: readonly KeyValue[];
}

export interface DecodedMetric {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly DecodedPoint[] };
  readonly histogram?: { readonly dataPoints: readonly DecodedPoint[] };
}

type DecodedPoint = Json & { readonly attributes?: readonly KeyValue[] };

export interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: Json;
    readonly scopeSpans: readonly { readonly scope: Json; readonly spans: readonly DecodedSpan[] }[];
  }[];
}

export interface MetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource: Json;
    readonly scopeMetrics: readonly { readonly scope: Json; readonly metrics: readonly DecodedMetric[] }[];
  }[];
}

/** A message as OTLP/JSON: absent fields absent, 64-bit integers as strings, ids in hex. */
export function decodeProtobuf<T>(
  type: 'TraceRequest' | 'MetricsRequest' | 'LogsRequest',
  bytes: Uint8Array,
): T {
  const message = root.lookupType(type);
  const plain = message.toObject(message.decode(bytes), { longs: String, bytes: Array, json: true });
  return hexIds(plain) as T;
}

export function encodeResponse(fields: { rejected?: number; errorMessage?: string } | undefined): Uint8Array {
  const type = root.lookupType('ExportResponse');
  return type.encode(type.fromObject(fields === undefined ? {} : { partialSuccess: fields })).finish();
}

export function encodeStatus(message: string): Uint8Array {
  const type = root.lookupType('RpcStatus');
  return type.encode(type.fromObject({ code: 3, message })).finish();
}

export function spansIn(request: TraceRequest): readonly DecodedSpan[] {
  // A request without spans, as the doctor sends, has no list either.
  return (request.resourceSpans ?? []).flatMap((resource) =>
    resource.scopeSpans.flatMap((scope) => scope.spans),
  );
}

export function metricsIn(request: MetricsRequest): readonly DecodedMetric[] {
  return (request.resourceMetrics ?? []).flatMap((resource) =>
    resource.scopeMetrics.flatMap((scope) => scope.metrics),
  );
}

export function pointCount(request: MetricsRequest): number {
  return metricsIn(request).reduce(
    (sum, metric) => sum + (metric.sum?.dataPoints.length ?? 0) + (metric.histogram?.dataPoints.length ?? 0),
    0,
  );
}

const IDS = new Set(['traceId', 'spanId', 'parentSpanId']);

function hexIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hexIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      IDS.has(key) && Array.isArray(field)
        ? Buffer.from(field).toString('hex')
        : key === 'bytesValue' && Array.isArray(field)
          ? Buffer.from(field).toString('base64')
          : hexIds(field),
    ]),
  );
}
