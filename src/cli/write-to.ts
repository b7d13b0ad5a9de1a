/** Writes to a stream that may be slow or closed. */
import type { Writable } from 'node:stream';

/** A reader that has seen enough (`| head -1`), a terminal that was closed. */
const GONE: ReadonlySet<string> = new Set(['EPIPE', 'EIO']);

/** A closed reader of `stream` is no error. Nothing is written to it from then on. */
export function allowLeaving(stream: Writable): void {
  stream.on('error', throwUnlessGone);
}

function throwUnlessGone(error: NodeJS.ErrnoException): void {
  if (!GONE.has(error.code ?? '')) throw error;
}

/**
 * Writes, and waits until there is room again. After the reader has closed the stream, nothing is written; that is no
 * error.
 */
export function writeTo(stream: Writable): (text: string) => Promise<void> {
  let gone = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    throwUnlessGone(error);
    gone = true;
  });
  return async (text) => {
    if (gone || stream.destroyed || stream.write(text)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        stream.off('drain', done);
        stream.off('close', done);
        stream.off('error', done);
        resolve();
      };
      stream.on('drain', done);
      stream.on('close', done);
      stream.on('error', done);
    });
  };
}
