import type { Signal } from '../../model/sink.ts';

export type ContentType = 'application/x-protobuf' | 'application/json';

/**
 * Turns the items of one signal (spans, or snapshots of metric points) into OTLP requests. Items are grouped by origin
 * in the order in which they come; nearly always there is one.
 *
 * | | request | attributes | pieces |
 * |---|---|---|---|
 * | protobuf | `trace-request.ts` | `attributes.ts` | `text.ts`, `bytes.ts` |
 * | JSON | `json.ts` | `json.ts` | `json.ts` |
 *
 * In protobuf, spans are written into one growing buffer, without the SDK. Metric points and log records are few: the
 * SDK's serializers write them. JSON is text: each item becomes a string.
 */
export interface Encoder<Item> {
  readonly signal: Signal;
  /** How many spans or points an item counts for in the account. */
  weight(item: Item): number;
  newRequest(contentType: ContentType): RequestBody<Item>;
  /** A smaller version of an item that is too large for any request; `undefined` when there is none. */
  shrink(item: Item): Shrunk<Item> | undefined;
}

export interface Shrunk<Item> {
  readonly items: readonly Item[];
  /** One sentence when content was lost; `undefined` when the items hold everything. */
  readonly loss: string | undefined;
}

/** The body of one request in the making. Its size is always known, because requests are split by encoded bytes. */
export interface RequestBody<Item, Body = Uint8Array> {
  /** @returns `false`, and changes nothing, when the body would be larger than `maxBytes` with the item. */
  add(item: Item, maxBytes: number): boolean;
  /** Size of the body so far, uncompressed; 0 when it is empty. */
  sizeBytes(): number;
  /** Returns the body, which then belongs to the caller. The next `add` begins a new one. */
  finish(): Body;
}

/** All items as one request, whatever its size. */
export function encodeAll<Item>(
  encoder: Encoder<Item>,
  items: readonly Item[],
  contentType: ContentType,
): Uint8Array {
  const body = encoder.newRequest(contentType);
  for (const item of items) body.add(item, Number.POSITIVE_INFINITY);
  return body.finish();
}

/**
 * Requests whose items stand one after the other.
 * @param encode gets the item before it too; `undefined` for the first one of a request
 * @param end what stands behind the last item, in ASCII
 */
export function joined<Item>(
  encode: (item: Item, previous: Item | undefined) => Uint8Array,
  end: string,
): RequestBody<Item> {
  let parts: Uint8Array[] = [];
  let size = 0;
  let previous: Item | undefined;
  return {
    add(item, maxBytes) {
      const part = encode(item, previous);
      if (size + part.length + end.length > maxBytes) return false;
      parts.push(part);
      size += part.length;
      previous = item;
      return true;
    },
    sizeBytes: () => (size === 0 ? 0 : size + end.length),
    finish() {
      if (size > 0) parts.push(Buffer.from(end));
      const body = Buffer.concat(parts);
      parts = [];
      size = 0;
      previous = undefined;
      return body;
    },
  };
}

/** Whole requests of the SDK, one after the other: that is how protobuf itself merges messages whose fields are lists. */
export function joinedMessages<Item>(encode: (item: Item) => Uint8Array | undefined): RequestBody<Item> {
  return joined((item) => encode(item) ?? new Uint8Array(), '');
}
