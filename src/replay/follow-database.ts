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
  /** Of each line that was yielded. */
  readonly yielded: Set<string>;
  version: number | undefined;
  /** Of the file that is read; another one means that the database was replaced. */
  inode: number | undefined;
  /** Messages since the last look that went well. */
  readonly reported: Set<string>;
}

/** The lines of databases as their rows are written, from the first on. Ends when `signal` aborts. */
export async function* followDatabases(
  paths: readonly string[],
  reading: Reading,
  {
    pollMillis = 250,
    signal,
  }: { readonly pollMillis?: number | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const followed: Followed[] = [];
  try {
    for (const path of paths) {
      const inode = await inodeOf(path);
      const database = await openHermesDatabase(path, reading.content, async (opened) => opened);
      const known = { seen: new Map(), yielded: new Set<string>(), reported: new Set<string>() };
      followed.push({ path, database, ...known, version: undefined, inode });
    }
    for (;;) {
      // After the end comes a last look at what was written since the one before.
      const last = signal?.aborted === true;
      for (const one of followed) yield* orTrouble(one, { ...reading, signal: last ? undefined : signal });
      // A look that was cut short is the last one: an old database takes longer than there is time now.
      if (signal?.aborted) return;
      await sleep(pollMillis, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const { database } of followed) await database?.close();
  }
}

/** What cannot be read is reported once. The database is tried again at the next poll, a session with the next change. */
async function* orTrouble(
  followed: Followed,
  reading: Reading,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const onDiagnostic = (diagnostic: Diagnostic) => {
    if (!followed.reported.has(diagnostic.message)) reading.onDiagnostic(diagnostic);
    followed.reported.add(diagnostic.message);
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

/** What is new since the last look. */
async function* changedLines(
  followed: Followed,
  database: HermesDatabase,
  reading: Reading,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const { seen, yielded, reported } = followed;
  const version = await database.version();
  if (version === followed.version) return;
  followed.version = version;
  const sessions = await database.list();
  const changed = sessions.filter((session) => seen.get(session.id) !== signatureOf(session));
  const signatures = new Map(changed.map((session) => [session.id, signatureOf(session)]));
  const onRead = ({ session: { id } }: DatabaseSession) => seen.set(id, signatures.get(id) ?? '');
  const from = { ...reading, log: new Map(), onRead };
  const sources = databaseSources(database, sessions, from, new Set(signatures.keys()));
  for await (const lines of mergeByTime(sources, lineTime)) {
    const fresh = lines.filter(({ text }) => !yielded.has(digestOf(text)));
    for (const { text } of fresh) yielded.add(digestOf(text));
    if (fresh.length > 0) yield fresh;
  }
  if (changed.every(({ id }) => seen.get(id) === signatures.get(id))) reported.clear();
}

function signatureOf({ lastMessageId, endedAt, tokenCount }: ListedSession): string {
  return `${lastMessageId} ${endedAt} ${tokenCount}`;
}

/** An old database has hundreds of thousands of lines. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 12);
}
