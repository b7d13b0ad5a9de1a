import { type FileHandle, open } from 'node:fs/promises';
import { errorInWords } from '../../model/system-error.ts';
import { oneByOne } from '../line-output.ts';

/** A file that keeps what could not be delivered, one OTLP/JSON request per line. `send` tries it again. */
export interface DeadLetter {
  /** Returns when the line is on disk. @returns a sentence when it could not be written, else `undefined`. */
  append(line: Uint8Array): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Opened with the first line, so that a run without failures leaves no empty file. Readable by its owner only. */
export function deadLetter(path: string): DeadLetter {
  let handle: FileHandle | undefined;
  const inTurn = oneByOne();

  async function appendNow(line: Uint8Array): Promise<string | undefined> {
    let sizeBefore: number | undefined;
    try {
      handle ??= await open(path, 'a+', 0o600);
      sizeBefore = (await handle.stat()).size;
      const lineEnd = (await endsInsideLine(handle, sizeBefore)) ? '\n' : '';
      await handle.appendFile(Buffer.concat([Buffer.from(lineEnd), line, Buffer.from('\n')]));
      await handle.sync();
      return undefined;
    } catch (error) {
      // Half a line would spoil the next one.
      if (sizeBefore !== undefined) await handle?.truncate(sizeBefore).catch(() => undefined);
      return `the dead-letter file ${path} could not be written: ${errorInWords(error)}`;
    }
  }

  return {
    append: (line) => inTurn(() => appendNow(line)),
    close: () =>
      inTurn(async () => {
        await handle?.close();
        handle = undefined;
      }),
  };
}

const LINE_END = 0x0a;

/** True when an earlier writer was killed inside the last line. */
async function endsInsideLine(handle: FileHandle, sizeBytes: number): Promise<boolean> {
  if (sizeBytes === 0) return false;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, sizeBytes - 1);
  return bytesRead === 1 && buffer[0] !== LINE_END;
}
