import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { hang, status } from '../export/behaviours.ts';
import { spansIn } from '../export/decode.ts';
import { type Receiver, type ReceiverOptions, startReceiver } from '../export/receiver.ts';
import { generateLog, replayInJobs } from '../replayed-in-jobs.ts';
import { runMain } from '../run-main.ts';
import { BIN, startBin } from '../start-bin.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-jobs-'));
});
let receiver: Receiver | undefined;
afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
  await rm(folder, { recursive: true, force: true });
});

async function startOwnReceiver(options: ReceiverOptions = {}): Promise<Receiver> {
  receiver = await startReceiver(options);
  return receiver;
}

const SAMPLE = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';

describe('--jobs is refused, in one sentence', () => {
  test.each<[string, readonly string[], string]>([
    ['with a pipe', ['-', '-e', 'otlp'], 'standard input cannot be: name files'],
    ['without a log', ['-e', 'otlp'], 'standard input cannot be: name files'],
    ['with --follow', [SAMPLE, '-e', 'otlp', '-f'], 'finished logs'],
    ['with --speed', [SAMPLE, '-e', 'otlp', '--speed', '2'], 'finished logs'],
    ['with --assume-times', [SAMPLE, '-e', 'otlp', '--assume-times'], 'recorded times'],
    ['to the terminal', [SAMPLE], 'name another exporter'],
    ['with a budget', [SAMPLE, '-e', 'otlp', '--fail-on', 'errors>0'], '--fail-on'],
    ['with a summary', [SAMPLE, '-e', 'otlp', '--summary', 'markdown'], '--summary'],
    ['with --shard', [SAMPLE, '-e', 'otlp', '--shard', '0/2'], 'give one of them'],
    ['for a log that is not there', [SAMPLE, 'no-such-log', '-e', 'otlp'], 'There is no file "no-such-log"'],
  ])('%s', async (_case, words, why) => {
    const { code, err, out } = await runMain(['replay', ...words, '--jobs', '2']);
    expect([code, err.split('\n').length, err, out]).toEqual([2, 2, expect.stringContaining(why), '']);
  });

  test.each(['0', '-1', '2.5', 'two', '1000'])('for %s of them', async (jobs) => {
    const { code, err } = await runMain(['replay', SAMPLE, `--jobs=${jobs}`, '-e', 'otlp']);
    expect([code, err]).toEqual([2, expect.stringContaining('--jobs takes a number from 1 to 256, or auto')]);
  });

  test('when its settings are wrong, before anything is sent', async () => {
    const wrong = await startBin('replay', SAMPLE, '-j', '2', '-e', 'otlp', '--endpoint', 'nowhere').ended;
    expect([wrong.code, wrong.err.split('\n').length]).toEqual([2, 2]);
  });

  test('when no line of a log has a time', async () => {
    const log = join(folder, 'untimed.ndjson');
    await writeFile(log, '{"event": "pre_llm_call", "session_id": "a"}\n'.repeat(3));
    const { code, err } = await startBin('replay', log, '-j', '2', '-e', 'otlp_file').ended;
    expect([code, err]).toEqual([2, expect.stringContaining('No line of this log has a time')]);
  });
});

test.each([
  ['for a pipe', ['-']],
  ['with --assume-times', [SAMPLE, '--assume-times']],
  ['with --summary', [SAMPLE, '--summary=markdown']],
  ['to the terminal', [SAMPLE]],
])('--jobs auto is one job %s', async (_case, words) => {
  const stdin = await readFile(SAMPLE, 'utf8');
  const { code, out, err } = await runMain(['replay', ...words, '-j', 'auto', '-q'], { stdin });
  expect([code, out, err]).toEqual([0, expect.stringContaining('turn 1'), '']);
});

test('--jobs auto is one job for a log that is small', async () => {
  const { code, err } = await runMain(['replay', SAMPLE, '-j', 'auto', '-e', 'otlp_file']);
  expect([code, err]).toEqual([0, expect.stringContaining('in 1 request: 13 accepted')]);
});

test('an interrupt ends all jobs, and every span has its outcome', async () => {
  const log = join(folder, 'log.ndjson');
  await generateLog(log, 40_000);
  const receiver = await startOwnReceiver();
  const report = join(folder, 'report.json');
  const { child, ended } = startBin(
    ...['replay', log, '-j', '2', '-e', 'otlp', '--endpoint', receiver.url, '--report', report],
    ...['--max-request-bytes', '20kb'],
  );
  while (receiver.spanCount() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  const { code, err } = await ended;
  expect([code, err]).toEqual([130, expect.stringContaining('replayed')]);
  const { accounts, lines } = JSON.parse(await readFile(report, 'utf8'));
  expect(lines).toBeLessThan(40_000);
  const [{ made, accepted, failed }] = accounts;
  expect([made, accepted]).toEqual([accepted + failed, receiver.spanCount()]);
  expect(new Set(receiver.spanIds).size).toBe(receiver.spanCount());
});

test('a receiver that hangs holds an interrupted replay no longer than --shutdown-timeout', async () => {
  const log = join(folder, 'log.ndjson');
  await generateLog(log, 5000);
  const receiver = await startOwnReceiver({ behave: hang });
  const run = [
    'replay',
    log,
    '-j',
    '3',
    '-e',
    'otlp',
    '--endpoint',
    receiver.url,
    '--shutdown-timeout',
    '100ms',
  ];
  const { child, ended } = startBin(...run);
  while (receiver.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGTERM');
  const { code, err } = await ended;
  expect([code, err]).toEqual([143, expect.stringContaining('the time for finishing was over')]);
});

test('what a receiver refuses is told once, and kept in one dead-letter file', async () => {
  const log = join(folder, 'log.ndjson');
  await generateLog(log, 3000);
  const letters = join(folder, 'letters.jsonl');
  const whole = await replayInJobs(folder, [log], 1);
  const more = ['--dead-letter', letters, '--max-request-bytes', '60kb'];
  const refused = await replayInJobs(folder, [log], 3, { more, behave: status(400, 'not today') });
  expect(refused.code).toBe(1);
  const kept = (await readFile(letters, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const ids = (spans: readonly { spanId: string }[]) => spans.map(({ spanId }) => spanId).toSorted();
  const keptSpans = kept.flatMap((line) => (line.resourceSpans === undefined ? [] : spansIn(line)));
  expect(ids(keptSpans)).toEqual(ids(whole.spans.map((one) => JSON.parse(one))));
  const [spans] = refused.report.accounts;
  expect(spans).toMatchObject({
    signal: 'spans',
    made: keptSpans.length,
    failed: keptSpans.length,
    deadLettered: keptSpans.length,
    problems: [expect.stringMatching(`not today.* \\(${keptSpans.length} spans\\)$`)],
  });
});

test('a job that dies is our bug: the whole stack, and no job is left', async () => {
  const dies = `import { isMainThread } from 'node:worker_threads';
    if (!isMainThread) setTimeout(function inTheMiddle() { throw new RangeError('a job broke'); }, 200);`;
  const log = join(folder, 'log.ndjson');
  await generateLog(log, 5000);
  const receiver = await startOwnReceiver({ behave: hang });
  const words = ['replay', log, '-j', '2', '-e', 'otlp', '--endpoint', receiver.url];
  const preload = `data:text/javascript,${encodeURIComponent(dies)}`;
  const child = spawn(process.execPath, ['--import', preload, BIN, ...words], { env: {} });
  const [err, code] = await Promise.all([
    text(child.stderr),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  expect([code, err]).toEqual([1, expect.stringMatching(/a job broke\n\s+at .*inTheMiddle/)]);
});

test('an output that cannot be written is one sentence', async () => {
  const words = ['replay', SAMPLE, '-j', '2', '-e', 'otlp_file', '-o', join(folder, 'no', 'such', 'folder')];
  const { code, err } = await startBin(...words).ended;
  expect([code, err.split('\n').length, err]).toEqual([2, 2, expect.stringContaining('--output')]);
  expect(existsSync(join(folder, 'no'))).toBe(false);
});
