import type { OtelSpan } from '../../model/otel.ts';
import { createJsonTraceRequest } from './json-trace-request.ts';
import type { Origin, TraceRequest } from './request.ts';
import { createTraceRequest } from './trace-request.ts';

/** All spans as one `ExportTraceServiceRequest` in protobuf, whatever its size. */
export function encodeTraces(spans: readonly OtelSpan[], origin: Origin): Uint8Array {
  return encode(spans, createTraceRequest(origin));
}

/** All spans as one `ExportTraceServiceRequest` in JSON: one line, without a line end. */
export function encodeTracesJson(spans: readonly OtelSpan[], origin: Origin): string {
  return Buffer.from(encode(spans, createJsonTraceRequest(origin))).toString();
}

function encode(spans: readonly OtelSpan[], request: TraceRequest): Uint8Array {
  for (const span of spans) request.add(span, Number.POSITIVE_INFINITY);
  return request.finish();
}
