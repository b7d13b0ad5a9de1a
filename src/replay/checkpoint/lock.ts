/**
 * Keeps two followers apart: a file that only one of them can create. A lock whose owner is gone (killed, or the machine
 * went down) is taken over at once. Why our own: docs/adr/0011-checkpoints.md.
 */
import { createHash, randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isJsonObject, parseJson } from '../../model/json.ts';
import { errorCode } from '../../model/system-error.ts';

export type Lock = ReturnType<typeof hold>;

/** The process that holds a lock. Plain data. */
export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** When the process began, as the system states it; '' where it does not. Process numbers are reused. */
  readonly began: string;
}

/** Throws when there is no such process, as `process.kill(pid, 0)` does. */
export type Probe = (pid: number) => unknown;

/** A lock of another host is taken over when it was not touched for this long. */
const ELSEWHERE_MILLIS = 60_000;
const TOUCH_MILLIS = 5_000;

/**
 * Takes the lock of `directory` for this process. Returns its owner when another process holds it. Throws system errors.
 */
export async function takeLock(directory: string, pid: number, probe: Probe): Promise<Lock | Owner> {
  const own = { host: hostname(), pid, began: (await beginningOf(pid)) ?? '' };
  return take(join(directory, 'lock'), JSON.stringify(own), probe);
}

export function isOwner(answer: Lock | Owner): answer is Owner {
  return 'host' in answer;
}

async function take(path: string, own: string, probe: Probe): Promise<Lock | Owner> {
  for (;;) {
    if (await create(path, own)) return hold(path, own);
    const text = await readLock(path);
    if (text === undefined) continue;
    const holder = parseOwner(text);
    if (holder !== undefined && (await isHeld(path, holder, probe))) return holder;
    const answer = await takeOver(path, text, own, probe);
    if (answer !== undefined) return answer;
  }
}

/**
 * Replaces a stale lock. Of several processes that found the same one, the holder of a second lock may replace it; that
 * lock is named for the content of the stale one. `undefined` when another process was faster.
 */
async function takeOver(
  path: string,
  stale: string,
  own: string,
  probe: Probe,
): Promise<Lock | Owner | undefined> {
  const turn = await take(`${path}.${digestOf(stale)}`, own, probe);
  if (isOwner(turn)) return turn;
  try {
    if ((await readIfThere(path)) !== stale) return undefined;
    await aside(path, own, (fresh) => rename(fresh, path));
    return hold(path, own);
  } finally {
    await turn.release();
  }
}

async function create(path: string, own: string): Promise<boolean> {
  try {
    await aside(path, own, (fresh) => link(fresh, path));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Writes the text to a file of its own, which `put` moves into place: nobody ever reads half a lock. */
async function aside(path: string, text: string, put: (fresh: string) => Promise<void>): Promise<void> {
  // Not the process number: in two containers that share the directory, both may be 1.
  const fresh = `${path}.${randomUUID()}`;
  await writeFile(fresh, text, { mode: 0o600 });
  try {
    await put(fresh);
  } finally {
    await rm(fresh, { force: true });
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function hold(path: string, own: string) {
  const ending = new AbortController();
  const lost: AbortSignal = ending.signal;
  let renewed = false;
  const check = async () => {
    const found = await touch(path, own);
    if (found === own) return;
    if (found === undefined) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      if (await create(path, own)) {
        renewed = true;
        return;
      }
    }
    ending.abort();
  };
  // An error is raised by the next `check` before a checkpoint. The timer also runs at once after a process was frozen.
  const timer = setInterval(() => void check().catch(() => undefined), TOUCH_MILLIS);
  timer.unref();
  return {
    /** Aborted when another process has taken the lock over, as it may while this one is frozen. */
    lost,
    /** Looks whether this process still holds the lock, and creates it again if it was removed. Throws system errors. */
    check,
    /** True, once, after the lock was removed, perhaps with its directory, and created again. */
    wasRenewed(): boolean {
      const was = renewed;
      renewed = false;
      return was;
    },
    async release(): Promise<void> {
      clearInterval(timer);
      if ((await readIfThere(path)) === own) await rm(path, { force: true });
    },
  };
}

/** Writes the lock again, if it is still our own, so that it has a new time. Returns its content; `undefined` without one. */
async function touch(path: string, own: string): Promise<string | undefined> {
  try {
    const handle = await open(path, 'r+');
    try {
      const text = await handle.readFile('utf8');
      if (text === own) await handle.write(own, 0);
      return text;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function isHeld(path: string, holder: Owner, probe: Probe): Promise<boolean> {
  const running = await isRunning(holder, probe);
  return running ?? (await untouchedMillis(path)) < ELSEWHERE_MILLIS;
}

/** By the clock of the file system: those of two hosts may differ by more than the limit. */
async function untouchedMillis(path: string): Promise<number> {
  let now = 0;
  await aside(path, '', async (fresh) => {
    now = (await stat(fresh)).mtimeMs;
  });
  const touched = (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
  return now - touched;
}

/** Whether the owner still runs. `undefined` when it is, or was, on another machine or in another container. */
async function isRunning(owner: Owner, probe: Probe): Promise<boolean | undefined> {
  if (owner.host !== hostname()) return undefined;
  if (!isProcess(owner.pid, probe)) return false;
  const began = await beginningOf(owner.pid);
  return began === undefined || owner.began === '' || began === owner.began;
}

function isProcess(pid: number, probe: Probe): boolean {
  try {
    probe(pid);
    return true;
  } catch (error) {
    // A process of another user.
    return errorCode(error) === 'EPERM';
  }
}

/** Field 22 of /proc/PID/stat, in ticks since the boot, after the id of the boot. The second field may hold anything. */
async function beginningOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8');
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return ticks === undefined ? undefined : `${boot.trim()} ${ticks}`;
  } catch {
    return undefined;
  }
}

/** `undefined` without a lock. Throws system errors, also for a link that leads nowhere: it is there and cannot be read. */
async function readLock(path: string): Promise<string | undefined> {
  const text = await readIfThere(path);
  const isThere = text === undefined && (await lstat(path).catch(() => undefined)) !== undefined;
  return isThere ? await readFile(path, 'utf8') : text;
}

export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** `undefined` for anything else: a machine that went down may leave an empty file. */
function parseOwner(text: string): Owner | undefined {
  const value = parseJson(text);
  if (!isJsonObject(value)) return undefined;
  const { host, pid, began } = value;
  const isProcess = typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0;
  return isProcess && typeof host === 'string' && typeof began === 'string'
    ? { host, pid, began }
    : undefined;
}
