import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { errorCode, errorInWords } from '../model/system-error.ts';
import type { Answer } from './delivery/transport.ts';

/** Takes lines. Each write waits until there is room for the next. */
export interface LineOutput {
  readonly name: string;
  /** @param line without its line end */
  write(line: Uint8Array): Promise<Answer>;
  close(): Promise<void>;
}

const ACCEPTED: Answer = { kind: 'accepted', rejected: 0, message: '' };
const LINE_END = Buffer.from('\n');

const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = constants;
/** Writes at the end, also after half a line was cut off: a write elsewhere would leave a hole. */
const REPLACE = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND;

export interface FileOutputOptions {
  /** True: continues an old file after its last whole line, as an earlier run may have been killed while writing. */
  readonly append: boolean;
  /** True: only the owner can read the file, also an old one. */
  readonly ownerOnly: boolean;
}

/** A file of lines. Rejects with the system's error when it cannot be opened. */
export async function fileOutput(
  path: string,
  { append, ownerOnly }: FileOutputOptions,
): Promise<LineOutput> {
  const handle = await open(path, append ? 'a+' : REPLACE, ownerOnly ? 0o600 : 0o666);
  if (ownerOnly && (await handle.stat()).isFile()) await handle.chmod(0o600);
  let sizeBytes = append ? await cutToWholeLines(handle) : 0;
  // All signals share the file, and their lines must not mix.
  const inTurn = oneByOne();

  async function writeNow(line: Uint8Array): Promise<Answer> {
    try {
      await writeWhole(handle, [line, LINE_END]);
      sizeBytes += line.length + 1;
      return ACCEPTED;
    } catch (error) {
      // Half a line would make the file unreadable.
      await handle.truncate(sizeBytes).catch(() => undefined);
      return { kind: 'final', sentence: `${path} could not be written: ${errorInWords(error)}` };
    }
  }

  return {
    name: path,
    write: (line) => inTurn(() => writeNow(line)),
    close: () => inTurn(() => handle.close()),
  };
}

/** Makes a function that runs what it is given, one after the other. */
export function oneByOne(): <T>(run: () => Promise<T>) => Promise<T> {
  let queue: Promise<unknown> = Promise.resolve();
  return (run) => {
    const done = queue.then(run);
    queue = done.catch(() => undefined);
    return done;
  };
}

const TAIL_BYTES = 64 * 1024;

/** Removes a last line without its end. @returns the size that is left. */
async function cutToWholeLines(handle: FileHandle): Promise<number> {
  const { size } = await handle.stat();
  const tail = Buffer.alloc(TAIL_BYTES);
  for (let end = size; end > 0; end -= TAIL_BYTES) {
    const start = Math.max(0, end - TAIL_BYTES);
    const { bytesRead } = await handle.read(tail, 0, end - start, start);
    const at = tail.subarray(0, bytesRead).lastIndexOf(LINE_END);
    if (at < 0) continue;
    const whole = start + at + 1;
    if (whole < size) await handle.truncate(whole);
    return whole;
  }
  if (size > 0) await handle.truncate(0);
  return 0;
}

async function writeWhole(handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  for (let rest = parts; rest.length > 0; ) {
    const { bytesWritten } = await handle.writev(rest);
    rest = without(rest, bytesWritten);
  }
}

/** `parts` without their first bytes. */
function without(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  const [first, ...rest] = parts;
  if (first === undefined) return [];
  return bytes < first.length ? [first.subarray(bytes), ...rest] : without(rest, bytes - first.length);
}

/** Standard output, or any stream. It belongs to the caller and is never closed. */
export function streamOutput(stream: Writable, name: string): LineOutput {
  let failure: unknown;
  const onError = (error: unknown) => {
    failure = error;
  };
  stream.on('error', onError);

  function outcome(): Answer {
    if (failure === undefined) return ACCEPTED;
    if (errorCode(failure) === 'EPIPE') return { kind: 'unwanted' };
    return { kind: 'final', sentence: `${name} could not be written: ${errorInWords(failure)}` };
  }

  return {
    name,
    write: (line) =>
      new Promise((resolve) => {
        if (failure !== undefined) return resolve(outcome());
        stream.write(Buffer.concat([line, LINE_END]), (error) => {
          failure ??= error ?? undefined;
          resolve(outcome());
        });
      }),
    async close() {
      stream.off('error', onError);
    },
  };
}
