import type { Signal } from '../../model/sink.ts';
import type { Encoder } from '../otlp/encoder.ts';
import { joined } from '../otlp/metric-encoder.ts';
import { jsonToProtobuf, type RequestName } from './json-to-protobuf.ts';
import { halve, LEVELS, type OtlpRequest, toJson } from './otlp-request.ts';

const REQUEST_NAMES: Readonly<Record<Signal, RequestName>> = {
  spans: '.TraceRequest',
  'metric points': '.MetricsRequest',
};

/** Requests of a file, sent again: joined where they are small, divided where they are too large. */
export function requestEncoder(signal: Signal): Encoder<OtlpRequest> {
  const frame = { head: `{"${LEVELS[signal].resources}":[`, separator: ',', tail: ']}' };
  const json = ({ resources }: OtlpRequest) =>
    Buffer.from(resources.map((resource) => JSON.stringify(resource)).join());
  return {
    signal,
    weight: (request) => request.weight,
    newRequest: (contentType) =>
      contentType === 'application/json'
        ? joined(json, frame)
        : joined(toProtobuf, { head: '', separator: '', tail: '' }),
    shrink(request) {
      const items = halve(request);
      return items === undefined ? undefined : { items, loss: undefined };
    },
  };
}

/** Throws `OtlpJsonError` for a request that OTLP/JSON does not allow. */
export function toProtobuf(request: OtlpRequest): Uint8Array {
  return jsonToProtobuf(REQUEST_NAMES[request.signal], toJson(request));
}
