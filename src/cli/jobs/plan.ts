/** What several jobs read: every log up to the same byte, though it may grow meanwhile; and in which pieces they look for ties. */
import { open, stat } from 'node:fs/promises';
import { linesBetween } from '../../input/byte-range.ts';
import type { ByteSource } from '../../input/byte-source.ts';
import { fileSource } from '../../input/file-source.ts';
import { decompressed } from '../../input/gunzip.ts';
import type { Piece } from '../ties.ts';

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

/** A job says after each chunk how far it has come, so they are larger than elsewhere. All files' together. */
const CHUNK_BYTES = 1024 * 1024;
const LEAST_CHUNK_BYTES = 16 * 1024;

/** The whole log, as it was when it was planned. */
export function sourceOf({ name, sizeBytes, gzip }: PlannedLog, logs: number): ByteSource {
  const keepOpen = logs <= KEEP_OPEN_FILES;
  const chunkBytes = Math.max(LEAST_CHUNK_BYTES, Math.floor(CHUNK_BYTES / logs));
  return gzip
    ? decompressed(fileSource(name, { keepOpen, chunkBytes, to: sizeBytes }))
    : fileSource(name, { keepOpen, chunkBytes, to: sizeBytes });
}

const PIECE_BYTES = 16 * 1024 * 1024;

interface LogPiece extends Piece {
  /** The number of the log. */
  readonly log: number;
}

/** All logs in pieces of whole lines, in order. A compressed file cannot be entered in the middle: it is one piece. */
export function piecesOf(logs: readonly PlannedLog[], pieceBytes = PIECE_BYTES): readonly LogPiece[] {
  const pieces = logs.flatMap((planned, log) => {
    if (planned.gzip) return [{ log, source: sourceOf(planned, 1) }];
    const { name, sizeBytes } = planned;
    const starts = Array.from({ length: Math.ceil(sizeBytes / pieceBytes) }, (_, i) => i * pieceBytes);
    return starts.map((from) => {
      const to = Math.min(from + pieceBytes, sizeBytes);
      return { log, source: linesBetween(name, from, to) };
    });
  });
  return pieces.map((piece, number) => ({ ...piece, number }));
}
