import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { isNativeError } from 'node:util/types';

/** Where bytes come from: a file or a stream. Knows nothing of lines. */
export interface ByteSource {
  /** The file as the user named it, or `-` for standard input. */
  readonly name: string;
  /** True when a second `open` reads the same bytes from the start again (a regular file, never a pipe). */
  readonly reopenable: boolean;
  open(options?: OpenOptions): ByteChunks;
}

/**
 * A chunk is the reader's own memory and valid only until the next one is requested. The generator ends with the source or
 * after an abort. Throws a `ReadFailure` after the chunks that could be read.
 */
export type ByteChunks = AsyncGenerator<Buffer, void, undefined>;

export interface OpenOptions {
  /** Ends reading promptly, also while waiting for bytes. */
  readonly signal?: AbortSignal | undefined;
  /** Maximum number of bytes per read; smaller where many sources are open. Default 256 KiB. */
  readonly chunkBytes?: number | undefined;
}

/** Why a source ended early. The message is half a sentence, without the name of the source. */
export class ReadFailure extends Error {
  readonly code: 'read-failed' | 'gzip-truncated' | 'gzip-corrupt';

  constructor(code: ReadFailure['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** The system's error code (`ENOENT`), or `undefined` when `error` does not come from the system: then it is our bug. */
export function systemCode(error: unknown): string | undefined {
  const system = isNativeError(error) && 'syscall' in error && 'code' in error;
  return system && typeof error.code === 'string' ? error.code : undefined;
}

/** A system error as a failure. Rethrows anything else. */
function readFailure(error: unknown): ReadFailure {
  const code = systemCode(error);
  if (code === undefined) throw error;
  return new ReadFailure('read-failed', `reading failed (${code})`);
}

/** 64 KiB, the default of Node's streams, costs a quarter more time per line; larger chunks gain little. */
const CHUNK_BYTES = 256 * 1024;

export interface FileSourceOptions {
  /**
   * False closes the file after each chunk and opens it again for the next one, so that thousands of overlapping
   * files can be merged without running out of file descriptors. Default true.
   */
  readonly keepOpen?: boolean | undefined;
  /** The chunk size when `open` names none. */
  readonly chunkBytes?: number | undefined;
}

/** A regular file; `name` is its path as the user wrote it. */
export function fileSource(name: string, options: FileSourceOptions = {}): ByteSource {
  return { name, reopenable: true, open: (open) => readFile(name, options, open) };
}

async function* readFile(path: string, options: FileSourceOptions, open: OpenOptions = {}): ByteChunks {
  const { signal, chunkBytes = options.chunkBytes ?? CHUNK_BYTES } = open;
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  const reader: FileReader = { path, handle: undefined, inode: undefined };
  try {
    for (let position = 0; !signal?.aborted; ) {
      const bytesRead = await readAt(reader, buffer, position);
      if (bytesRead === undefined)
        throw new ReadFailure('read-failed', 'another file took its place while it was read');
      if (bytesRead === 0) break;
      position += bytesRead;
      if (options.keepOpen === false) await close(reader);
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw readFailure(error);
  } finally {
    await close(reader);
  }
}

interface FileReader {
  readonly path: string;
  handle: FileHandle | undefined;
  /** Inode of the file that was opened first. */
  inode: number | undefined;
}

/** Reads at `position`, opening the file where it is closed. `undefined`: the path leads to another file now. */
async function readAt(reader: FileReader, buffer: Buffer, position: number): Promise<number | undefined> {
  if (reader.handle === undefined) {
    reader.handle = await open(reader.path);
    const { ino } = await reader.handle.stat();
    reader.inode ??= ino;
    if (ino !== reader.inode) return undefined;
  }
  return (await reader.handle.read(buffer, 0, buffer.length, position)).bytesRead;
}

async function close(reader: FileReader): Promise<void> {
  await reader.handle?.close();
  reader.handle = undefined;
}

/** Standard input or a named pipe: its bytes pass once and may never end. Owns the stream and destroys it when done. */
export function streamSource(name: string, connect: () => Promise<Readable>): ByteSource {
  return { name, reopenable: false, open: (options) => readStream(connect, options) };
}

async function* readStream(connect: () => Promise<Readable>, { signal }: OpenOptions = {}): ByteChunks {
  let stream: Readable | undefined;
  try {
    stream = await connect();
    // An error may arrive between two reads. The stream keeps it, and it is raised after all buffered bytes were read.
    stream.on('error', () => {});
    for (;;) {
      // Buffered bytes are yielded also after an abort: the producer got rid of them.
      const chunk: unknown = stream.read();
      if (chunk !== null) yield asBytes(chunk);
      else if (signal?.aborted || stream.readableEnded || stream.destroyed) break;
      else await nextEvent(stream, signal);
    }
    if (stream.errored) throw stream.errored;
  } catch (error) {
    throw readFailure(error);
  } finally {
    stream?.destroy();
  }
}

/** Bytes as they are, text as UTF-8, a parsed object as the line of JSON that it was. */
function asBytes(chunk: unknown): Buffer {
  if (Buffer.isBuffer(chunk)) return chunk;
  if (chunk instanceof Uint8Array) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return Buffer.from(typeof chunk === 'object' ? `${JSON.stringify(chunk)}\n` : String(chunk));
}

/** Resolves at the stream's next event or an abort; never rejects. Removes its listeners, as inputs run for weeks. */
function nextEvent(stream: Readable, signal: AbortSignal | undefined): Promise<void> {
  const events = ['readable', 'end', 'error', 'close'];
  return new Promise((resolve) => {
    const done = () => {
      for (const event of events) stream.off(event, done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    for (const event of events) stream.on(event, done);
    signal?.addEventListener('abort', done);
  });
}

export function truncated(): ReadFailure {
  return new ReadFailure('gzip-truncated', 'the compressed data ends too early');
}

export function corrupt(what: string): ReadFailure {
  return new ReadFailure('gzip-corrupt', `the compressed data is damaged (${what})`);
}
