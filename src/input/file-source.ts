import { type FileHandle, open } from 'node:fs/promises';
import { type ByteChunks, type ByteSource, type OpenOptions, readFailure } from './byte-source.ts';

/** 64 KiB, the default of Node's streams, costs a fifth more time per line than this; larger gains nothing. */
const CHUNK_BYTES = 256 * 1024;

export interface FileSourceOptions {
  /**
   * False closes the file after each chunk and opens it again for the next: thousands of files that overlap in
   * time can then be merged without running out of file descriptors. Default true.
   */
  readonly keepOpen?: boolean | undefined;
}

/** A regular file. `name` is what the user wrote; `path` where it is. */
export function fileSource(
  name: string,
  path: string,
  { keepOpen = true }: FileSourceOptions = {},
): ByteSource {
  return { name, reopenable: true, open: (options) => readFile(path, keepOpen, options) };
}

async function* readFile(path: string, keepOpen: boolean, options: OpenOptions = {}): ByteChunks {
  const { signal, chunkBytes = CHUNK_BYTES } = options;
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  let handle: FileHandle | undefined;
  try {
    for (let position = 0; !signal?.aborted; ) {
      handle ??= await open(path);
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, position);
      if (bytesRead === 0) return undefined;
      position += bytesRead;
      if (!keepOpen) {
        await handle.close();
        handle = undefined;
      }
      yield buffer.subarray(0, bytesRead);
    }
    return undefined;
  } catch (error) {
    return readFailure(error);
  } finally {
    await handle?.close();
  }
}
