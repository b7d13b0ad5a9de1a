import { spawnSync } from 'node:child_process';
import { PYTHON } from '../python.ts';

/** Writes into a database as Hermes does, while it is read. */
export function sql(path: string, statements: string): void {
  const script =
    'import sqlite3, sys; d = sqlite3.connect(sys.argv[1], timeout=5); d.executescript(sys.argv[2]); d.close()';
  const run = spawnSync(PYTHON ?? 'python3', ['-c', script, path, statements], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
}

/** Makes `path`, a copy of a database, as it was when it had rows up to `id`. The write-ahead log is on, as in a Hermes home. */
export function shrink(path: string, id: number): void {
  sql(
    path,
    `PRAGMA journal_mode = wal; DELETE FROM messages WHERE id > ${id};
     DELETE FROM sessions WHERE id NOT IN (SELECT session_id FROM messages);`,
  );
}

/** Adds the rows of the whole database up to `id`. A session comes with its first row, and ends after its last. */
export function grow(path: string, whole: string, id: number): void {
  const rows = `SELECT session_id FROM whole.messages`;
  sql(
    path,
    `ATTACH '${whole}' AS whole;
     BEGIN;
     INSERT INTO messages SELECT * FROM whole.messages w
       WHERE w.id <= ${id} AND w.id NOT IN (SELECT id FROM messages) ORDER BY w.id;
     INSERT INTO sessions SELECT * FROM whole.sessions w
       WHERE w.id IN (${rows} WHERE id <= ${id}) AND w.id NOT IN (SELECT id FROM sessions);
     UPDATE sessions AS s SET ended_at = NULL WHERE s.id IN (${rows} WHERE id > ${id});
     UPDATE sessions AS s SET ended_at = w.ended_at FROM whole.sessions w
       WHERE w.id = s.id AND s.id NOT IN (${rows} WHERE id > ${id});
     COMMIT;`,
  );
}
