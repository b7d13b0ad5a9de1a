import { type FileHandle, open } from 'node:fs/promises';
import { type ByteChunks, type ByteSource, type OpenOptions, readFailure } from './byte-source.ts';

/** 64 KiB, the default of Node's streams, costs a quarter more time per line than this; larger gains little. */
const CHUNK_BYTES = 256 * 1024;

export interface FileSourceOptions {
  /**
   * False closes the file after each chunk and opens it again for the next: thousands of files that overlap in
   * time can then be merged without running out of file descriptors. Default true.
   */
  readonly keepOpen?: boolean | undefined;
  /** Where reading begins, in bytes. Default 0. */
  readonly from?: number | undefined;
  /** Where it ends, in bytes, though the file may be longer; default: where the file ends. */
  readonly to?: number | undefined;
  /** When `open` is not told otherwise. */
  readonly chunkBytes?: number | undefined;
}

/** A regular file; `name` is its path as the user wrote it. */
export function fileSource(name: string, options: FileSourceOptions = {}): ByteSource {
  return { name, reopenable: true, open: (open) => readFile(name, options, open) };
}

async function* readFile(path: string, options: FileSourceOptions, open: OpenOptions = {}): ByteChunks {
  const { keepOpen = true, from = 0, to = Number.POSITIVE_INFINITY } = options;
  const { signal, chunkBytes = options.chunkBytes ?? CHUNK_BYTES } = open;
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  const reader: Reader = { path, handle: undefined, inode: undefined };
  try {
    for (let position = from; position < to && !signal?.aborted; ) {
      const room = Math.min(buffer.length, to - position);
      const bytesRead = await readAt(reader, buffer.subarray(0, room), position);
      if (bytesRead === undefined) return REPLACED;
      if (bytesRead === 0) break;
      position += bytesRead;
      if (!keepOpen) await close(reader);
      yield buffer.subarray(0, bytesRead);
    }
    return undefined;
  } catch (error) {
    return readFailure(error);
  } finally {
    await close(reader);
  }
}

interface Reader {
  readonly path: string;
  handle: FileHandle | undefined;
  /** Of the file first opened. */
  inode: number | undefined;
}

const REPLACED = { code: 'read-failed', message: 'another file took its place while it was read' } as const;

/** Opens the file when it is not open. `undefined`: under its path there is another file now. */
async function readAt(reader: Reader, buffer: Buffer, position: number): Promise<number | undefined> {
  if (reader.handle === undefined) {
    reader.handle = await open(reader.path);
    const { ino } = await reader.handle.stat();
    reader.inode ??= ino;
    if (ino !== reader.inode) return undefined;
  }
  return (await reader.handle.read(buffer, 0, buffer.length, position)).bytesRead;
}

async function close(reader: Reader): Promise<void> {
  await reader.handle?.close();
  reader.handle = undefined;
}
