import type { RequestEncoder } from './request-encoder.ts';

/**
 * Protobuf bodies made of whole requests, one after the other: that is how protobuf itself merges messages whose fields
 * are lists.
 */
export function concatEncoder<Item>(encode: (item: Item) => Uint8Array): RequestEncoder<Item> {
  let parts: Uint8Array[] = [];
  let size = 0;
  return {
    contentType: 'application/x-protobuf',
    add(item, maxBytes) {
      const part = encode(item);
      if (size + part.length > maxBytes) return false;
      parts.push(part);
      size += part.length;
      return true;
    },
    sizeBytes: () => size,
    finish() {
      const body = Buffer.concat(parts);
      parts = [];
      size = 0;
      return body;
    },
  };
}
