/** Writing to a stream that may be slow, or may be gone. */
import type { Writable } from 'node:stream';

/** Any write to `stream` may find that its reader has seen enough: that is no error, and nothing is written from then on. */
export function allowLeaving(stream: Writable): void {
  stream.on('error', throwUnlessGone);
}

function throwUnlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/**
 * Writes, and waits until there is room again. A reader that has seen enough (`| head -1`) is no error: from then on
 * nothing is written.
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
