/** Follows databases by polling: a live view without a recorder. Lines that were yielded before are not yielded again. */
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HermesDatabase, type ListedSession, openDatabase } from '../input/database.ts';
import { mergeByTime } from '../input/merge.ts';
import { SqliteError } from '../input/sqlite.ts';
import type { DatabaseSession } from '../model/database.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine } from '../model/line.ts';
import { type DatabaseReading, databaseSources, openHermesDatabase } from './database.ts';
import { lineTime } from './input.ts';

type Reading = Omit<DatabaseReading, 'agentLogs'>;

interface Followed {
  readonly path: string;
  /** `undefined` after trouble, which may be that of its reader: it is opened again. */
  database: HermesDatabase | undefined;
  /** Of each session that was read, what changes when it goes on. */
  readonly seen: Map<string, string>;
  version: number | undefined;
  /** Of the file that is read; another one means that the database was replaced. */
  inode: number | undefined;
  /** Messages since the last look that went well. */
  readonly reported: Map<string, string>;
}

/** New lines of databases. */
interface DatabaseBatch {
  readonly lines: readonly InputLine[];
  /** Digests of all lines up to the last of this batch. Passed as `start`, the next run yields only other lines. */
  readonly yielded: string;
  /** False while more lines of this look may follow. */
  readonly isWhole: boolean;
}

/**
 * The lines of databases as their rows are written, from the first on. Ends when `signal` aborts. A new row may change the lines
 * of older rows, so no row is the place to resume at: the next run reads all of them, and leaves out the lines of `start`.
 */
export async function* followDatabases(
  paths: readonly string[],
  reading: Reading,
  { start = '', ...polling }: DatabaseFollowing,
): AsyncGenerator<DatabaseBatch, void, undefined> {
  const known = new Set<string>(start.match(DIGESTS));
  let yielded = start;
  for await (const read of polledLines(paths, reading, polling)) {
    const all = read.map((line) => ({ line, digest: digestOf(line.text) }));
    const fresh = all.filter(({ digest }) => !known.has(digest));
    for (const { digest } of fresh) known.add(digest);
    yielded += fresh.map(({ digest }) => digest).join('');
    const isWhole = read.length === 0;
    if (fresh.length > 0 || isWhole) yield { lines: fresh.map(({ line }) => line), yielded, isWhole };
  }
}

interface DatabaseFollowing {
  /** Pause between two looks. Default 250. */
  readonly pollMillis?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** `yielded` of the last batch of an earlier run. Default: none. */
  readonly start?: string | undefined;
}

/** All lines of each session that is new or has changed since the last look. */
async function* polledLines(
  paths: readonly string[],
  reading: Reading,
  { pollMillis = 250, signal }: DatabaseFollowing,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const followed: Followed[] = [];
  try {
    for (const path of paths) {
      const inode = await inodeOf(path);
      const database = await openHermesDatabase(path, reading.content, async (opened) => opened);
      followed.push({ path, database, seen: new Map(), version: undefined, inode, reported: new Map() });
    }
    for (let isFirst = true; ; ) {
      // After the end comes a last look at what was written since the one before.
      const last = signal?.aborted === true;
      yield* look(followed, { ...reading, signal: last ? undefined : signal }, isFirst);
      isFirst = false;
      // A look that was cut short is the last one: an old database takes longer than there is time now.
      if (signal?.aborted) return;
      await sleep(pollMillis, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const { database } of followed) await database?.close();
  }
}

/** The first look, and each later one that finds lines, ends with an empty batch, unless it is cut short. */
async function* look(
  followed: readonly Followed[],
  reading: Reading,
  isFirst: boolean,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  let found = isFirst;
  for (const one of followed) {
    for await (const lines of orTrouble(one, reading)) {
      found = true;
      yield lines;
    }
  }
  if (found && !reading.signal?.aborted) yield [];
}

/** What cannot be read is reported once. The database is tried again at the next poll, a session with the next change. */
async function* orTrouble(
  followed: Followed,
  reading: Reading,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const onDiagnostic = (diagnostic: Diagnostic) => {
    if (!followed.reported.has(diagnostic.message)) reading.onDiagnostic(diagnostic);
    followed.reported.set(diagnostic.message, diagnostic.code);
  };
  try {
    await reopenIfReplaced(followed);
    followed.database ??= await openDatabase(followed.path, reading);
    yield* changedLines(followed, followed.database, { ...reading, onDiagnostic });
  } catch (error) {
    if (!(error instanceof SqliteError)) throw error;
    const { message } = error;
    const at = { source: followed.path, line: 0 };
    onDiagnostic({ severity: 'warning', code: 'read-failed', message, at });
    await close(followed);
  }
}

/** A database that was restored or created anew is another file under the same path. Its sessions are all read again. */
async function reopenIfReplaced(followed: Followed): Promise<void> {
  const inode = await inodeOf(followed.path);
  if (inode === undefined || inode === followed.inode) return;
  followed.inode = inode;
  followed.seen.clear();
  await close(followed);
}

/** `undefined` when there is no file now: what is open is still read. */
async function inodeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.ino;
}

async function close(followed: Followed): Promise<void> {
  await followed.database?.close();
  followed.database = undefined;
  followed.version = undefined;
}

/** All lines of the sessions that changed since the last look. */
async function* changedLines(
  followed: Followed,
  database: HermesDatabase,
  reading: Reading,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const { seen, reported } = followed;
  const version = await database.version();
  if (version === followed.version) return;
  followed.version = version;
  const sessions = await database.list();
  const changed = sessions.filter((session) => seen.get(session.id) !== signatureOf(session));
  const signatures = new Map(changed.map((session) => [session.id, signatureOf(session)]));
  const onRead = ({ session: { id } }: DatabaseSession) => seen.set(id, signatures.get(id) ?? '');
  const from = { ...reading, log: new Map(), onRead };
  const sources = databaseSources(database, sessions, from, new Set(signatures.keys()));
  yield* mergeByTime(sources, lineTime);
  if (!changed.every(({ id }) => seen.get(id) === signatures.get(id))) return;
  // What cannot be read now may be readable later, and fail again. A damaged row stays damaged.
  for (const [message, code] of reported) if (code !== 'row-damaged') reported.delete(message);
}

function signatureOf({ lastMessageId, endedAt, tokenCount }: ListedSession): string {
  return `${lastMessageId} ${endedAt} ${tokenCount}`;
}

const DIGESTS = /.{12}/g;

/** An old database has hundreds of thousands of lines. 72 bits distinguish them, and a checkpoint has room for all. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 12);
}
