/** What several jobs read: every log up to the same byte, though it may grow meanwhile; and in which pieces they look for ties. */
import { open, stat } from 'node:fs/promises';
import { linesBetween } from '../../input/byte-range.ts';
import type { ByteSource } from '../../input/byte-source.ts';
import { fileSource } from '../../input/file-source.ts';
import { decompressed } from '../../input/gunzip.ts';
import { reorderWindowMicros } from '../reconstruct-options.ts';
import type { Piece } from '../ties.ts';
import type { Order } from './messages.ts';

/** A file that is to be read. Plain data. */
export interface PlannedLog {
  readonly name: string;
  readonly sizeBytes: number;
  readonly gzip: boolean;
}

/** Of files that were checked to be readable. */
export async function planLogs(names: readonly string[]): Promise<readonly PlannedLog[]> {
  const logs: PlannedLog[] = [];
  for (const name of names) {
    logs.push({ name, sizeBytes: (await stat(name)).size, gzip: await isGzip(name) });
  }
  return logs;
}

async function isGzip(name: string): Promise<boolean> {
  const handle = await open(name);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** With more, a file is closed between its chunks: all jobs share the descriptors of one process. */
const KEEP_OPEN_FILES = 16;

/** All files' together. */
const CHUNK_BYTES = 256 * 1024;
const LEAST_CHUNK_BYTES = 16 * 1024;

/** The whole log, as it was when it was planned. */
export function sourceOf({ name, sizeBytes, gzip }: PlannedLog, logs: number): ByteSource {
  const keepOpen = logs <= KEEP_OPEN_FILES;
  const chunkBytes = Math.max(LEAST_CHUNK_BYTES, Math.floor(CHUNK_BYTES / logs));
  return gzip
    ? decompressed(fileSource(name, { keepOpen, chunkBytes, to: sizeBytes }))
    : fileSource(name, { keepOpen, chunkBytes, to: sizeBytes });
}

/** Small enough that all jobs are done with the look at the same time, and that little is read which belongs to nobody there. */
const PIECES_PER_JOB = 32;
const LEAST_PIECE_BYTES = 64 * 1024;
const MOST_PIECE_BYTES = 4 * 1024 * 1024;

/** How long the pieces of the logs are that so many jobs share. */
export function pieceBytesFor(logs: readonly PlannedLog[], jobs: number): number {
  const bytes = logs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const piece = Math.ceil(bytes / (jobs * PIECES_PER_JOB));
  return Math.min(MOST_PIECE_BYTES, Math.max(LEAST_PIECE_BYTES, piece));
}

/**
 * True when a job may leave out pieces in which it has no line. Several logs are merged line by line, a compressed one is
 * read from its beginning, and silence is told by the time of every line.
 */
export function maySkip({ logs, flags }: Pick<Order, 'logs' | 'flags'>): boolean {
  const [only, ...others] = logs;
  return (
    only?.gzip === false &&
    others.length === 0 &&
    flags.idleTimeout === undefined &&
    reorderWindowMicros(flags) > 0
  );
}

interface LogPiece extends Piece {
  /** The number of the log. */
  readonly log: number;
}

/** All logs in pieces of whole lines, in order. A compressed file cannot be entered in the middle: it is one piece. */
export function piecesOf(logs: readonly PlannedLog[], pieceBytes: number): readonly LogPiece[] {
  const pieces = logs.flatMap((planned, log) => {
    if (planned.gzip) return [{ log, source: sourceOf(planned, 1) }];
    const pieces = Math.ceil(planned.sizeBytes / pieceBytes);
    return Array.from({ length: pieces }, (_, piece) => ({
      log,
      source: partOf(planned, { from: piece, to: piece + 1 }, pieceBytes),
    }));
  });
  return pieces.map((piece, number) => ({ ...piece, number }));
}

/** Pieces of a log that is not compressed, from one up to another. */
export function partOf(
  { name, sizeBytes }: PlannedLog,
  pieces: { readonly from: number; readonly to: number },
  pieceBytes: number,
): ByteSource {
  const from = pieces.from * pieceBytes;
  const to = Math.min(pieces.to * pieceBytes, sizeBytes);
  return linesBetween(name, { from, to, until: sizeBytes, chunkBytes: CHUNK_BYTES });
}
