/**
 * Ids as numbers: 31 bits of FNV-1a over their UTF-8 bytes, so that an id is known by its bytes, without decoding it, and
 * costs eight bytes to remember. Two ids of one number count as tied: that costs balance between those who share a log,
 * never a span. The same on every machine.
 */
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export function idHash(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = FNV_OFFSET;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), FNV_PRIME);
  return hash >>> 1;
}

export function textHash(id: string): number {
  return idHash(Buffer.from(id));
}
