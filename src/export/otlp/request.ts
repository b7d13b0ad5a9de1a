import type { OtelSpan, Resource, Scope } from '../../model/otel.ts';

/**
 * OTLP, written straight from our spans into one growing buffer: no SDK, no object in between, no BigInt.
 *
 * From the outside in: a request holds spans, which hold attributes; all of them are messages in messages, made of
 * texts and numbers.
 *
 * | | request | span | attributes | pieces |
 * |---|---|---|---|---|
 * | protobuf | `trace-request.ts` | `span-message.ts` | `attributes.ts` | `message.ts`, `text.ts`, `bytes.ts` |
 * | JSON | `json-trace-request.ts` | `json.ts` | `json-attributes.ts` | `json-text.ts`, `bytes.ts` |
 *
 * It knows spans and nothing else: metric points are few, the SDK's serializer does those.
 */
export interface TraceRequest {
  readonly contentType: 'application/x-protobuf' | 'application/json';
  /** @returns `false`, and nothing changed, when the body would be larger than `maxBytes` with the span. */
  add(span: OtelSpan, maxBytes: number): boolean;
  /** Of the body so far, exactly as `finish` would make it; 0 when nothing was added. */
  sizeBytes(): number;
  /** The body (`ExportTraceServiceRequest`), the caller's from now on; the next `add` begins a new one. */
  finish(): Uint8Array;
}

/** Who the spans are from: the same for every request of a run, encoded once. */
export interface Origin {
  readonly resource: Resource;
  readonly scope: Scope;
}
