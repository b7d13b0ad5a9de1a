import { createGunzip } from 'node:zlib';
import type { ReadFailure } from './byte-source.ts';

/** What one step made, and why it is the last one (`undefined`: it is not). */
export interface InflateStep {
  readonly output: readonly Buffer[];
  readonly failure: ReadFailure | undefined;
}

/** zlib in steps: all output of a step is there before the next one goes in, so an error costs no earlier output. */
export interface Inflater {
  write(input: Buffer): Promise<InflateStep>;
  end(): Promise<InflateStep>;
  close(): void;
}

const OUTPUT_BYTES = 64 * 1024;

export function startInflater(): Inflater {
  const stream = createGunzip({ chunkSize: OUTPUT_BYTES });
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
    // Ended already: what follows the data is padding with zeros, which zlib has let pass.
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
  if (code === 'Z_BUF_ERROR') return { code: 'gzip-truncated', message: 'the gzip data ends too early' };
  return { code: 'gzip-corrupt', message: `the gzip data is damaged (${error.message})` };
}
