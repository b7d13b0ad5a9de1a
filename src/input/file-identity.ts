import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/**
 * What tells a file from another one under the same path, and finds it again under another path. Inodes are given out
 * again after a deletion, and devices are renumbered by a reboot, so the beginning of the content decides.
 */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  /** How much of the beginning is hashed: up to 1024 bytes, less while the file is shorter. */
  readonly headBytes: number;
  /** SHA-256 of these bytes, in hex. */
  readonly headHash: string;
}

interface FileNumbers {
  readonly dev: number;
  readonly ino: number;
}

/** Less than this much in common says nothing: hook bodies of different sessions begin alike. */
const HEAD_BYTES = 1024;

/** Up to 1024 bytes from the beginning. */
export async function readHead(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

export function identityOf({ dev, ino }: FileNumbers, head: Buffer): FileIdentity {
  return { device: dev, inode: ino, headBytes: head.length, headHash: hashOf(head) };
}

/** True when `file`, which begins with `head`, is the file that was `known`, grown or not, or a copy of it. */
export function isIdentity(known: FileIdentity, file: FileIdentity, head: Buffer): boolean {
  if (known.device !== file.device || known.inode !== file.inode) return isCopy(known, file);
  if (known.headBytes === file.headBytes) return known.headHash === file.headHash;
  return known.headBytes < file.headBytes && known.headHash === hashOf(head.subarray(0, known.headBytes));
}

/** True for two files with the same first 1024 bytes. */
export function isCopy(a: FileIdentity, b: FileIdentity): boolean {
  return isTelling(a) && a.headHash === b.headHash;
}

/** False for a file too short to know it by its content alone. */
export function isTelling({ headBytes }: FileIdentity): boolean {
  return headBytes === HEAD_BYTES;
}

export function beginsWith(head: Buffer, known: Buffer): boolean {
  return head.length >= known.length && head.subarray(0, known.length).equals(known);
}

function hashOf(head: Buffer): string {
  return createHash('sha256').update(head).digest('hex');
}
