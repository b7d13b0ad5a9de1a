import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { piecesOf, planLogs } from '../../src/cli/jobs/plan.ts';
import { shardedLogs } from '../../src/cli/shard.ts';
import { findTies } from '../../src/cli/ties.ts';
import { fileSource } from '../../src/input/file-source.ts';
import { owns } from '../../src/shard/shard.ts';
import { ALL_LOGS, logsOf } from '../recordings.ts';
import { runMain } from '../run-main.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-shard-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Shared {
  readonly spans: readonly string[];
  readonly report: {
    readonly lines: number;
    readonly account: Readonly<Record<string, number>>;
    readonly spans: Readonly<Record<string, number>>;
    readonly incomplete: number;
    readonly firstEvent: number;
    readonly lastEvent: number;
    readonly diagnostics: readonly object[];
  };
  readonly err: string;
}

async function replayed(logs: readonly string[], ...more: readonly string[]): Promise<Shared> {
  const report = join(folder, 'report.json');
  const argv = ['replay', ...logs, '-e', 'otlp_file', '--no-metrics', '--report', report, '-q', ...more];
  const { out, err, code } = await runMain(argv);
  expect({ err, code }).toEqual({ err: expect.any(String), code: 0 });
  const spans = out
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => JSON.parse(line).resourceSpans[0].scopeSpans[0].spans)
    .map((span) => JSON.stringify(span));
  return { spans: spans.toSorted(), report: JSON.parse(await readFile(report, 'utf8')), err };
}

const added = (records: readonly Readonly<Record<string, number>>[]) =>
  Object.fromEntries(
    Object.keys(records[0] ?? {}).map((key) => [
      key,
      records.reduce((sum, record) => sum + (record[key] ?? 0), 0),
    ]),
  );

const plain = (diagnostics: readonly object[]) => diagnostics.map((one) => JSON.stringify(one)).toSorted();

const SHARDS = 3;

/** What all shards made together is what one replay makes; so is their account. */
async function expectWhole(logs: readonly string[], ...more: readonly string[]): Promise<readonly Shared[]> {
  const whole = await replayed(logs, ...more);
  const parts: Shared[] = [];
  for (let index = 0; index < SHARDS; index++) {
    parts.push(await replayed(logs, '--shard', `${index}/${SHARDS}`, ...more));
  }
  const reports = parts.map(({ report }) => report);
  expect(parts.flatMap(({ spans }) => spans).toSorted()).toEqual(whole.spans);
  expect(added(reports.map(({ account }) => account))).toEqual(whole.report.account);
  expect(added(reports.map(({ spans }) => spans))).toEqual(whole.report.spans);
  expect(plain(reports.flatMap(({ diagnostics }) => diagnostics))).toEqual(plain(whole.report.diagnostics));
  for (const { firstEvent, lastEvent } of reports) {
    expect([firstEvent, lastEvent]).toEqual([whole.report.firstEvent, whole.report.lastEvent]);
  }
  return parts;
}

describe('all shards together are the whole, for every genuine log of', () => {
  test.each(ALL_LOGS)('%s', async (_version, logs) => {
    const parts = await expectWhole(logs);
    // Few sessions may leave a shard without any, but not all of them to one.
    expect(parts.filter(({ spans }) => spans.length > 0).length).toBeGreaterThan(1);
  });

  test('0.19.0, with times assumed and sessions closed by silence', async () => {
    await expectWhole(logsOf('0.19.0', 'flat.ndjson'), '--assume-times', '--idle-timeout', '2s');
  });
});

async function logOf(...events: readonly object[]): Promise<string> {
  const path = join(folder, 'log.ndjson');
  await writeFile(path, events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  return path;
}

/** Seconds; the tests count from here. */
const T = 1_795_421_000;

test('what belongs together stays together, whoever says so and wherever', async () => {
  const call = (ts: number, task: string) => ({ ts, event: 'pre_tool_call', tool_name: 'ls', task_id: task });
  const families = Array.from({ length: 12 }, (_, n) => [
    { ts: T + n, event: 'pre_llm_call', session_id: `parent-${n}`, task_id: `task-${n}`, user_message: 'go' },
    {
      ts: T + n + 0.1,
      event: 'subagent_start',
      parent_session_id: `parent-${n}`,
      child_session_id: `child-${n}`,
    },
    call(T + n + 0.2, `task-${n}`),
    { ts: T + n + 0.3, event: 'pre_llm_call', session_id: `child-${n}`, user_message: 'do' },
  ]).flat();
  const parts = await expectWhole([await logOf(...families)]);
  for (const { report } of parts) expect(report.spans.subagent).toBe(report.spans.session);
});

test('a line out of order is one for every shard', async () => {
  const turn = (ts: number, session: string) => ({
    ts,
    event: 'pre_llm_call',
    session_id: session,
    user_message: '',
  });
  const log = await logOf(
    turn(T, 'a'),
    turn(T + 60, 'b'),
    turn(T + 1, 'c'),
    turn(T + 61, 'd'),
    turn(T + 2, 'a'),
  );
  await expectWhole([log]);
});

test('broken and blank lines are one shard’s', async () => {
  const path = await logOf({ ts: T, event: 'pre_llm_call', session_id: 'a', user_message: '' });
  await writeFile(path, '\n{"ts": \nnothing\n', { flag: 'a' });
  await expectWhole([path]);
});

test('a log that only the whole can place is not shared', async () => {
  const log = await logOf(
    { ts: T, event: 'pre_llm_call', session_id: 'a', user_message: '' },
    { ts: T + 1, event: 'pre_approval_request', command: 'rm', session_key: 'default' },
  );
  const [first, ...others] = await expectWhole([log]);
  expect(first?.err).toContain('shard 0 takes the whole log');
  expect(others.flatMap(({ spans }) => spans)).toEqual([]);
});

test.each([
  ['4/4', 'counted from 0'],
  ['1', 'counted from 0'],
  ['-1/2', 'counted from 0'],
])('--shard %s cannot run', async (shard, why) => {
  const { code, err } = await runMain(['replay', await logOf(), '--shard', shard]);
  expect([code, err]).toEqual([2, expect.stringContaining(why)]);
});

test('a pipe cannot be shared: it can be read only once', async () => {
  const { code, err } = await runMain(['replay', '-', '--shard', '0/2'], { stdin: '\n' });
  expect([code, err]).toEqual([2, expect.stringContaining('name files')]);
});

test('a log in many small pieces is tied as in one', async () => {
  const logs = await planLogs(logsOf('0.19.0', 'flat.ndjson').slice(0, 6));
  const { signal } = new AbortController();
  const whole = await findTies(piecesOf(logs, Number.MAX_SAFE_INTEGER), signal, { times: true });
  const pieces = piecesOf(logs, 5000);
  const cut = await findTies(pieces, signal, { times: true });
  expect(pieces.length).toBeGreaterThan(logs.length * 2);
  for (const log of logs.keys()) {
    const own = pieces.filter((piece) => piece.log === log);
    const ids = own.flatMap(({ number }) => [...(cut.looked.get(number)?.ids ?? [])]);
    expect(ids).toEqual([...(whole.looked.get(log)?.ids ?? [])]);
    const bounds = own.map(({ number }) => cut.looked.get(number)?.times);
    const { earliest, latest } = whole.looked.get(log)?.times ?? {};
    expect(Math.min(...bounds.map((one) => one?.earliest ?? 0))).toBe(earliest);
    expect(Math.max(...bounds.map((one) => one?.latest ?? 0))).toBe(latest);
    for (const id of ids) expect(cut.groups.nameOf(id)).toBe(whole.groups.nameOf(id));
  }
});

test('lines that come after the look, and a last line that was cut off in it, go where their ids are', async () => {
  const line = (n: number) => `{"ts": ${T + n}, "event": "pre_llm_call", "session_id": "s-${n}"}\n`;
  const lines = Array.from({ length: 40 }, (_, n) => line(n));
  const text = lines.join('');
  const path = join(folder, 'grown.ndjson');
  const { signal } = new AbortController();
  const owners = async (seen: string) => {
    await writeFile(path, seen);
    const { groups, testIds, looked } = await findTies([{ number: 0, source: fileSource(path) }], signal, {
      times: false,
    });
    return [0, 1, 2].map((index) => {
      const sharded = shardedLogs({
        testIds,
        ids: [[...looked.values()].map(({ ids }) => ids)],
        owns: (id) => owns({ index, count: 3 }, groups, id),
      });
      const { ownsNext } = sharded(0);
      return lines.map(ownsNext);
    });
  };
  const whole = await owners(text);
  expect(await owners(text.slice(0, text.length / 2 - 30))).toEqual(whole);
  expect(await owners('')).toEqual(whole);
  for (const n of lines.keys()) expect(whole.filter((owned) => owned[n])).toHaveLength(1);
});
