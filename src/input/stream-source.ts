import type { Readable } from 'node:stream';
import { type ByteChunks, type ByteSource, type OpenOptions, readFailure } from './byte-source.ts';

/** Standard input, a named pipe: bytes that pass once, and may never end. Reading owns the stream and destroys it when done. */
export function streamSource(name: string, connect: () => Promise<Readable>): ByteSource {
  return { name, reopenable: false, open: (options) => readStream(connect, options) };
}

async function* readStream(connect: () => Promise<Readable>, { signal }: OpenOptions = {}): ByteChunks {
  let stream: Readable | undefined;
  try {
    stream = await connect();
    // An error may come while nobody waits; it stays on the stream, and is looked at when all that arrived is given out.
    stream.on('error', () => {});
    for (;;) {
      // What has arrived is given out even after an abort: it was read.
      const chunk: unknown = stream.read();
      if (chunk !== null) yield asBytes(chunk);
      else if (signal?.aborted || stream.readableEnded || stream.destroyed) break;
      else await somethingHappened(stream, signal);
    }
    if (stream.errored) throw stream.errored;
    return undefined;
  } catch (error) {
    return readFailure(error);
  } finally {
    stream?.destroy();
  }
}

/** A stream somebody gave an encoding (or `Readable.from` text) speaks strings. */
function asBytes(chunk: unknown): Buffer {
  return Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
}

/** Resolves, never rejects: an error is found on the stream by the caller. Leaves no listener behind, for inputs that run for weeks. */
function somethingHappened(stream: Readable, signal: AbortSignal | undefined): Promise<void> {
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
