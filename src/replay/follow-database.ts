/** Follows databases by polling: a live view without a recorder. Lines that were yielded before are not yielded again. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HermesDatabase, ListedSession } from '../input/database.ts';
import { mergeByTime } from '../input/merge.ts';
import { SqliteError } from '../input/sqlite.ts';
import type { InputLine } from '../model/line.ts';
import { type DatabaseReading, databaseSources, openHermesDatabase } from './database.ts';
import { lineTime } from './input.ts';

interface Followed {
  readonly database: HermesDatabase;
  /** Of each session, what changes when it goes on. */
  readonly seen: Map<string, string>;
  /** Of each line that was yielded. */
  readonly yielded: Set<string>;
  version: number | undefined;
  trouble: string | undefined;
}

/** The lines of databases as their rows are written, from the first on. Ends when `signal` aborts. */
export async function* followDatabases(
  paths: readonly string[],
  reading: Omit<DatabaseReading, 'agentLogs'>,
  {
    pollMillis = 250,
    signal,
  }: { readonly pollMillis?: number | undefined; readonly signal?: AbortSignal | undefined },
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const followed: Followed[] = [];
  try {
    for (const path of paths) {
      const database = await openHermesDatabase(path, reading.content);
      followed.push({
        database,
        seen: new Map(),
        yielded: new Set(),
        version: undefined,
        trouble: undefined,
      });
    }
    for (;;) {
      const last = signal?.aborted === true;
      for (const one of followed) yield* orTrouble(one, reading);
      if (last) return;
      await sleep(pollMillis, undefined, { signal }).catch(() => {});
    }
  } finally {
    for (const { database } of followed) await database.close();
  }
}

/** A database that cannot be read is reported once and tried again at the next poll. */
async function* orTrouble(
  followed: Followed,
  reading: Omit<DatabaseReading, 'agentLogs'>,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  try {
    yield* changedLines(followed, reading);
    followed.trouble = undefined;
  } catch (error) {
    if (!(error instanceof SqliteError)) throw error;
    const { message } = error;
    const at = { source: followed.database.path, line: 0 };
    if (message !== followed.trouble)
      reading.onDiagnostic({ severity: 'warning', code: 'read-failed', message, at });
    followed.trouble = message;
    followed.version = undefined;
  }
}

/** What is new since the last look. */
async function* changedLines(
  followed: Followed,
  reading: Omit<DatabaseReading, 'agentLogs'>,
): AsyncGenerator<readonly InputLine[], void, undefined> {
  const { database, seen, yielded } = followed;
  const version = await database.version();
  if (version === followed.version) return;
  followed.version = version;
  const sessions = await database.list();
  const changed = sessions.filter((session) => seen.get(session.id) !== signatureOf(session));
  for (const session of changed) seen.set(session.id, signatureOf(session));
  const wanted = new Set(changed.map(({ id }) => id));
  const sources = databaseSources(database, sessions, { ...reading, log: new Map() }, wanted);
  for await (const lines of mergeByTime(sources, lineTime)) {
    const fresh = lines.filter(({ text }) => !yielded.has(digestOf(text)));
    for (const { text } of fresh) yielded.add(digestOf(text));
    if (fresh.length > 0) yield fresh;
  }
}

function signatureOf({ lastMessageId, endedAt, tokenCount }: ListedSession): string {
  return `${lastMessageId} ${endedAt} ${tokenCount}`;
}

/** An old database has hundreds of thousands of lines. */
function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64').slice(0, 12);
}
