/**
 * SQLite files, read only. Node's own SQLite where there is one (from 22.13 on), else Python's, which is there wherever Hermes is.
 * Both get the same SQL. No other reader that was measured reads a database together with its write-ahead log.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** A value of a column. A blob is text in UTF-8. */
export type Cell = string | number | null;
export type Row = Readonly<Record<string, Cell>>;

export interface Sqlite {
  /** All rows of one statement. Throws `SqliteError`. */
  query(sql: string, ...parameters: readonly (string | number)[]): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** Which SQLite reads the file; `auto` takes Node's where there is one. */
export type SqliteReader = 'auto' | 'node' | 'python';

/** Why a database cannot be read: a sentence for people. */
export class SqliteError extends Error {}

type Open = (path: string, immutable: boolean) => Promise<Sqlite | undefined>;

/** Hermes creates its tables in one transaction, and holds its write locks for milliseconds. */
const LOCK_MILLIS = 2000;
const TRIES = 5;
const AGAIN_MILLIS = 150;

/** Opens an existing database. Nothing is locked between two statements. */
export async function openSqlite(path: string, reader: SqliteReader = 'auto'): Promise<Sqlite> {
  const ways: Record<SqliteReader, readonly Open[]> = {
    node: [openWithNode],
    python: [openWithPython],
    auto: [openWithNode, openWithPython],
  };
  for (const open of ways[reader]) {
    const sqlite = await openAnyhow(open, path);
    if (sqlite === undefined) continue;
    const query: Sqlite['query'] = (sql, ...parameters) => retried(() => sqlite.query(sql, ...parameters));
    return { query, close: sqlite.close };
  }
  throw new SqliteError('Reading a database needs Node 22.13 or newer, or python3 in the PATH.');
}

/**
 * In a directory that may not be written, SQLite cannot share its write-ahead log with Hermes. Without such a log the file is
 * all there is, and may be read as it stands.
 */
async function openAnyhow(open: Open, path: string): Promise<Sqlite | undefined> {
  const sqlite = await open(path, false);
  try {
    await sqlite?.query('SELECT count(*) FROM sqlite_master');
    return sqlite;
  } catch (error) {
    await sqlite?.close();
    if (!(error instanceof SqliteError) || !/readonly|unable to open/.test(error.message)) throw error;
    const walBytes = await stat(`${path}-wal`).then(
      ({ size }) => size,
      () => 0,
    );
    if (walBytes === 0) return open(path, true);
    const both = 'copy the file and its -wal to another directory, and read them there';
    throw new SqliteError(
      `its write-ahead log cannot be read in a directory that may not be written: ${both}`,
    );
  }
}

async function retried<T>(query: () => Promise<T>): Promise<T> {
  for (let left = TRIES - 1; ; left--) {
    try {
      return await query();
    } catch (error) {
      const locked = error instanceof SqliteError && /is locked|schema has changed/.test(error.message);
      if (left === 0 || !locked) throw error;
      await sleep(AGAIN_MILLIS);
    }
  }
}

/** The part of `node:sqlite` that is used; the types of Node 20 do not have it. */
interface NodeSqlite {
  readonly DatabaseSync: new (
    path: string | URL,
    options: { readonly readOnly: boolean },
  ) => {
    exec(sql: string): void;
    prepare(sql: string): { all(...parameters: readonly (string | number)[]): readonly NodeRow[] };
    close(): void;
  };
}

type NodeRow = Readonly<Record<string, Cell | Uint8Array>>;

/** `undefined` on a Node without SQLite. */
async function openWithNode(path: string, immutable: boolean): Promise<Sqlite | undefined> {
  const sqlite = await importNodeSqlite();
  if (sqlite === undefined) return undefined;
  const url = pathToFileURL(path);
  url.search = '?immutable=1';
  const database = explained(() => new sqlite.DatabaseSync(immutable ? url : path, { readOnly: true }));
  explained(() => database.exec(`PRAGMA busy_timeout = ${LOCK_MILLIS}`));
  return {
    query: async (sql, ...parameters) =>
      explained(() =>
        database
          .prepare(sql)
          .all(...parameters)
          .map(decoded),
      ),
    close: async () => database.close(),
  };
}

/** Node says that its SQLite is experimental, on stderr: that is no business of this program's users. */
async function importNodeSqlite(): Promise<NodeSqlite | undefined> {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  // A name in a variable: TypeScript knows no such module on Node 20.
  const name = 'node:sqlite';
  try {
    const sqlite: NodeSqlite = await import(name);
    return sqlite;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

function explained<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new SqliteError(error instanceof Error ? error.message : String(error));
  }
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true });

function decoded(row: NodeRow): Row {
  const entries = Object.entries(row);
  return Object.fromEntries(
    entries.map(([name, cell]) => [name, cell instanceof Uint8Array ? UTF8.decode(cell) : cell]),
  );
}

/** Reads statements as lines of JSON until its input ends, also when Ctrl-C reaches it in a terminal, and answers each with one line for each row, then one that is an object. */
const PYTHON = `
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
import json, sqlite3, sys
text = lambda value: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
database = None
for line in sys.stdin:
    try:
        if database is None:
            database = sqlite3.connect(sys.argv[1], uri=True, timeout=${LOCK_MILLIS / 1000})
            database.text_factory = bytes
        sql, parameters = json.loads(line)
        cursor = database.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        for row in cursor:
            sys.stdout.write(json.dumps([text(value) for value in row]) + "\\n")
        answer = {"names": names}
    except Exception as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\\n")
    sys.stdout.flush()
`;

/** `undefined` where there is no Python. */
async function openWithPython(path: string, immutable: boolean): Promise<Sqlite | undefined> {
  const url = pathToFileURL(path);
  url.search = immutable ? '?mode=ro&immutable=1' : '?mode=ro';
  for (const command of ['python3', 'python']) {
    const child = spawn(command, ['-I', '-c', PYTHON, url.href]);
    const started = await Promise.race([
      once(child, 'spawn').then(() => true),
      once(child, 'error').then(() => false),
    ]);
    if (started) return pythonSqlite(child);
  }
  return undefined;
}

function pythonSqlite(child: ChildProcessWithoutNullStreams): Sqlite {
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint = `${complaint}${chunk}`.slice(-500);
  });
  // A write after its end is told by the missing answer.
  child.stdin.on('error', () => undefined);
  return {
    query: async (sql, ...parameters) => {
      child.stdin.write(`${JSON.stringify([sql, parameters])}\n`);
      const rows: Cell[][] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new SqliteError(`python3 ended: ${complaint.trim()}`);
        const answer: Cell[] | { readonly names: readonly string[] } | { readonly error: string } =
          JSON.parse(value);
        if (Array.isArray(answer)) rows.push(answer);
        else if ('error' in answer) throw new SqliteError(answer.error);
        else
          return rows.map((row) =>
            Object.fromEntries(answer.names.map((name, index) => [name, row[index] ?? null])),
          );
      }
    },
    close: async () => {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
}
