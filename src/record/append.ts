import * as fs from 'node:fs';
import { dirname } from 'node:path';

/** When a log is rotated, and how many rotated logs are kept. `src/recorder/__init__.py` follows the same protocol. */
export interface Rotation {
  readonly maxBytes: number;
  readonly keep: number;
}

const STALE_LOCK_MILLIS = 60_000;
const { O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK } = fs.constants;
/** Read access is for the last byte. Non-blocking: if the path is a FIFO, the agent must not wait for its reader. */
const FLAGS = O_RDWR | O_APPEND | O_CREAT | (O_NONBLOCK ?? 0);

/**
 * Appends `line` and a line break with one write, so that lines of several processes never mix. Creates the file (0600)
 * and its directory (0700) when they are missing. Throws the errors of the file system.
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
    // Usually its directory is missing. Any other reason fails again below.
    makeDirectory(dirname(path));
    return fs.openSync(path, FLAGS, 0o600);
  }
}

/** With its parents. Node's `recursive` never returns when a file system such as /proc refuses with ENOENT. */
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
 * True after a disk filled up in the middle of a line. Checked twice, because a large line that another process is writing
 * grows page by page.
 */
function holdsHalfLine(fd: number): boolean {
  if (!endsInHalfLine(fd)) return false;
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
 * `hooks.ndjson` becomes `.1`, `.1` becomes `.2`. Of several processes that find the file full, the one that creates the
 * lock file renames; the others continue to write. The lock of a killed process is removed after a minute.
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
    // The directory is not writable. The log grows beyond its bound, which loses nothing.
  } finally {
    // Another process may have removed it as stale.
    fs.rmSync(lock, { force: true });
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
