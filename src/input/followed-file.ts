import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { InputLine } from '../model/line.ts';
import { fileKey } from './find-files.ts';
import { type LineSplit, splitChunk, startSplit } from './read-lines.ts';

/** How far one file was read, as plain data. Reading can resume from it. */
export interface FollowPosition {
  /** The path at which the file was last found. */
  readonly path: string;
  readonly identity: FileIdentity;
  /** End of the last whole line that was read; an unfinished line after it is read again. */
  readonly offsetBytes: number;
  /** Number of that line; 0 at the beginning. */
  readonly line: number;
  /** The file was removed. Its position is kept so that a copy which turns up later is not read twice. */
  readonly gone: boolean;
}

/** One inode under any name. Its handle stays open, so that it can be read to its end after a rename. */
export interface FollowedFile {
  readonly key: string;
  path: string;
  handle: FileHandle | undefined;
  identity: FileIdentity;
  /** The bytes that the identity hashes. */
  head: Buffer;
  split: LineSplit;
  sizeBytes: number;
  changedMillis: number;
  /** False while there may be more to read. */
  atEnd: boolean;
  /** The file is shorter than what was read of it: it is being copied again, or was cut. */
  shortened: boolean;
  /** Polls without growth since it vanished from all paths; 0 while it is found. */
  quietPolls: number;
  /** The file that had this path before; it is read to its end first. */
  waitsFor: FollowedFile | undefined;
}

/** Opens `path` at its beginning. Throws system errors. */
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

/** Resumes at a position; its lines get the name `source`. */
export function startAt(file: FollowedFile, source: string, { line, offsetBytes }: FollowPosition): void {
  file.split = startSplit(source, file.split.maxLineBytes, { line, offsetBytes });
}

/** Bytes between the read offset and the end of the file at the last look. */
export function lagBytesOf(file: FollowedFile): number {
  return Math.max(0, file.sizeBytes - readOffset(file));
}

/** The same file has other content now. */
export interface Restart {
  /** The position in the old content. */
  readonly was: FollowPosition;
  /** Size of its unfinished line. */
  readonly lostBytes: number;
}

/**
 * Compares the file with what is known of it. A file with other content is set to its beginning. A file with the same
 * beginning that is shorter than what was read waits: it is being copied again. Throws system errors.
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
 * The next lines, up to the end of the file or `turnBytes`. The beginning is checked after each read: if the file was
 * truncated since the last look, the bytes could be those of another log. Throws system errors.
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

/** Stops reading until the next look, which then treats the file as changed. */
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

/** Opens a file that was closed to save descriptors; `undefined` when its path leads to another file now. */
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

/**
 * Identifies a file under any path. Inodes are reused after a deletion and devices are renumbered by a reboot, so the
 * beginning of the content decides.
 */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
  /** Number of bytes hashed from the beginning: 1024, or the whole of a shorter file. */
  readonly headBytes: number;
  /** SHA-256 of these bytes in hex. */
  readonly headHash: string;
}

interface FileNumbers {
  readonly dev: number;
  readonly ino: number;
}

/** A shorter common beginning proves nothing: hook bodies of different sessions begin alike. */
const HEAD_BYTES = 1024;

/** The first bytes, up to 1024. */
async function readHead(handle: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function identityOf({ dev, ino }: FileNumbers, head: Buffer): FileIdentity {
  return { device: dev, inode: ino, headBytes: head.length, headHash: hashOf(head) };
}

/** True when `file`, which begins with `head`, is the known file (perhaps grown) or a copy of it. */
export function isIdentity(known: FileIdentity, file: FileIdentity, head: Buffer): boolean {
  if (known.device !== file.device || known.inode !== file.inode) return isCopy(known, file);
  if (known.headBytes === file.headBytes) return known.headHash === file.headHash;
  return known.headBytes < file.headBytes && known.headHash === hashOf(head.subarray(0, known.headBytes));
}

/** True for two files with the same first 1024 bytes. */
export function isCopy(a: FileIdentity, b: FileIdentity): boolean {
  return isTelling(a) && a.headHash === b.headHash;
}

/** False for a file that is too short to be identified by its content. */
export function isTelling({ headBytes }: FileIdentity): boolean {
  return headBytes === HEAD_BYTES;
}

function beginsWith(head: Buffer, known: Buffer): boolean {
  return head.length >= known.length && head.subarray(0, known.length).equals(known);
}

function hashOf(head: Buffer): string {
  return createHash('sha256').update(head).digest('hex');
}
