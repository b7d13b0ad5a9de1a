import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { ByteChunks, ByteSource, OpenOptions, ReadFailure } from './byte-source.ts';
import { toUtf8, utf16Of } from './utf16.ts';

/** Compressed bytes per step. Bounds the output of one step: deflate reaches a thousand to one. */
const STEP_BYTES = 16 * 1024;

/** The same source, decompressed when its bytes begin like gzip or zstd (any number of members), and in UTF-8. */
export function decompressed(source: ByteSource): ByteSource {
  return { ...source, open: (options) => plainOrDecompressed(source, options) };
}

async function* plainOrDecompressed(source: ByteSource, options: OpenOptions | undefined): ByteChunks {
  const chunks = wideStart(source.open(options));
  try {
    const first = await chunks.next();
    if (first.done === true) return first.value;
    const all = prepended(first.value, chunks);
    const encoding = utf16Of(first.value);
    if (encoding !== undefined) return yield* toUtf8(all, encoding);
    const format = FORMATS.find(({ magic }) => magic.every((byte, at) => first.value[at] === byte));
    if (format === undefined) return yield* all;
    const { create } = format;
    if (create === undefined) return NO_ZSTD;
    return yield* decompress(all, create, source.reopenable ? () => source.open(options) : undefined);
  } finally {
    await chunks.return(undefined);
  }
}

type Create = (options: { readonly chunkSize: number }) => Transform;

/** `undefined` before Node.js 22.15, whose types do not know it either. */
const createZstd: Create | undefined = Reflect.get(zlib, 'createZstdDecompress');

const FORMATS: readonly { readonly magic: readonly number[]; readonly create: Create | undefined }[] = [
  { magic: [0x1f, 0x8b], create: zlib.createGunzip },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], create: createZstd },
];

const NO_ZSTD = {
  code: 'read-failed',
  message: 'it is compressed with zstd, which needs Node.js 22.15 or newer',
} as const;

/** Makes the first chunk at least four bytes long where the source has them: a pipe may bring them one by one. */
async function* wideStart(chunks: ByteChunks): ByteChunks {
  let head = Buffer.alloc(0);
  try {
    while (head.length < 4) {
      const next = await chunks.next();
      if (next.done === true) {
        if (head.length > 0) yield head;
        return next.value;
      }
      head = Buffer.concat([head, next.value]);
    }
    yield head;
    return yield* chunks;
  } finally {
    await chunks.return(undefined);
  }
}

async function* prepended(first: Buffer, rest: ByteChunks): ByteChunks {
  yield first;
  return yield* rest;
}

/**
 * On an error zlib discards the output of that step, so a small file with one bad byte would yield no line at all.
 * Where the source can be read `again`, the failed step is repeated byte by byte. From a pipe, its output is lost.
 */
async function* decompress(
  compressed: ByteChunks,
  create: Create,
  again: (() => ByteChunks) | undefined,
): ByteChunks {
  const reached = { inBytes: 0, outBytes: 0 };
  const failure = yield* inflate(inSteps(compressed), create, reached);
  if (failure?.code !== 'gzip-corrupt' || again === undefined) return failure;
  const repeated = inflate(inSteps(again(), reached.inBytes), create, { inBytes: 0, outBytes: 0 });
  return yield* after(reached.outBytes, repeated);
}

interface Reached {
  /** Compressed bytes of the steps that succeeded. */
  inBytes: number;
  outBytes: number;
}

/** Keeps `reached` up to date. */
async function* inflate(steps: ByteChunks, create: Create, reached: Reached): ByteChunks {
  const inflater = startInflater(create);
  try {
    for (;;) {
      const next = await steps.next();
      if (next.done === true && next.value !== undefined) return next.value;
      const { output, failure } = await (next.done === true ? inflater.end() : inflater.write(next.value));
      for (const chunk of output) {
        reached.outBytes += chunk.length;
        yield chunk;
      }
      if (failure !== undefined || next.done === true) return failure;
      reached.inBytes += next.value.length;
    }
  } finally {
    inflater.close();
    await steps.return(undefined);
  }
}

/** The same bytes in steps of `STEP_BYTES`; from `bytewiseFrom` on, byte by byte. */
async function* inSteps(chunks: ByteChunks, bytewiseFrom = Number.POSITIVE_INFINITY): ByteChunks {
  let position = 0;
  try {
    for (let next = await chunks.next(); ; next = await chunks.next()) {
      if (next.done === true) return next.value;
      for (let start = 0; start < next.value.length; ) {
        const size = Math.max(1, Math.min(STEP_BYTES, bytewiseFrom - position));
        const step = next.value.subarray(start, start + size);
        start += step.length;
        position += step.length;
        yield step;
      }
    }
  } finally {
    await chunks.return(undefined);
  }
}

/** The bytes after the first `skipBytes`. */
async function* after(skipBytes: number, chunks: ByteChunks): ByteChunks {
  let skip = skipBytes;
  try {
    for (let next = await chunks.next(); ; next = await chunks.next()) {
      if (next.done === true) return next.value;
      if (skip < next.value.length) yield next.value.subarray(skip);
      skip = Math.max(0, skip - next.value.length);
    }
  } finally {
    await chunks.return(undefined);
  }
}

/** The output of one step, and its failure, which makes it the last one. */
interface InflateStep {
  readonly output: readonly Buffer[];
  readonly failure: ReadFailure | undefined;
}

/** zlib in steps: a step has yielded all its output before the next one begins, so an error costs no earlier output. */
interface Inflater {
  write(input: Buffer): Promise<InflateStep>;
  end(): Promise<InflateStep>;
  close(): void;
}

const OUTPUT_BYTES = 64 * 1024;

function startInflater(create: Create): Inflater {
  const stream = create({ chunkSize: OUTPUT_BYTES });
  let output: Buffer[] = [];
  let failure: ReadFailure | undefined;
  let stepDone = () => {};
  stream.on('data', (chunk: Buffer) => output.push(chunk));
  stream.on('end', () => stepDone());
  stream.on('error', (error) => {
    failure = gzipFailure(error);
    stepDone();
  });

  const step = async (run: () => void): Promise<InflateStep> => {
    const done = new Promise<void>((resolve) => {
      stepDone = resolve;
    });
    // After the end only padding with zeros follows, which zlib accepts.
    if (!stream.readableEnded && failure === undefined) {
      run();
      await done;
    }
    const made = output;
    output = [];
    return { output: made, failure };
  };

  return {
    write: (input) => step(() => stream.write(input, () => stepDone())),
    end: () => step(() => stream.end()),
    close: () => stream.destroy(),
  };
}

function gzipFailure(error: Error): ReadFailure {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR')
    return { code: 'gzip-truncated', message: 'the compressed data ends too early' };
  return { code: 'gzip-corrupt', message: `the compressed data is damaged (${error.message})` };
}
