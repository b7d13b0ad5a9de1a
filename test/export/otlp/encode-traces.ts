import { encodeAll } from '../../../src/export/otlp/encoder.ts';
import { spanEncoder } from '../../../src/export/otlp/span-encoder.ts';
import type { Origin, OtelSpan } from '../../../src/model/otel.ts';

/** All spans as one `ExportTraceServiceRequest` in protobuf, whatever its size. */
export function encodeTraces(spans: readonly OtelSpan[], origin: Origin): Uint8Array {
  return encodeAll(spanEncoder(origin), spans, 'application/x-protobuf');
}

/** All spans as one `ExportTraceServiceRequest` in JSON: one line, without a line end. */
export function encodeTracesJson(spans: readonly OtelSpan[], origin: Origin): string {
  return Buffer.from(encodeAll(spanEncoder(origin), spans, 'application/json')).toString();
}
