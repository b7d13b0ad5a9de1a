import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openDatabase } from '../../src/input/database.ts';
import { openSqlite, SqliteError, type SqliteReader } from '../../src/input/sqlite.ts';
import { convertFile, databaseFile, fixture } from '../database/pairs.ts';

const directory = mkdtempSync(join(tmpdir(), 'sqlite-'));
const rawWal = join(directory, 'state.db');
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeAll(() => {
  for (const file of ['state.db', 'state.db-wal'])
    writeFileSync(join(directory, file), fixture('raw-wal', file));
});

const NODE_HAS_SQLITE = Number(process.versions.node.split('.')[0]) >= 23;
const READERS: readonly SqliteReader[] = NODE_HAS_SQLITE ? ['python', 'node'] : ['python'];

describe.each(READERS)('SQLite of %s', (reader) => {
  test('reads rows that are in the write-ahead log alone, and leaves both files as they are', async () => {
    const before = ['state.db', 'state.db-wal'].map((file) => readFileSync(join(directory, file)));
    expect(await convertFile(rawWal, { reader })).not.toEqual([]);
    expect(['state.db', 'state.db-wal'].map((file) => readFileSync(join(directory, file)))).toEqual(before);
  });

  test('reads texts, numbers, blobs and NULL', async () => {
    const sqlite = await openSqlite(rawWal, reader);
    const row = `SELECT 'ä €' AS a, 1.5 AS b, CAST('b' AS BLOB) AS c, NULL AS d, ? AS e`;
    expect(await sqlite.query(row, 'x')).toEqual([{ a: 'ä €', b: 1.5, c: 'b', d: null, e: 'x' }]);
    await sqlite.close();
  });

  test('an error of SQLite is a SqliteError with its sentence', async () => {
    const sqlite = await openSqlite(rawWal, reader);
    await expect(sqlite.query('SELECT * FROM nothing')).rejects.toThrow(SqliteError);
    await expect(sqlite.query('SELECT 1 AS one')).resolves.toEqual([{ one: 1 }]);
    await sqlite.close();
  });

  test('a database of something else is refused', async () => {
    const other = join(directory, 'other.db');
    writeFileSync(other, '');
    await expect(openDatabase(other, { content: false, reader })).rejects.toThrow(
      'it is no database of Hermes: it has no sessions.id',
    );
  });

  test('a file that is no database is refused', async () => {
    const text = join(directory, 'text.db');
    writeFileSync(text, 'no database, but long enough to be looked at'.repeat(100));
    await expect(openDatabase(text, { content: false, reader })).rejects.toThrow('file is not a database');
  });
});

test('content is read only when it is asked for', async () => {
  const pair = '0.19.0/multi-turn-new-exit';
  const path = databaseFile(pair);
  const bare = (await convertFile(path)).join('\n');
  expect(bare).not.toContain('second question');
  expect(bare).not.toContain('echo hi');
  const full = (await convertFile(path, { content: true })).join('\n');
  expect(full).toContain('"user_message":"second question, use tools"');
  expect(full).toContain('"args":{"command":"echo hi"}');
  expect(full).toContain('"assistant_response":"Turn two answer."');
});
