/** Writing to a stream that may be slow, or may be gone. */
import type { Writable } from 'node:stream';

/**
 * Writes, and waits until there is room again. A reader that has seen enough (`| head -1`) is no error: from then on
 * nothing is written.
 */
export function writeTo(stream: Writable): (text: string) => Promise<void> {
  let gone = false;
  const onGone = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    gone = true;
  };
  stream.on('error', onGone);
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
