import type { Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { InputLine } from '../model/line.ts';
import { beginsWith, type FileIdentity, identityOf, readHead } from './file-identity.ts';
import { fileKey } from './find-files.ts';
import { type LineSplit, splitChunk, startSplit } from './split-lines.ts';

/** How far one file was read: all that is needed to go on there. Plain data. */
export interface FollowPosition {
  /** Where the file was last seen. */
  readonly path: string;
  readonly identity: FileIdentity;
  /** The end of the last whole line read; a line begun after it is read again. */
  readonly offsetBytes: number;
  /** The number of that line; 0 at the beginning. */
  readonly line: number;
  /** The file is not there any more. Kept for a copy of it that may yet turn up, which then is not read twice. */
  readonly gone: boolean;
}

/** One inode, whatever it is called. Its handle stays open, so that it can be read to its end after a rename. */
export interface FollowedFile {
  readonly key: string;
  path: string;
  handle: FileHandle | undefined;
  identity: FileIdentity;
  /** The bytes the identity hashes. */
  head: Buffer;
  split: LineSplit;
  sizeBytes: number;
  changedMillis: number;
  /** False while there is, or may be, more to read. */
  atEnd: boolean;
  /** Shorter than what was read of it: being copied anew, or cut. */
  shortened: boolean;
  /** Polls without growth since it was last found under any path; 0 while it is found. */
  quietPolls: number;
  /** To be read to its end first: the file that was here before. */
  waitsFor: FollowedFile | undefined;
}

/** Opens `path`. Throws what the system throws. */
export async function openFollowed(path: string, maxLineBytes: number | undefined): Promise<FollowedFile> {
  const handle = await open(path);
  try {
    const stats = await handle.stat();
    const head = await readHead(handle);
    return {
      key: fileKey(stats),
      path,
      handle,
      identity: identityOf(stats, head),
      head,
      split: startSplit(path, maxLineBytes),
      sizeBytes: stats.size,
      changedMillis: stats.mtimeMs,
      atEnd: false,
      shortened: false,
      quietPolls: 0,
      waitsFor: undefined,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export function positionOf({ path, identity, split }: FollowedFile): FollowPosition {
  return { path, identity, offsetBytes: split.offsetBytes, line: split.line, gone: false };
}

/** Goes on at a position; its lines bear the name `source`. */
export function startAt(file: FollowedFile, source: string, { line, offsetBytes }: FollowPosition): void {
  file.split = startSplit(source, file.split.maxLineBytes, { line, offsetBytes });
}

/** Bytes between what was read and the end, as last seen. */
export function lagBytesOf(file: FollowedFile): number {
  return Math.max(0, file.sizeBytes - readOffset(file));
}

/** Other content in the same file: what was known of the old one. */
export interface Restart {
  readonly was: FollowPosition;
  /** Of a line whose end never came. */
  readonly lostBytes: number;
}

/**
 * Looks whether the file changed. One that holds other content now is set to its beginning. One that is shorter than
 * what was read of it, and begins as before, is waited for: it is being copied anew. Throws what the system throws.
 */
export async function noteChange(file: FollowedFile, stats: Stats): Promise<Restart | undefined> {
  if (stats.size === file.sizeBytes && stats.mtimeMs === file.changedMillis) return undefined;
  const handle = await handleOf(file);
  if (handle === undefined) return undefined;
  const head = await readHead(handle);
  file.sizeBytes = stats.size;
  file.changedMillis = stats.mtimeMs;
  const rewound = stats.size < readOffset(file);
  file.shortened = rewound && beginsWith(file.head, head);
  if (file.shortened) return undefined;
  const restart = { was: positionOf(file), lostBytes: file.split.heldBytes };
  const goesOn = !rewound && beginsWith(head, file.head);
  file.atEnd = false;
  file.head = head;
  file.identity = identityOf(stats, head);
  if (goesOn) return undefined;
  file.split = startSplit(file.split.source, file.split.maxLineBytes);
  return restart;
}

/**
 * The next lines, until the end or `turnBytes` is reached. After each read the beginning is looked at again: were the
 * file truncated since the last look, the bytes could be those of another log. Throws what the system throws.
 */
export async function* readTurn(
  file: FollowedFile,
  buffer: Buffer,
  turnBytes: number,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const handle = await handleOf(file);
  for (let turn = 0; turn < turnBytes; ) {
    const read = await handle?.read(buffer, 0, buffer.length, readOffset(file));
    file.atEnd = read === undefined || read.bytesRead === 0;
    if (handle === undefined || read === undefined || file.atEnd) return;
    if (!beginsWith(await readHead(handle), file.head)) {
      retryLater(file);
      return;
    }
    turn += read.bytesRead;
    const lines = splitChunk(file.split, buffer.subarray(0, read.bytesRead));
    if (lines.length > 0) yield lines;
  }
}

/** Nothing more is read before the next look, which takes the file for changed. */
export function retryLater(file: FollowedFile): void {
  file.atEnd = true;
  file.changedMillis = Number.NaN;
}

export async function closeFollowed(file: FollowedFile): Promise<void> {
  const { handle } = file;
  file.handle = undefined;
  await handle?.close();
}

function readOffset({ split }: FollowedFile): number {
  return split.offsetBytes + split.heldBytes;
}

/** Opens a file again that was closed to save descriptors; `undefined` when its path leads to another file by now. */
async function handleOf(file: FollowedFile): Promise<FileHandle | undefined> {
  if (file.handle !== undefined) return file.handle;
  const handle = await open(file.path);
  if (fileKey(await handle.stat()) === file.key) {
    file.handle = handle;
    return handle;
  }
  await handle.close();
  return undefined;
}
