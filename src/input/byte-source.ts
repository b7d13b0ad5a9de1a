import { isNativeError } from 'node:util/types';

/** Where bytes come from. Nothing here knows lines; a failure in mid-source is a value, so that what came before it is kept. */
export interface ByteSource {
  /** The file as the user named it, or `-` for standard input. */
  readonly name: string;
  /** True when a second `open` reads the same bytes from the start again (a regular file; never a pipe). */
  readonly reopenable: boolean;
  open(options?: OpenOptions): ByteChunks;
}

/**
 * A chunk is the reader's own memory and valid only until the next one is asked for. The generator returns
 * `undefined` at the end of the source or after an abort, and never throws for what the source did.
 */
export type ByteChunks = AsyncGenerator<Buffer, ReadFailure | undefined, undefined>;

export interface OpenOptions {
  /** Ends reading promptly, also while waiting for bytes. */
  readonly signal?: AbortSignal | undefined;
  /** The most bytes to read at once; smaller where many sources are open. Default 256 KiB. */
  readonly chunkBytes?: number | undefined;
}

/** Why a source ended before its end. */
export interface ReadFailure {
  readonly code: 'read-failed' | 'gzip-truncated' | 'gzip-corrupt';
  /** Half a sentence: what happened, without the name of the source. */
  readonly message: string;
}

/** The system's error code (`ENOENT`), or `undefined` when `error` is not the system's: then it is a bug of ours. */
export function systemCode(error: unknown): string | undefined {
  const system = isNativeError(error) && 'syscall' in error && 'code' in error;
  return system && typeof error.code === 'string' ? error.code : undefined;
}

/** A failure of the system as a value. Anything else is thrown on. */
export function readFailure(error: unknown): ReadFailure {
  const code = systemCode(error);
  if (code === undefined) throw error;
  return { code: 'read-failed', message: `reading failed (${code})` };
}
