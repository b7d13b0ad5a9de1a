import type { Stats } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { InputLine } from '../model/line.ts';
import { fileKey } from './find-files.ts';
import {
  advance,
  BEGINNING,
  fits,
  hashOf,
  lastFitting,
  type Mark,
  markAt,
  type Progress,
  readAt,
  startProgress,
  TAIL_BYTES,
} from './marks.ts';
import { type LineSplit, type SplitOptions, splitChunk, startSplit } from './read-lines.ts';

/**
 * How far one file was read, as plain data: the end of the last whole line that was read. Reading can resume from it.
 * An unfinished line after it is read again.
 */
export interface FollowPosition extends Mark {
  /** The path at which the file was last found. */
  readonly path: string;
  /** Where that path led to, if it was a symbolic link. */
  readonly target?: string | undefined;
  readonly identity: FileIdentity;
  /** Where to resume if the bytes before the position were changed; newest first. */
  readonly earlier: readonly Mark[];
  /** The file was removed. Its position is kept so that a copy which turns up later is not read twice. */
  readonly gone: boolean;
  /** Offset from UTC of the recorder's local times, which the reader of the lines learns and keeps here. */
  readonly localOffsetMicros?: number | undefined;
}

/** One inode under any name. Its handle stays open, so that it can be read to its end after a rename. */
export interface FollowedFile {
  readonly key: string;
  path: string;
  /** Where `path` led to when it was opened; `undefined` unless it was a symbolic link. */
  readonly target: string | undefined;
  handle: FileHandle | undefined;
  identity: FileIdentity;
  /** The bytes that the identity hashes. */
  head: Buffer;
  split: LineSplit;
  progress: Progress;
  sizeBytes: number;
  changedMillis: number;
  /** False while there may be more to read. */
  atEnd: boolean;
  /** Since when the file is shorter than what was read of it: it is being copied again, or was cut. */
  shortSince: number | undefined;
  /** Polls without growth since it vanished from all paths; 0 while it is found. */
  quietPolls: number;
  /** The file that had this path before; it is read to its end first. */
  waitsFor: FollowedFile | undefined;
}

/** Opens `path` at its beginning. Throws system errors. */
export async function openFollowed(path: string, split: SplitOptions): Promise<FollowedFile> {
  const handle = await open(path);
  try {
    const stats = await handle.stat();
    const head = await readAt(handle, 0, HEAD_BYTES);
    const target = await realpath(path).catch(() => path);
    return {
      key: fileKey(stats),
      path,
      target: target === resolve(path) ? undefined : target,
      handle,
      identity: identityOf(stats, head),
      head,
      split: startSplit(path, split),
      progress: startProgress(),
      sizeBytes: stats.size,
      changedMillis: stats.mtimeMs,
      atEnd: false,
      shortSince: undefined,
      quietPolls: 0,
      waitsFor: undefined,
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export function positionOf(file: FollowedFile): FollowPosition {
  const { path, target, identity, split, progress } = file;
  progress.current ??= markAt(split.offsetBytes, split.line, progress.tail);
  return { path, target, identity, ...progress.current, earlier: progress.earlier, gone: false };
}

/**
 * Resumes at a position, or at the last mark before it that the file still fits; its lines get the name `source`.
 * Returns the mark. Throws system errors.
 */
export async function resumeAt(file: FollowedFile, source: string, position: FollowPosition): Promise<Mark> {
  const handle = await handleOf(file);
  if (handle === undefined) return BEGINNING;
  const marks = [position, ...position.earlier];
  const mark = await lastFitting(handle, marks);
  const { line, offsetBytes, tailBytes } = mark;
  const tail = await readAt(handle, offsetBytes - tailBytes, tailBytes);
  const earlier = marks.filter((other) => other.offsetBytes < offsetBytes);
  file.split = startSplit(source, file.split, { line, offsetBytes });
  file.progress = startProgress(
    tail,
    earlier.map(({ offsetBytes, line, tailBytes, tailHash }) => ({ offsetBytes, line, tailBytes, tailHash })),
  );
  return mark;
}

/** Bytes between the read offset and the end of the file at the last look. */
export function lagBytesOf(file: FollowedFile): number {
  return Math.max(0, file.sizeBytes - readOffset(file));
}

/** The same file has other content now. */
export interface Restart {
  /** The position in the old content. */
  readonly was: FollowPosition;
  /** Where reading resumes; the beginning if nothing of the old content is left. */
  readonly from: Mark;
  /** Size of the unfinished line in the old content. */
  readonly lostBytes: number;
}

/** A file that stays shorter than what was read of it for this long is not being copied again: it lost its end. */
const SHORT_MILLIS = 1000;

/**
 * Compares the file with what is known of it. If the bytes that were read have changed, reading resumes at the last mark
 * that still fits. A file with the same beginning that is shorter than what was read is given a second to grow again, as
 * it may be in the middle of being copied. Throws system errors.
 */
export async function noteChange(file: FollowedFile, stats: Stats): Promise<Restart | undefined> {
  const isUnchanged = stats.size === file.sizeBytes && stats.mtimeMs === file.changedMillis;
  if (isUnchanged && file.shortSince === undefined) return undefined;
  const handle = await handleOf(file);
  if (handle === undefined) return undefined;
  const head = await readAt(handle, 0, HEAD_BYTES);
  file.sizeBytes = stats.size;
  file.changedMillis = stats.mtimeMs;
  const isShort = stats.size < readOffset(file);
  const beginsAlike = isShort ? beginsWith(file.head, head) : beginsWith(head, file.head);
  if (isShort && beginsAlike && mayGrowAgain(file)) return undefined;
  file.shortSince = undefined;
  const goesOn = !isShort && beginsAlike && (await fits(handle, markOfRead(file)));
  const [was, lostBytes] = [positionOf(file), file.split.heldBytes];
  file.atEnd = false;
  file.head = head;
  file.identity = identityOf(stats, head);
  if (goesOn) return undefined;
  const from = await resumeAt(file, file.split.source, was);
  return beginsAlike && from.offsetBytes === was.offsetBytes ? undefined : { was, from, lostBytes };
}

function mayGrowAgain(file: FollowedFile): boolean {
  const now = performance.now();
  file.shortSince ??= now;
  return file.sizeBytes === 0 || now - file.shortSince < SHORT_MILLIS;
}

/** The last bytes that were read, up to 1024, also of an unfinished line; empty after an overlong line. */
function lastRead({ split, progress }: FollowedFile): Buffer {
  const { held, heldBytes } = split;
  if (heldBytes === 0) return progress.tail;
  if (held.length < heldBytes) return Buffer.alloc(0);
  const unfinished = held.subarray(Math.max(0, heldBytes - TAIL_BYTES), heldBytes);
  return Buffer.concat([progress.tail, unfinished]).subarray(-TAIL_BYTES);
}

function markOfRead(file: FollowedFile): Mark {
  return markAt(readOffset(file), file.split.line, lastRead(file));
}

/**
 * The next lines, up to the end of the file or `turnBytes`. Each read begins with the last bytes that were read before:
 * if the file was truncated or changed since the last look, the bytes after them could be those of another log. Throws
 * system errors.
 */
export async function* readTurn(
  file: FollowedFile,
  buffer: Buffer,
  turnBytes: number,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const handle = await handleOf(file);
  for (let turn = 0; turn < turnBytes; ) {
    const before = lastRead(file);
    const from = readOffset(file) - before.length;
    const read = await handle?.read(buffer, 0, buffer.length, from);
    const bytes = buffer.subarray(0, read?.bytesRead ?? 0);
    file.atEnd = bytes.length <= before.length;
    if (handle === undefined || file.atEnd) return;
    if (!beginsWith(bytes, before) || (from === 0 && !beginsWith(bytes, file.head))) {
      retryLater(file);
      return;
    }
    turn += bytes.length - before.length;
    const lines = readChunk(file, bytes.subarray(before.length), before);
    if (lines.length > 0) yield lines;
  }
}

/** The lines that end in `bytes`, which follow `before`. */
function readChunk(file: FollowedFile, bytes: Buffer, before: Buffer): readonly InputLine[] {
  const { offsetBytes, line } = file.split;
  const chunk = { from: { offsetBytes, line }, before, bytes, startBytes: readOffset(file) };
  const lines = splitChunk(file.split, bytes);
  advance(file.progress, chunk, lines);
  return lines;
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

/** A shorter common beginning proves nothing: hook bodies of different sessions begin alike. */
const HEAD_BYTES = 1024;

function identityOf({ dev, ino }: Stats, head: Buffer): FileIdentity {
  return { device: dev, inode: ino, headBytes: head.length, headHash: hashOf(head) };
}

/** True when `file` is the file of `position` (perhaps grown) or a copy of it. */
export function isSame(position: FollowPosition, file: FollowedFile): boolean {
  const [known, { identity, head }] = [position.identity, file];
  if (holdsAll(position, file)) return true;
  if (known.device !== identity.device || known.inode !== identity.inode) return isCopy(known, identity);
  if (known.headBytes === identity.headBytes) return known.headHash === identity.headHash;
  return known.headBytes < identity.headBytes && known.headHash === hashOf(head.subarray(0, known.headBytes));
}

/** True when `file` begins with all that was read of a file too short to be identified by its beginning. */
export function holdsAll({ offsetBytes, tailBytes, tailHash }: Mark, { head }: FollowedFile): boolean {
  const isWhole = offsetBytes > 0 && tailBytes === offsetBytes && offsetBytes <= head.length;
  return isWhole && markAt(offsetBytes, 0, head.subarray(0, offsetBytes)).tailHash === tailHash;
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
