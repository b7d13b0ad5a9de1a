import { createJsonTraceRequest } from '../../../src/export/otlp/json-trace-request.ts';
import type { Origin, TraceRequest } from '../../../src/export/otlp/request.ts';
import { createTraceRequest } from '../../../src/export/otlp/trace-request.ts';
import type { OtelSpan } from '../../../src/model/otel.ts';

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
