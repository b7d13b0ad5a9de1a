/**
 * Hermes's databases among the logs. Each session is a source of lines of its own, read when its time comes, so that the lines of
 * all sessions and of hook logs beside them come in order of time.
 */
import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type AgentLog, type LogLine, readAgentLine } from '../database/agent-log.ts';
import { type Conversion, convertSession } from '../database/convert.ts';
import type { KnownSessions } from '../database/known.ts';
import type { KeptSums } from '../database/tokens.ts';
import type { HookLine } from '../database/write.ts';
import { type HermesDatabase, type ListedSession, openDatabase } from '../input/database.ts';
import type { MergeSource } from '../input/merge.ts';
import { SqliteError } from '../input/sqlite.ts';
import type { DatabaseSession } from '../model/database.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { InputLine } from '../model/line.ts';
import { append } from '../model/lists.ts';
import { ReplayError } from './replay-error.ts';

export interface DatabaseReading {
  /** `undefined`: `logs/agent.log*` beside the database. */
  readonly agentLogs: readonly string[] | undefined;
  readonly content: boolean;
  /** Ends the reading after the session that is being read. */
  readonly signal?: AbortSignal | undefined;
  /** What hook logs have that are read beside it. */
  readonly known: KnownSessions;
  /** What an earlier run has counted already. */
  readonly kept: ReadonlyMap<string, KeptSums>;
  /** Called with the rows of each session whose lines are read. */
  readonly onRead?: ((rows: DatabaseSession) => void) | undefined;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
}

export interface OpenedDatabase {
  readonly sources: readonly MergeSource<InputLine>[];
  close(): Promise<void>;
}

/** Opens a database. Throws a `ReplayError` for one that cannot be read. */
export async function openDatabaseLog(
  path: string,
  reading: DatabaseReading,
  select?: SelectSessions,
): Promise<OpenedDatabase> {
  return openHermesDatabase(path, reading.content, async (database) => {
    const sessions = await database.list();
    const log = await readAgentLogs(reading.agentLogs ?? (await agentLogsBeside(path)));
    const sources = databaseSources(database, sessions, { log, ...reading }, select?.(path, sessions));
    return { sources, close: database.close };
  });
}

/** Which sessions of a database are replayed; `undefined`: all. */
export type SelectSessions = (
  path: string,
  sessions: readonly ListedSession[],
) => ReadonlySet<string> | undefined;

/**
 * Opens a database and calls `read` with it: what that throws closes it again. Throws a `ReplayError` for a database that cannot
 * be read.
 */
export async function openHermesDatabase<T>(
  path: string,
  content: boolean,
  read: (database: HermesDatabase) => Promise<T>,
): Promise<T> {
  let database: HermesDatabase | undefined;
  try {
    database = await openDatabase(path, { content });
    return await read(database);
  } catch (error) {
    await database?.close();
    if (!(error instanceof SqliteError)) throw error;
    const message = `${JSON.stringify(path)} cannot be read: ${error.message}`;
    throw new ReplayError('unreadable-log', message, { cause: error });
  }
}

/** The log that Hermes writes beside its database, with what was rotated, the oldest first. */
async function agentLogsBeside(path: string): Promise<readonly string[]> {
  const directory = join(dirname(path), 'logs');
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink()).map(({ name }) => name);
  const logs = files.filter((file) => /^agent\.log(?:\.\d+)?$/.test(file));
  return logs.sort((a, b) => ageOf(b) - ageOf(a)).map((file) => join(directory, file));
}

/** Of `agent.log.2`, 2. */
function ageOf(file: string): number {
  return Number(/\d+$/.exec(file)?.[0] ?? 0);
}

/** Throws a `ReplayError` for a log that cannot be read. */
async function readAgentLogs(paths: readonly string[]): Promise<AgentLog> {
  const log = new Map<string, LogLine[]>();
  for (const path of paths) {
    try {
      for await (const line of createInterface({ input: createReadStream(path) })) readAgentLine(log, line);
    } catch (error) {
      const message = `${JSON.stringify(path)} cannot be read as agent.log`;
      throw new ReplayError('unreadable-log', message, { cause: error });
    }
  }
  return log;
}

type SessionReading = Pick<DatabaseReading, 'known' | 'kept' | 'signal' | 'onRead' | 'onDiagnostic'> & {
  readonly log: AgentLog;
};

/** The sessions of a database as sources of lines, in order of their first time. `wanted`: which of them; default all. */
export function databaseSources(
  database: HermesDatabase,
  sessions: readonly ListedSession[],
  { log, known, kept, signal, onRead, onDiagnostic }: SessionReading,
  wanted?: ReadonlySet<string>,
): readonly MergeSource<InputLine>[] {
  const conversion: Conversion = { log, known, kept, lineages: new Map() };
  const byId = new Map(sessions.map((session) => [session.id, session]));
  const children = childrenOf(sessions);
  /** Sessions that were converted, or are being converted: each is read once, although others may go on from it. */
  const begun = new Set<string>();
  /** Of sessions that were converted before their turn came, as others go on from them. */
  const converted = new Map<string, readonly HookLine[]>();
  const isWanted = ({ id }: { readonly id: string }) => wanted?.has(id) ?? true;

  async function* linesOf(session: ListedSession): AsyncGenerator<readonly InputLine[], void> {
    const source = database.path;
    if (signal?.aborted) return;
    try {
      await convert(session);
      const lines = converted.get(session.id) ?? [];
      converted.delete(session.id);
      yield lines.map(({ row, body }) => ({
        source,
        line: row,
        text: JSON.stringify(body),
        endOffsetBytes: row,
        damage: undefined,
      }));
    } catch (error) {
      if (!(error instanceof SqliteError)) throw error;
      onDiagnostic({
        severity: 'error',
        code: 'read-failed',
        message: `session ${session.id} cannot be read: ${error.message}`,
        at: { source, line: session.firstMessageId ?? 0 },
      });
    }
  }

  /** Reads and converts a session, after those that it goes on from. */
  async function convert(session: ListedSession): Promise<void> {
    for (const one of unreadLineage(session)) {
      try {
        await convertOne(one);
      } catch (error) {
        if (one === session || !(error instanceof SqliteError)) throw error;
        // Reported when its own turn comes.
        begun.delete(one.id);
      }
    }
  }

  async function convertOne(session: ListedSession): Promise<void> {
    const rows = await database.read(session, children.get(session.id) ?? []);
    if (isWanted(session)) onRead?.(rows);
    for (const { id, damage } of rows.messages) {
      if (damage === undefined) continue;
      const at = { source: database.path, line: id };
      onDiagnostic({ severity: 'warning', code: 'row-damaged', message: `message ${id}: ${damage}`, at });
    }
    converted.set(session.id, convertSession(conversion, rows));
  }

  /** The session and those that it goes on from, the first one first. A circle, in a damaged database, ends where it closes. */
  function unreadLineage(session: ListedSession): readonly ListedSession[] {
    const lineage: ListedSession[] = [];
    for (
      let one: ListedSession | undefined = session;
      one !== undefined && !begun.has(one.id);
      one = byId.get(one.branchedFrom ?? one.parentSessionId ?? '')
    ) {
      begun.add(one.id);
      lineage.unshift(one);
    }
    return lineage;
  }

  return sessions.filter(isWanted).map((session) => ({
    firstTime: async () => session.firstTime,
    open: () => linesOf(session),
  }));
}

function childrenOf(sessions: readonly ListedSession[]): ReadonlyMap<string, readonly ListedSession[]> {
  const children = new Map<string, ListedSession[]>();
  for (const session of sessions) {
    if (session.parentSessionId !== undefined) append(children, session.parentSessionId, session);
  }
  return children;
}
