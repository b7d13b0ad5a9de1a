import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ALL_LOGS, logsOf, RECORDINGS } from '../recordings.ts';
import { generateLog, type JobsRun, replayInJobs } from '../replayed-in-jobs.ts';

// The built program: jobs are threads, and threads need what was built.

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-jobs-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Everything that two or three jobs tell and send is what one tells and sends. */
async function expectSame(logs: readonly string[], ...more: readonly string[]): Promise<JobsRun> {
  const one = await replayInJobs(folder, logs, 1, { more });
  for (const jobs of [2, 3]) {
    const several = await replayInJobs(folder, logs, jobs, { more });
    expect(several.spans).toEqual(one.spans);
    expect(several.fileSpans).toEqual(one.fileSpans);
    expect(several.snapshots).toEqual(one.snapshots);
    expect(several.fileSnapshots).toEqual(one.fileSnapshots);
    expect(several.report).toEqual(one.report);
    expect(several.diagnostics).toEqual(one.diagnostics);
    expect(several.code).toBe(one.code);
    expect(several.err.replaceAll(/\d+ requests?/g, '')).toBe(one.err.replaceAll(/\d+ requests?/g, ''));
  }
  return one;
}

describe('two jobs and three do what one does, for every genuine log of', () => {
  test.each(ALL_LOGS)('%s', async (_version, logs) => {
    const { spans, snapshots } = await expectSame(logs);
    expect(spans.length).toBeGreaterThan(50);
    expect(snapshots.length).toBeGreaterThan(5);
  });
});

test('so they do for one large log', async () => {
  const log = join(folder, 'log.ndjson');
  await generateLog(log, 6000);
  const { spans, snapshots } = await expectSame([log], '--metric-interval', '5s');
  expect(spans.length).toBeGreaterThan(2000);
  expect(snapshots.length).toBeGreaterThan(10);
});

test('so they do for one in which lines are out of order, broken, or of nobody, and one session lasts to the end', async () => {
  const log = join(folder, 'log.ndjson');
  await generateLog(log, 6000);
  const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1);
  const ids = [lines[0], lines.at(-1)].map((line) => /"session_id":"([^"]+)"/.exec(line ?? '')?.[1] ?? '');
  const odd = lines.flatMap((line, index) => {
    const { ts } = JSON.parse(line);
    const before = lines[index - 1] ?? '';
    if (index % 97 === 1) return [line, before];
    if (index % 97 === 0) return [];
    if (index % 501 === 2)
      return [line, '{"ts":', '', JSON.stringify({ ts, event: 'transform_terminal_output' })];
    return line;
  });
  await writeFile(log, odd.join('\n').replaceAll(`${ids[1]}`, `${ids[0]}`));
  const { report, spans } = await expectSame([log], '--metric-interval', '5s');
  expect(spans.length).toBeGreaterThan(2000);
  const broken = lines.filter((_, index) => index % 97 > 1 && index % 501 === 2).length;
  expect(report.account).toMatchObject({ malformed: broken, blank: broken });
});

const SAMPLE = `${RECORDINGS}/0.19.0/multi-turn-new-exit/flat.ndjson`;

test('so they do when sessions are closed by silence, chosen by model and moved in time', async () => {
  const filters = ['--idle-timeout', '2s', '--model', 'fake-model-1', '--time-shift', '30d'];
  await expectSame(logsOf('0.19.0', 'flat.ndjson'), ...filters);
});

test('so they do with content and the names of two conventions', async () => {
  await expectSame(logsOf('0.16.0', 'flat.ndjson'), '--capture-content', '--conventions', 'gen-ai,hermes');
});

test('so they do for one that begins with lines without a time', async () => {
  const log = join(folder, 'log.ndjson');
  const call = (session: string, index: number, ts?: number) =>
    JSON.stringify({ ts, event: 'pre_llm_call', session_id: session, user_message: `${index}`.padEnd(1000) });
  const many = (count: number, line: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i));
  const lines = [
    many(150, (index) => call('a', index)),
    many(64, (index) => call(`b-${index}`, index)),
    many(150, (index) => call('a', index)),
    many(200, (index) => call('a', index, 1_795_421_000 + index)),
    many(100, (index) => call(`c-${index}`, index, 1_795_421_200 + index)),
  ];
  await writeFile(log, `${lines.flat().join('\n')}\n`);
  const { report } = await expectSame([log]);
  expect([report.lines, report.account.untimed]).toEqual([664, 364]);
});

test('broken lines, a broken file and test payloads are told once', async () => {
  const whole = await readFile(SAMPLE);
  const [broken, cut] = [join(folder, 'broken.ndjson'), join(folder, 'cut.ndjson.gz')];
  const payload =
    '{"ts": 1795421979.9, "event": "pre_tool_call", "tool_name": "ls", "session_id": "test-session"}';
  await writeFile(
    broken,
    `\n{"ts":\n${payload}\nnothing\n\ufffd{}\n${'{"x":1}\n'.repeat(1500)}${whole.subarray(0, -9)}`,
  );
  await writeFile(
    cut,
    gzipSync(await readFile(`${RECORDINGS}/0.16.0/compress-rotate/flat.ndjson`)).subarray(0, -20),
  );
  const { report } = await expectSame([broken, cut, `${RECORDINGS}/0.14.0/api-retries/flat.ndjson`]);
  expect(report.diagnosticCounts).toMatchObject({ 'gzip-truncated': 1 });
  expect(report.diagnostics).toHaveLength(1000);
});

test('a log that only the whole can place is replayed by one job, and that is said', async () => {
  const log = join(folder, 'approvals.ndjson');
  const ts = 1_795_421_000;
  const approval = { ts: ts + 1, event: 'pre_approval_request', command: 'rm', session_key: 'default' };
  const turn = { ts, event: 'pre_llm_call', session_id: 'a', user_message: '' };
  await writeFile(log, `${JSON.stringify(turn)}\n${JSON.stringify(approval)}\n`);
  const one = await replayInJobs(folder, [log], 1);
  const two = await replayInJobs(folder, [log], 2);
  expect(two.err).toBe(
    `hermes-otel: FOLDER/approvals.ndjson has approvals without a session, as Hermes wrote them before 0.16: one job replays it all.\n${one.err}`,
  );
  expect([two.spans, two.fileSpans, two.report]).toEqual([one.spans, one.fileSpans, one.report]);
});
