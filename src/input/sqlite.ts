/**
 * SQLite files, read only. Node's own SQLite where there is one (from 22.13 on), else Python's, which is there wherever Hermes is.
 * Both get the same SQL. No other reader that was measured reads a database together with its write-ahead log.
 */
import { ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

/** A value of a column. A blob is text in UTF-8, an infinite number is null. */
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

const WAYS: Readonly<Record<SqliteReader, readonly Open[]>> = {
  node: [openWithNode],
  python: [openWithPython],
  auto: [openWithNode, openWithPython],
};

/** Hermes creates its tables in one transaction, and holds its write locks for milliseconds. */
const LOCK_MILLIS = 2000;
const TRIES = 5;
const AGAIN_MILLIS = 150;

/** Opens an existing database. Nothing is locked between two statements. */
export async function openSqlite(path: string, reader: SqliteReader = 'auto'): Promise<Sqlite> {
  for (const open of WAYS[reader]) {
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
    prepare(sql: string): {
      setReadBigInts(enabled: boolean): void;
      all(...parameters: readonly (string | number)[]): readonly NodeRow[];
    };
    close(): void;
  };
}

type NodeRow = Readonly<Record<string, Cell | bigint | Uint8Array>>;

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
      explained(() => {
        const statement = database.prepare(sql);
        // Else it throws for one of more than 53 bits.
        statement.setReadBigInts(true);
        return statement.all(...parameters).map(decodedRow);
      }),
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

function decodedRow(row: NodeRow): Row {
  return Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, decoded(cell)]));
}

function decoded(cell: NodeRow[string]): Cell {
  if (cell instanceof Uint8Array) return UTF8.decode(cell);
  if (typeof cell === 'bigint') return Number(cell);
  return cell === Number.POSITIVE_INFINITY || cell === Number.NEGATIVE_INFINITY ? null : cell;
}

/**
 * Reads statements as lines of JSON until its input ends: a terminal and systemd send their signals to it too, while this process
 * still reads. Answers each with one line for each row, then one that is an object; first an
 * answer without rows, which shows that it runs.
 */
const PYTHON = `
import signal
for name in ("SIGINT", "SIGTERM", "SIGHUP"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
import json, math, sqlite3, sys
def plain(cell):
    if isinstance(cell, bytes):
        return cell.decode("utf-8", "replace")
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
print(json.dumps({"names": []}), flush=True)
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
            sys.stdout.write(json.dumps([plain(cell) for cell in row]) + "\\n")
        answer = {"names": names}
    except Exception as error:
        answer = {"error": str(error)}
    sys.stdout.write(json.dumps(answer) + "\\n")
    sys.stdout.flush()
`;

/** A wrapper in the place of Python may wait for something that never comes. */
const START_MILLIS = 30_000;
/** Python ends at once, unless it is in the middle of an answer. */
const END_MILLIS = 2000;

/** `undefined` where there is no Python. Throws `SqliteError` for one that does not start. */
async function openWithPython(path: string, immutable: boolean): Promise<Sqlite | undefined> {
  const url = pathToFileURL(path);
  url.search = immutable ? '?mode=ro&immutable=1' : '?mode=ro';
  let failure: unknown;
  for (const command of ['python3', 'python']) {
    const child = spawn(command, ['-I', '-c', PYTHON, url.href]);
    child.on('error', () => undefined);
    const isStarted = child.pid !== undefined;
    if (!isStarted) continue;
    const python = pythonSqlite(command, child);
    try {
      await python.ready();
      return python;
    } catch (error) {
      failure ??= error;
      await python.close();
    }
  }
  if (failure !== undefined) throw failure;
  return undefined;
}

/** While it answers nothing, the child does not keep this process alive. */
function pythonSqlite(command: string, child: ChildProcessWithoutNullStreams) {
  const reader = createInterface({ input: child.stdout });
  const lines = reader[Symbol.asyncIterator]();
  const exited = once(child, 'exit');
  const complained = once(child.stderr, 'close');
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint = `${complaint}${chunk}`.slice(-500);
  });
  // A write after the child's end is reported by the missing answer.
  child.stdin.on('error', () => undefined);

  function killAfter(millis: number): NodeJS.Timeout {
    return setTimeout(() => {
      complaint ||= `no answer in ${millis / 1000} s`;
      child.kill('SIGKILL');
      // A wrapper's own child may hold the pipe open.
      reader.close();
    }, millis);
  }

  async function ended(): Promise<SqliteError> {
    await Promise.race([complained, sleep(AGAIN_MILLIS)]);
    return new SqliteError(`${command} ended: ${complaint.trim() || 'no answer'}`);
  }

  async function answer(): Promise<readonly Row[]> {
    const rows: Cell[][] = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw await ended();
      const line = answerLine(value);
      if (Array.isArray(line)) rows.push(line);
      else if (line !== undefined) return namedRows(line, rows);
    }
  }

  setKeepsAlive(child, false);
  return {
    /** Called once, before the first query. */
    async ready(): Promise<void> {
      const timer = killAfter(START_MILLIS);
      await answer().finally(() => clearTimeout(timer));
    },
    async query(sql: string, ...parameters: readonly (string | number)[]): Promise<readonly Row[]> {
      child.stdin.write(`${JSON.stringify([sql, parameters])}\n`);
      setKeepsAlive(child, true);
      return answer().finally(() => setKeepsAlive(child, false));
    },
    async close(): Promise<void> {
      child.stdin.end();
      const timer = killAfter(END_MILLIS);
      await exited;
      clearTimeout(timer);
    },
  };
}

/** The last line of an answer. */
interface AnswerEnd {
  readonly names?: readonly string[];
  readonly error?: string;
}

/** `undefined` for text that something else prints when Python starts. */
function answerLine(text: string): Cell[] | AnswerEnd | undefined {
  if (!/^[[{]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function namedRows({ names = [], error }: AnswerEnd, rows: readonly Cell[][]): readonly Row[] {
  if (error !== undefined) throw new SqliteError(error);
  return rows.map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])));
}

function setKeepsAlive(child: ChildProcessWithoutNullStreams, keeps: boolean): void {
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) {
    const isOpen = handle instanceof ChildProcess || (handle instanceof Socket && !handle.destroyed);
    if (!isOpen) continue;
    if (keeps) handle.ref();
    else handle.unref();
  }
}
