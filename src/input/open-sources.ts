import { constants, createReadStream, open } from 'node:fs';
import { access, open as openFile, stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import {
  type ByteSource,
  type FileSourceOptions,
  fileSource,
  streamSource,
  systemCode,
} from './byte-source.ts';
import { decompressed } from './gunzip.ts';

/** A log that cannot be opened: one sentence with the next step. */
export class InputError extends Error {}

/** With more files, each is closed between its chunks: a process is often limited to 1024 descriptors. */
const KEEP_OPEN_FILES = 64;
/** Total size of the chunks in memory when many overlapping files are read at once. */
const MANY_FILES_BYTES = 32 * 1024 * 1024;
const LEAST_CHUNK_BYTES = 8 * 1024;

/** A log that is read as it comes, once: standard input, a socket, lines that a program makes. */
export interface NamedStream {
  /** As diagnostics name it. */
  readonly name: string;
  readonly stream: AsyncIterable<unknown>;
}

/**
 * The logs as sources, each checked before any is read: paths of files (also gzip, recognised by its first bytes) and of
 * named pipes, and streams of bytes, text or parsed objects. Opens nothing yet, expands no globs. Throws an `InputError`
 * for the first one that cannot be opened: half a log would pass for the whole.
 */
export async function openSources(
  logs: readonly (string | AsyncIterable<unknown> | NamedStream)[],
): Promise<readonly ByteSource[]> {
  const options = logs.length <= KEEP_OPEN_FILES ? {} : manyFiles(logs.length);
  const sources: ByteSource[] = [];
  for (const log of logs) {
    const source = typeof log === 'string' ? await pathSource(log, options) : givenSource(log);
    sources.push(decompressed(source));
  }
  return sources;
}

function givenSource(log: AsyncIterable<unknown> | NamedStream): ByteSource {
  const { name, stream } = 'stream' in log ? log : { name: 'stream', stream: log };
  return streamSource(name, async () => (stream instanceof Readable ? stream : Readable.from(stream)));
}

function manyFiles(count: number): FileSourceOptions {
  const share = Math.floor(MANY_FILES_BYTES / count);
  return { keepOpen: false, chunkBytes: Math.max(LEAST_CHUNK_BYTES, share) };
}

async function pathSource(path: string, options: FileSourceOptions): Promise<ByteSource> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new InputError(problemOf(path, 'EISDIR'));
    if (stats.isFile()) {
      await (await openFile(path)).close();
      return fileSource(path, options);
    }
    await access(path, constants.R_OK);
    // `<(command)` of a shell is a named pipe. Anything that is not a regular file can be read once.
    return streamSource(path, stats.isFIFO() ? () => openPipe(path) : async () => createReadStream(path));
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined) throw error;
    throw new InputError(problemOf(path, code));
  }
}

/** Reads a pipe as a socket: that occupies no thread of Node's pool, and an abort is prompt. */
async function openPipe(path: string): Promise<Readable> {
  return new Socket({ fd: await promisify(open)(path, 'r'), readable: true, writable: false });
}

function problemOf(path: string, code: string): string {
  const name = JSON.stringify(path);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return `There is no file ${name}: check the path.`;
    case 'EISDIR':
      return `${name} is a directory: name the log files in it, for example with a glob.`;
    case 'EACCES':
    case 'EPERM':
      return `${name} may not be read: check its permissions.`;
    default:
      return `${name} cannot be read (${code}).`;
  }
}
