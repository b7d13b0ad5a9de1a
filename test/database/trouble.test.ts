import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type HermesDatabase, openDatabase } from '../../src/input/database.ts';
import { mergeByTime } from '../../src/input/merge.ts';
import { SqliteError } from '../../src/input/sqlite.ts';
import { databaseSources } from '../../src/replay/database.ts';
import { followDatabases } from '../../src/replay/follow-database.ts';
import { lineTime } from '../../src/replay/input.ts';
import { replay } from '../../src/replay/replay.ts';
import { ReplayError } from '../../src/replay/replay-error.ts';
import { PYTHON } from '../python.ts';
import { startBinIn } from '../start-bin.ts';
import { sql } from './growing.ts';
import { convertFile, databaseFile } from './pairs.ts';

// What goes wrong beside the rows: readers that do not start, die or never answer, and runs that end in the middle.

const directory = mkdtempSync(join(tmpdir(), 'trouble-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const PATH = process.env.PATH ?? '';
const whole = databaseFile('0.19.0/multi-turn-new-exit');
const python = PYTHON ?? 'python3';
const READY = 'echo \'{"names": []}\'';

/** A path with a script in the place of `python3`, before what is in `rest`. */
function fakePython(name: string, script: string, rest = ''): string {
  const folder = join(directory, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'python3'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'python3'), 0o755);
  return `${folder}:${rest}`;
}

async function reading(database: HermesDatabase, signal?: AbortSignal) {
  const diagnostics: string[] = [];
  const lines: string[] = [];
  const sources = databaseSources(database, await database.list(), {
    ...{ log: new Map(), known: new Map(), kept: new Map(), signal },
    onDiagnostic: ({ message }) => diagnostics.push(message),
  });
  return { sources, lines, diagnostics };
}

/** Node reads databases itself from 22.13 on. */
const describePython = Number(process.versions.node.split('.')[0]) < 22 ? describe : describe.skip;

describePython('Python', () => {
  test.each([
    [
      'is not there',
      () => join(directory, 'nowhere'),
      'Reading a database needs Node 22.13 or newer, or python3',
    ],
    [
      'dies at its start',
      () => fakePython('broken', 'echo "no such version" >&2; exit 127'),
      'no such version',
    ],
    [
      'is killed before an answer',
      () => fakePython('killed', `${READY}; read -r _; ${READY}; read -r _; kill -9 $$`),
      'python3 ended: no answer',
    ],
  ])('that %s is an error with its reason', async (_, pathOf, reason) => {
    const { code, err } = await startBinIn({ env: { PATH: pathOf() } }, 'replay', whole, '-q').ended;
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(reason) });
  });

  test('that prints something else on its standard output is read nevertheless', async () => {
    const path = fakePython('talking', `echo hello; echo '[broken'; exec ${python} "$@"`, PATH);
    const { code, out } = await startBinIn({ env: { PATH: path } }, 'convert', whole, '--agent-log', 'none')
      .ended;
    expect({ code, out }).toEqual({ code: 0, out: `${(await convertFile(whole)).join('\n')}\n` });
  });

  test('that dies while a database is followed is started again', async () => {
    const marker = join(directory, 'died');
    const six = `for _ in 1 2 3 4 5 6; do IFS= read -r line; printf '%s\\n' "$line"; done | ${python} "$@"`;
    const first = `if [ ! -e ${marker} ]; then touch ${marker}; ${six}; exit; fi`;
    const path = fakePython('mortal', `${first}; exec ${python} "$@"`, PATH);
    const run = startBinIn({ env: { PATH: path } }, 'replay', whole, '--follow', '-e', 'otlp_file');
    await run.untilReported('python3 ended: no answer');
    await run.until('resourceSpans');
    run.child.kill('SIGTERM');
    expect((await run.ended).err).toContain('2 sessions, 4 turns, 5 calls');
  });

  test('outlives the signals that end a follower, which still reads', async () => {
    const marker = join(directory, 'pid');
    const path = fakePython('shared', `echo $$ >${marker}; exec ${python} "$@"`, PATH);
    const run = startBinIn({ env: { PATH: path } }, 'replay', whole, '--follow', '-e', 'otlp_file');
    await run.until('resourceSpans');
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM']) process.kill(Number(readFileSync(marker)), signal);
    run.child.kill('SIGTERM');
    const { code, err } = await run.ended;
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('python3') });
  });
});

describe('a run that fails after a database was opened ends', () => {
  const damaged = join(directory, 'damaged.db');
  const prices = join(directory, 'prices.json');
  beforeAll(() => writeFileSync(damaged, 'SQLite format 3\0'.padEnd(5000, 'x')));

  test.each([
    ['its text log is not there', ['--agent-log', prices], 'cannot be read as agent.log'],
    ['the second database is damaged', [damaged], 'damaged.db" cannot be read: '],
    ['the prices are not there', ['--prices', prices], 'cannot be read: no such file'],
    ['the exporter is not there', ['-e', 'nothing-of-this-name'], 'nothing-of-this-name'],
    ['the output cannot be written', ['-e', 'otlp_file', '-o', join(prices, 'x')], 'cannot be written'],
  ])('%s', async (_, words, message) => {
    const { ended } = startBinIn({ env: { PATH } }, 'replay', whole, '-q', ...words);
    const { code, err } = await ended;
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
  });
});

describePython('a replay whose destination cannot be opened', () => {
  test('leaves no reader behind', async () => {
    const children = () => readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
    const before = children();
    const refused = async () => {
      throw new ReplayError('destination', 'it cannot be opened');
    };
    await expect(replay(whole, { destinations: [refused] })).rejects.toThrow('it cannot be opened');
    expect(children()).toBe(before);
  });
});

describe('rows', () => {
  function changed(name: string, statements: string): string {
    const file = join(directory, name);
    copyFileSync(whole, file);
    sql(file, statements);
    return file;
  }

  test('of sessions that are parents of each other are read', async () => {
    const circle = changed(
      'circle.db',
      `UPDATE sessions SET parent_session_id = (SELECT id FROM sessions s WHERE s.id <> sessions.id LIMIT 1)`,
    );
    expect((await convertFile(circle)).length).toBeGreaterThan(10);
  });

  test('of a session with another that cannot be read are read', async () => {
    const chain = changed(
      'chain.db',
      `UPDATE sessions SET end_reason = 'compression';
       UPDATE sessions SET parent_session_id = (SELECT id FROM sessions s WHERE s.started_at < sessions.started_at)`,
    );
    const database = await openDatabase(chain, { content: false });
    const [first] = await database.list();
    const half = await reading({
      ...database,
      read: async (session, children) => {
        if (session.id === first?.id) throw new SqliteError('damaged');
        return database.read(session, children);
      },
    });
    for await (const batch of mergeByTime(half.sources, lineTime))
      half.lines.push(...batch.map(({ text }) => text));
    await database.close();
    expect(half.diagnostics).toEqual([`session ${first?.id} cannot be read: damaged`]);
    expect(half.lines.length).toBeGreaterThan(3);
  });

  /** The lines of a changed database, and the diagnostics. */
  async function linesAfter(name: string, statements: string) {
    const database = await openDatabase(changed(name, statements), { content: false });
    const read = await reading(database);
    for await (const batch of mergeByTime(read.sources, lineTime))
      read.lines.push(...batch.map(({ text }) => text));
    await database.close();
    return { events: read.lines.map((text) => JSON.parse(text)), diagnostics: read.diagnostics };
  }
  const toolsOf = (events: readonly { event: string; tool_name?: string; status?: string }[]) =>
    events.filter(({ event }) => event === 'post_tool_call').map((event) => [event.tool_name, event.status]);

  test.each([
    ['a finite', '9e999'],
    ['a positive', '0'],
    ['any', "'yesterday'"],
  ])('without %s time have the time before, which is said', async (_kind, time) => {
    const { events, diagnostics } = await linesAfter(
      `odd${time.length}.db`,
      `UPDATE messages SET timestamp = ${time} WHERE id IN (1, 2);
       UPDATE sessions SET input_tokens = 9223372036854775807, started_at = ${time}`,
    );
    const times = events.map(({ ts }) => ts);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(3600);
    expect(diagnostics).toEqual(
      [1, 2].map((id) => `message ${id}: timestamp is no time: that of the row before counts`),
    );
  });

  test('with calls that are not JSON have the tools of their results', async () => {
    const before = await linesAfter('calls.db', '');
    const after = await linesAfter(
      'no-calls.db',
      `UPDATE messages SET tool_calls = '{' WHERE tool_calls <> ''`,
    );
    expect(toolsOf(before.events)).not.toEqual([]);
    expect(toolsOf(after.events)).toEqual(toolsOf(before.events));
    expect(new Set(after.diagnostics.map((message) => message.replace(/\d+/, 'N')))).toEqual(
      new Set(['message N: tool_calls is not JSON: tools are known by their results only']),
    );
  });

  test('of sessions without a row of their own are read', async () => {
    const before = await linesAfter('rows.db', '');
    const after = await linesAfter('no-rows.db', 'DELETE FROM sessions');
    expect(toolsOf(after.events)).toEqual(toolsOf(before.events));
  });
});

test('a signal ends the reading between two sessions', async () => {
  const database = await openDatabase(whole, { content: false });
  const end = new AbortController();
  const cut = await reading(database, end.signal);
  expect(cut.sources.length).toBeGreaterThan(1);
  for await (const batch of mergeByTime(cut.sources, lineTime)) {
    cut.lines.push(...batch.map(({ text }) => text));
    end.abort();
  }
  await database.close();
  expect(cut.lines.length).toBeLessThan((await convertFile(whole)).length);
  expect(cut.lines.length).toBeGreaterThan(0);
});

test('a signal in the middle of the first look ends the following', async () => {
  const end = new AbortController();
  const given = { content: false, known: new Map(), kept: new Map(), onDiagnostic: () => {} };
  let count = 0;
  for await (const batch of followDatabases([whole], given, { pollMillis: 20, signal: end.signal })) {
    count += batch.lines.length;
    end.abort();
  }
  expect(count).toBeGreaterThan(0);
  expect(count).toBeLessThan((await convertFile(whole)).length);
});
