import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { InputLine } from '../model/line.ts';

/**
 * A line end up to which a file was read, with a hash of the bytes before it. Reading resumes there only while these
 * bytes are still the same: a power cut, a restored backup or an editor may have changed them. Plain data.
 */
export interface Mark {
  readonly offsetBytes: number;
  /** Number of the line that ends there; 0 at the beginning of the file. */
  readonly line: number;
  /** Number of bytes before `offsetBytes` that are hashed: 1024, or fewer near the beginning or after an overlong line. */
  readonly tailBytes: number;
  readonly tailHash: string;
}

/** Fits every file. */
export const BEGINNING: Mark = { offsetBytes: 0, line: 0, tailBytes: 0, tailHash: '' };

export const TAIL_BYTES = 1024;

/** How far one file was read: the last bytes, and marks at growing distances before them. Mutable. */
export interface Progress {
  /** The last bytes before the current line end, up to 1024. */
  tail: Buffer;
  /** At the current line end; `undefined` until it is needed. */
  current: Mark | undefined;
  /** Newest first. */
  earlier: readonly Mark[];
}

export function startProgress(tail: Buffer = Buffer.alloc(0), earlier: readonly Mark[] = []): Progress {
  return { tail, current: undefined, earlier };
}

export function markAt(offsetBytes: number, line: number, tail: Buffer): Mark {
  return { offsetBytes, line, tailBytes: tail.length, tailHash: shortHash(tail) };
}

/** True when the bytes before the mark are still those that were read. Throws system errors. */
export async function fits(handle: FileHandle, { offsetBytes, tailBytes, tailHash }: Mark): Promise<boolean> {
  if (tailBytes === 0) return true;
  const bytes = await readAt(handle, offsetBytes - tailBytes, tailBytes);
  return bytes.length === tailBytes && shortHash(bytes) === tailHash;
}

/** Fewer bytes than `length` at the end of the file. Throws system errors. */
export async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

/** The last of `marks` (newest first) that fits the file; the beginning when none does. Throws system errors. */
export async function lastFitting(handle: FileHandle, marks: readonly Mark[]): Promise<Mark> {
  for (const mark of marks) if (await fits(handle, mark)) return mark;
  return BEGINNING;
}

/** A chunk whose lines were read, and what came before it. */
export interface ReadChunk {
  /** The end of the last line before the chunk. */
  readonly from: { readonly offsetBytes: number; readonly line: number };
  /** The last bytes before the chunk, up to 1024. */
  readonly before: Buffer;
  readonly bytes: Buffer;
  /** Offset of `bytes`. */
  readonly startBytes: number;
}

/** Moves `progress` to the end of the last of `lines`, which end in `chunk`. */
export function advance(progress: Progress, chunk: ReadChunk, lines: readonly InputLine[]): void {
  const last = lines.at(-1);
  if (last === undefined) return;
  const marks = [...progress.earlier];
  const { offsetBytes, line } = chunk.from;
  if (offsetBytes - (marks[0]?.offsetBytes ?? 0) >= NEAREST_BYTES) {
    marks.unshift(progress.current ?? markAt(offsetBytes, line, progress.tail));
  }
  const end = last.endOffsetBytes;
  const fresh: Mark[] = [];
  let distance = NEAREST_BYTES;
  for (let at = lines.length - 1; at >= 0 && end - chunk.startBytes >= distance; at -= 1) {
    const { endOffsetBytes, line } = lines[at] ?? last;
    if (end - endOffsetBytes < distance) continue;
    fresh.push(markAt(endOffsetBytes, line, tailAt(chunk, endOffsetBytes)));
    while (end - endOffsetBytes >= distance) distance *= SPREAD;
  }
  progress.earlier = thinned([...fresh, ...marks], end);
  // A copy: the chunk is the reader's own memory.
  progress.tail = Buffer.from(tailAt(chunk, end));
  progress.current = undefined;
}

/** Up to 1024 bytes before `offsetBytes`, which lies in the chunk. */
function tailAt({ before, bytes, startBytes }: ReadChunk, offsetBytes: number): Buffer {
  const end = offsetBytes - startBytes;
  if (end >= TAIL_BYTES) return bytes.subarray(end - TAIL_BYTES, end);
  return Buffer.concat([before, bytes.subarray(0, end)]).subarray(-TAIL_BYTES);
}

const NEAREST_BYTES = 1024;
const SPREAD = 2;

/** One mark for each doubling of the distance: what is read again is in proportion to what was lost. */
function thinned(marks: readonly Mark[], end: number): readonly Mark[] {
  const byDistance = new Map<number, Mark>();
  for (const mark of marks) {
    const distance = Math.max(NEAREST_BYTES, end - mark.offsetBytes);
    byDistance.set(Math.floor(Math.log2(distance / NEAREST_BYTES)), mark);
  }
  return [...byDistance.values()].sort((a, b) => b.offsetBytes - a.offsetBytes);
}

/** Sixteen digits: a checkpoint has many marks. */
function shortHash(bytes: Buffer): string {
  return hashOf(bytes).slice(0, 16);
}

export function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
