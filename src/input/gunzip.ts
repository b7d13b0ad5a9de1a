import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import {
  type ByteChunks,
  type ByteSource,
  corrupt,
  type OpenOptions,
  ReadFailure,
  truncated,
} from './byte-source.ts';
import { createZstdFrames } from './zstd-frames.ts';

/** Compressed bytes per step. Bounds the output of one step: deflate reaches a thousand to one. */
const STEP_BYTES = 16 * 1024;

/** The same source, decompressed when its bytes begin like gzip or zstd (any number of members), and in UTF-8. */
export function decompressed(source: ByteSource): ByteSource {
  return { ...source, open: (options) => inUtf8(plainOrDecompressed(source, options)) };
}

/** The same text, also where UTF-16 was compressed. */
async function* inUtf8(chunks: ByteChunks): ByteChunks {
  try {
    const { first, failure } = await firstBytes(chunks);
    const all = prepended(first, failure, chunks);
    const encoding = utf16Of(first);
    yield* encoding === undefined ? all : toUtf8(all, encoding);
  } finally {
    await chunks.return();
  }
}

async function* plainOrDecompressed(source: ByteSource, options: OpenOptions | undefined): ByteChunks {
  const chunks = source.open(options);
  try {
    const { first, failure } = await firstBytes(chunks);
    const all = prepended(first, failure, chunks);
    const format = FORMATS.find(({ magic }) => magic.every((byte, at) => first[at] === byte));
    if (format === undefined) return yield* all;
    if (format.create === undefined)
      throw new ReadFailure('read-failed', 'it is compressed with zstd, which needs Node.js 22.15 or newer');
    const readable = { ...format, create: format.create };
    yield* decompress(all, readable, source.reopenable ? () => source.open(options) : undefined);
  } finally {
    await chunks.return();
  }
}

type Create = (options: { readonly chunkSize: number }) => Transform;

/** `undefined` before Node.js 22.15, whose types do not know it either. */
const createZstd: Create | undefined = Reflect.get(zlib, 'createZstdDecompress');

interface Format {
  /** Makes what decompresses the data up to an end of `pieces`. */
  readonly create: Create;
  readonly pieces: (steps: ByteChunks) => AsyncGenerator<Piece, void, undefined>;
}

/** Compressed bytes, and true where a new decompressor begins behind them. */
interface Piece {
  readonly bytes: Buffer;
  readonly isEnd: boolean;
}

type MaybeFormat = Pick<Format, 'pieces'> & { readonly create: Create | undefined };

const FORMATS: readonly (MaybeFormat & { readonly magic: readonly number[] })[] = [
  { magic: [0x1f, 0x8b], create: zlib.createGunzip, pieces: onePiece },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], create: createZstd, pieces: zstdFrames },
];

async function* onePiece(steps: ByteChunks): AsyncGenerator<Piece, void, undefined> {
  for await (const bytes of steps) yield { bytes, isEnd: false };
}

/** At least four bytes where the source has them: a pipe may bring them one by one, and fail between them. */
async function firstBytes(chunks: ByteChunks): Promise<{ first: Buffer; failure?: unknown }> {
  let first = Buffer.alloc(0);
  try {
    while (first.length < 4) {
      const next = await chunks.next();
      if (next.done === true) break;
      first = Buffer.concat([first, next.value]);
    }
  } catch (failure) {
    return { first, failure };
  }
  return { first };
}

async function* prepended(first: Buffer, failure: unknown, rest: ByteChunks): ByteChunks {
  yield first;
  if (failure !== undefined) throw failure;
  yield* rest;
}

/**
 * On an error zlib discards the output of that step, so a small file with one bad byte would yield no line at all.
 * Where the source can be read `again`, the failed step is repeated byte by byte. From a pipe, its output is lost.
 */
async function* decompress(
  compressed: ByteChunks,
  format: Format,
  again: (() => ByteChunks) | undefined,
): ByteChunks {
  const reached = { inBytes: 0, outBytes: 0 };
  try {
    yield* inflate(inSteps(compressed), format, reached);
  } catch (error) {
    const isCorrupt = error instanceof ReadFailure && error.code === 'gzip-corrupt';
    if (!isCorrupt || again === undefined) throw error;
    const repeated = inflate(inSteps(again(), reached.inBytes), format, { inBytes: 0, outBytes: 0 });
    yield* after(reached.outBytes, repeated);
  }
}

interface Reached {
  /** Compressed bytes of the steps that succeeded. */
  inBytes: number;
  outBytes: number;
}

const OUTPUT_BYTES = 64 * 1024;

/** Decompresses in steps, and keeps `reached` up to date. */
async function* inflate(steps: ByteChunks, { create, pieces }: Format, reached: Reached): ByteChunks {
  let inflater: ReturnType<typeof openInflater> | undefined;
  try {
    for await (const { bytes, isEnd } of pieces(steps)) {
      inflater ??= openInflater(create, reached);
      yield* inflater.write(bytes);
      reached.inBytes += bytes.length;
      if (!isEnd) continue;
      yield* inflater.end();
      inflater.close();
      inflater = undefined;
    }
    if (inflater !== undefined) yield* inflater.end();
  } finally {
    inflater?.close();
  }
}

/** zlib in steps: a step has yielded all its output before the next one begins, so an error costs no earlier output. */
function openInflater(create: Create, reached: Reached) {
  const stream = create({ chunkSize: OUTPUT_BYTES });
  const output: Buffer[] = [];
  let failure: ReadFailure | undefined;
  let stepDone = () => {};
  stream.on('data', (chunk: Buffer) => output.push(chunk));
  stream.on('end', () => stepDone());
  stream.on('error', (error) => {
    failure = failureOf(error);
    stepDone();
  });

  async function* step(run: () => void): ByteChunks {
    const done = new Promise<void>((resolve) => {
      stepDone = resolve;
    });
    // After the end only padding with zeros follows, which zlib accepts.
    if (!stream.readableEnded) {
      run();
      await done;
    }
    for (const chunk of output.splice(0)) {
      reached.outBytes += chunk.length;
      yield chunk;
    }
    if (failure !== undefined) throw failure;
  }

  return {
    write: (bytes: Buffer) => step(() => stream.write(bytes, () => stepDone())),
    end: () => step(() => stream.end()),
    close: () => stream.destroy(),
  };
}

/** Each frame of zstd by itself. Node's decompressor leaves out what is behind the first one of a write, and takes half a frame for a whole one. */
async function* zstdFrames(steps: ByteChunks): AsyncGenerator<Piece, void, undefined> {
  const frames = createZstdFrames();
  for await (const bytes of steps) {
    let from = 0;
    for (const end of frames.ends(bytes)) {
      yield { bytes: bytes.subarray(from, end), isEnd: true };
      from = end;
    }
    if (from < bytes.length) yield { bytes: bytes.subarray(from), isEnd: false };
  }
  if (frames.isInside()) throw truncated();
}

/** The same bytes in steps of `STEP_BYTES`; from `bytewiseFrom` on, byte by byte. */
async function* inSteps(chunks: ByteChunks, bytewiseFrom = Number.POSITIVE_INFINITY): ByteChunks {
  let position = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const size = Math.max(1, Math.min(STEP_BYTES, bytewiseFrom - position));
      const step = chunk.subarray(start, start + size);
      start += step.length;
      position += step.length;
      yield step;
    }
  }
}

/** The bytes after the first `skipBytes`. */
async function* after(skipBytes: number, chunks: ByteChunks): ByteChunks {
  let skip = skipBytes;
  for await (const chunk of chunks) {
    if (skip < chunk.length) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

function failureOf(error: Error): ReadFailure {
  const code = 'code' in error ? error.code : undefined;
  return code === 'Z_BUF_ERROR' ? truncated() : corrupt(error.message);
}

/** UTF-16, as PowerShell's `>>` writes it. Recognised by a byte order mark or a NUL beside the first character. */
type Utf16 = 'utf-16le' | 'utf-16be';

/** The encoding of a source that begins with these bytes; `undefined` for UTF-8. Needs two bytes. */
function utf16Of(first: Buffer): Utf16 | undefined {
  const [a, b] = first;
  if ((a === 0xff && b === 0xfe) || (isStart(a) && b === 0)) return 'utf-16le';
  return (a === 0xfe && b === 0xff) || (a === 0 && isStart(b)) ? 'utf-16be' : undefined;
}

/** A brace or a bracket: NULs beside anything else are damage. */
function isStart(byte: number | undefined): boolean {
  return byte === 0x7b || byte === 0x5b;
}

/** The same text in UTF-8. Half a character at the end becomes U+FFFD. */
async function* toUtf8(chunks: ByteChunks, encoding: Utf16): ByteChunks {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of chunks) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}
