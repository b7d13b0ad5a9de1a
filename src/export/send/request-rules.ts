import type { Signal } from '../../model/sink.ts';
import type { ItemRules } from '../delivery/item-rules.ts';
import { concatEncoder } from '../encode/concat-encoder.ts';
import { listEncoder } from '../encode/json-encoder.ts';
import type { ContentType } from '../encode/request-encoder.ts';
import { jsonToProtobuf, type RequestName } from './json-to-protobuf.ts';
import { halve, LEVELS, type OtlpRequest, toJson } from './otlp-request.ts';

const REQUEST_NAMES: Readonly<Record<Signal, RequestName>> = {
  spans: '.TraceRequest',
  'metric points': '.MetricsRequest',
};

/** How requests of a file are delivered again: joined where they are small, divided where they are too large. */
export function requestRules(signal: Signal, contentType: ContentType): ItemRules<OtlpRequest> {
  const json = () =>
    listEncoder<OtlpRequest>(`{"${LEVELS[signal].resources}":[`, ']}', ({ resources }) =>
      resources.map((resource) => JSON.stringify(resource)).join(),
    );
  return {
    signal,
    weight: (request) => request.weight,
    newEncoder: () => (contentType === 'application/json' ? json() : concatEncoder(toProtobuf)),
    toLine: (requests) => json().line(requests),
    reduce(request) {
      const items = halve(request);
      return items === undefined ? undefined : { items, loss: undefined };
    },
  };
}

/** Throws `OtlpJsonError` for a request that OTLP/JSON does not allow. */
export function toProtobuf(request: OtlpRequest): Uint8Array {
  return jsonToProtobuf(REQUEST_NAMES[request.signal], toJson(request));
}
