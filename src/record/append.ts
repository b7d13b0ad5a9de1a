import * as fs from 'node:fs';
import { dirname } from 'node:path';

/** When a log is full and how many renamed ones are kept. The protocol is the plugin's (`src/recorder/__init__.py`). */
export interface Rotation {
  readonly maxBytes: number;
  readonly keep: number;
}

const STALE_LOCK_MILLIS = 60_000;
const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = fs.constants;
/**
 * Read as well as append, to look at the last byte. Non-blocking: should somebody have put a FIFO there, the agent
 * must not wait for its reader.
 */
const FLAGS = O_RDWR | O_APPEND | O_CREAT | (O_NONBLOCK ?? 0);

/**
 * Appends `line` and its end with one write, so that lines of several processes never mix. Makes the file (0600) and
 * its directory (0700) where they are missing. Throws what the file system throws.
 */
export function appendLine(path: string, line: string, rotation: Rotation): void {
  const bytes = Buffer.from(`${line}\n`);
  if (isFull(path, bytes.length, rotation)) {
    rotate(path, bytes.length, rotation);
  }
  const fd = open(path);
  try {
    fs.writeSync(fd, holdsHalfLine(fd) ? Buffer.concat([Buffer.from('\n'), bytes]) : bytes);
  } finally {
    fs.closeSync(fd);
  }
}

function open(path: string): number {
  try {
    return fs.openSync(path, FLAGS, 0o600);
  } catch {
    // Most often its directory is missing; if it was something else, it will say so again.
    makeDirectory(dirname(path));
    return fs.openSync(path, FLAGS, 0o600);
  }
}

/** With its parents. Node's own `recursive` never returns from a file system that refuses with ENOENT, as /proc does. */
function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(path, 0o700);
  } catch {
    const parent = dirname(path);
    if (!fs.existsSync(parent) && parent !== path) {
      makeDirectory(parent);
      fs.mkdirSync(path, 0o700);
    }
  }
}

/**
 * True after a disk filled up in the middle of a line. A large line that another process is just writing can be seen
 * growing, page by page: hence the second look.
 */
function holdsHalfLine(fd: number): boolean {
  if (!endsInHalfLine(fd)) {
    return false;
  }
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
  return endsInHalfLine(fd);
}

function endsInHalfLine(fd: number): boolean {
  const found = fs.fstatSync(fd);
  const last = Buffer.alloc(1);
  return (
    found.isFile() && found.size > 0 && fs.readSync(fd, last, 0, 1, found.size - 1) === 1 && last[0] !== 0x0a
  );
}

function isFull(path: string, moreBytes: number, { maxBytes }: Rotation): boolean {
  const found = fs.statSync(path, { throwIfNoEntry: false });
  return maxBytes > 0 && found?.isFile() === true && found.size > 0 && found.size + moreBytes > maxBytes;
}

/**
 * `hooks.ndjson` becomes `.1`, `.1` becomes `.2`. Of several processes that find the file full, the one that makes
 * the lock file renames; the others write on. A lock left by a killed process is removed after a minute.
 */
function rotate(path: string, moreBytes: number, rotation: Rotation): void {
  const lock = `${path}.lock`;
  try {
    fs.closeSync(fs.openSync(lock, 'wx', 0o600));
  } catch {
    removeStale(lock);
    return;
  }
  try {
    if (isFull(path, moreBytes, rotation)) {
      shift(path, rotation.keep);
    }
  } catch {
    // A directory that may not be written to: the log grows on, which loses nothing.
  } finally {
    fs.unlinkSync(lock);
  }
}

function shift(path: string, keep: number): void {
  if (keep === 0) {
    fs.unlinkSync(path);
    return;
  }
  const names = [path, ...Array.from({ length: keep }, (_, at) => `${path}.${at + 1}`)];
  const free = names.findIndex((name, at) => at === keep || (at > 0 && !fs.existsSync(name)));
  for (let at = free; at > 0; at -= 1) {
    fs.renameSync(names[at - 1] ?? path, names[at] ?? path);
  }
}

function removeStale(lock: string): void {
  const found = fs.statSync(lock, { throwIfNoEntry: false });
  if (found !== undefined && Date.now() - found.mtimeMs > STALE_LOCK_MILLIS) {
    fs.rmSync(lock, { force: true });
  }
}
