import type { Resource, Scope } from '../../model/otel.ts';

/** Who the data is from: the same for every request of a run, encoded once. */
export interface Origin {
  readonly resource: Resource;
  readonly scope: Scope;
}

export type ContentType = 'application/x-protobuf' | 'application/json';

/**
 * Builds the body of one OTLP request after the other, item by item, its size always known: requests are split by
 * encoded bytes. The seam behind which the SDK's serializers and our own encoder can replace each other.
 */
export interface RequestEncoder<Item> {
  readonly contentType: ContentType;
  /** @returns `false`, and nothing changed, when the body would be larger than `maxBytes` with it. */
  add(item: Item, maxBytes: number): boolean;
  /** Of the body so far, uncompressed; 0 when nothing was added. */
  sizeBytes(): number;
  /** The body, which is the caller's from now on; the next `add` begins a new one. */
  finish(): Uint8Array;
}

/** Makes an encoder for each use; encoders hold a body in the making and are not shared. */
export type EncoderFactory<Item> = (origin: Origin) => RequestEncoder<Item>;
