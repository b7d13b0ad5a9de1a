/** A database → the lines of a hook log. Each session is a source of its own, read when its time comes. */
import type { AgentLog } from '../database/agent-log.ts';
import { type Conversion, convertSession, createConversion } from '../database/convert.ts';
import type { HookLine } from '../database/write.ts';
import type { HermesDatabase, ListedSession } from '../input/database.ts';
import type { MergeSource } from '../input/merge.ts';
import type { InputLine } from '../model/line.ts';

interface Reading {
  readonly database: HermesDatabase;
  readonly conversion: Conversion;
  readonly byId: ReadonlyMap<string, ListedSession>;
  readonly children: ReadonlyMap<string, readonly ListedSession[]>;
  /** A session is read once, although others may need it too. */
  readonly lines: Map<string, Promise<readonly HookLine[]>>;
}

/** The sessions of a database as sources of lines, in order of their first time. `wanted`: which of them; default all. */
export async function databaseSources(
  database: HermesDatabase,
  log: AgentLog,
  wanted?: ReadonlySet<string>,
): Promise<readonly MergeSource<InputLine>[]> {
  const sessions = await database.list();
  const reading: Reading = {
    database,
    conversion: createConversion(log),
    byId: new Map(sessions.map((session) => [session.id, session])),
    children: childrenOf(sessions),
    lines: new Map(),
  };
  return sessions
    .filter(({ id }) => wanted?.has(id) ?? true)
    .map((session) => ({
      firstTime: async () => session.firstTime,
      open: () => openSession(reading, session),
    }));
}

function childrenOf(sessions: readonly ListedSession[]): ReadonlyMap<string, readonly ListedSession[]> {
  const children = new Map<string, ListedSession[]>();
  for (const session of sessions) {
    const { parentSessionId } = session;
    if (parentSessionId === undefined) continue;
    const siblings = children.get(parentSessionId);
    if (siblings === undefined) children.set(parentSessionId, [session]);
    else siblings.push(session);
  }
  return children;
}

async function* openSession(
  reading: Reading,
  session: ListedSession,
): AsyncGenerator<readonly InputLine[], void> {
  const lines = await linesOf(reading, session);
  reading.lines.delete(session.id);
  const { path } = reading.database;
  yield lines.map(({ row, body }) => ({
    source: path,
    line: row,
    text: JSON.stringify(body),
    endOffsetBytes: row,
    damage: undefined,
  }));
}

function linesOf(reading: Reading, session: ListedSession): Promise<readonly HookLine[]> {
  const known = reading.lines.get(session.id);
  if (known !== undefined) return known;
  const lines = convert(reading, session);
  reading.lines.set(session.id, lines);
  return lines;
}

/** Reads and converts a session, after the one that it may go on from. */
async function convert(reading: Reading, session: ListedSession): Promise<readonly HookLine[]> {
  const { database, conversion, byId, children } = reading;
  const parent = byId.get(session.branchedFrom ?? session.parentSessionId ?? '');
  if (parent !== undefined && parent !== session) await linesOf(reading, parent);
  const rows = await database.read(session, children.get(session.id) ?? []);
  return convertSession(conversion, rows);
}
