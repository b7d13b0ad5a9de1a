import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { status } from '../export/behaviours.ts';
import { type Json, type MetricsRequest, pointCount, spansIn } from '../export/decode.ts';
import { type Behaviour, type Receiver, startReceiver } from '../export/receiver.ts';
import { type MainResult, runMain } from '../run-main.ts';
import { type BinRun, startBin } from '../start-bin.ts';

jest.setTimeout(60_000);

const NOON = epochMicros(Date.UTC(2026, 10, 20, 12) * 1000);
const SMALL = ['HERMES_OTEL_MAX_REQUEST_BYTES=2500b', 'HERMES_OTEL_CONCURRENCY=1'];
const accept: Behaviour = (exchange) => exchange.accept();

let folder: string;
let receiver: Receiver;
let behave: Behaviour;
/** Every span and point twice, in other lines: a dead-letter file of two destinations. */
let file: string;
let spanIds: readonly string[];
let points: number;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-send-resume-'));
  behave = accept;
  receiver = await startReceiver({ behave: (exchange) => behave(exchange) });
  const log = [0, 1, 2, 3, 4].flatMap((day) =>
    sampleLog(`2026112${day}_120000_abc123`, epochMicros(NOON + day * 86_400_000_000)),
  );
  writeFileSync(at('log'), log.map((line) => `${line}\n`).join(''));
  await runMain(['replay', '-q', at('log'), '-e', 'otlp_file', '-o', at('once'), '--logs', ...SMALL]);
  file = at('failed.jsonl');
  const once = readFileSync(at('once'), 'utf8');
  writeFileSync(file, once + once);
  const requests: Json[] = (once + once)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  spanIds = requests
    .flatMap((request) => ('resourceSpans' in request ? spansIn(request as never) : []))
    .map(({ spanId }) => spanId);
  points = requests
    .filter((request) => 'resourceMetrics' in request)
    .reduce((sum, request) => sum + pointCount(request as unknown as MetricsRequest), 0);
});
afterEach(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string) => join(folder, name);

const words = (...more: readonly string[]) => [
  ...['send', file, '--endpoint', receiver.url, '--checkpoint', at('checkpoint'), '--retry-for', '0s'],
  ...SMALL,
  ...more,
];
const send = (...more: readonly string[]) => runMain(words(...more));

/** How many spans and points came more than once for each time that they are in the file. */
function doubles(): readonly [spans: number, points: number] {
  expect([...new Set(receiver.spanIds)].sort()).toEqual([...new Set(spanIds)].sort());
  expect(receiver.acceptedPoints()).toBeGreaterThanOrEqual(points);
  return [receiver.spanCount() - spanIds.length, receiver.acceptedPoints() - points];
}

describe('send with a checkpoint', () => {
  test('continues after each of many kills: all arrives, and twice only what was in flight', async () => {
    let life: BinRun | undefined;
    let kills = 0;
    behave = (exchange) => {
      if (exchange.index % 7 !== 6) return exchange.accept();
      // It has them, and the sender never learns it.
      exchange.store();
      kills += 1;
      life?.child.kill('SIGKILL');
    };
    let code: number | string | null = null;
    for (let lives = 0; lives < 100 && code !== 0; lives += 1) {
      life = startBin(...words());
      ({ code } = await life.ended);
    }
    expect([code, kills > 3]).toEqual([0, true]);
    const [spans, more] = doubles();
    // A request holds few spans: at most one of each signal is in flight.
    expect(spans).toBeLessThanOrEqual(kills * 4);
    expect(more).toBeLessThanOrEqual(kills * 20);
  });

  test('sends what a receiver that was down did not take, and nothing twice', async () => {
    behave = ({ index, ...exchange }) =>
      index % 2 === 0 ? exchange.accept() : status(503)({ index, ...exchange });
    const codes: number[] = [];
    for (let runs = 0; runs < 30 && codes.at(-1) !== 0; runs += 1) codes.push((await send()).code);
    expect([codes.length > 3, codes.at(-1)]).toEqual([true, 0]);
    expect(doubles()).toEqual([0, 0]);
    const { code, err } = await send();
    expect([code, err]).toEqual([0, expect.stringContaining('sent 0 spans')]);
    expect(doubles()).toEqual([0, 0]);
  });

  test('ends with 143 on SIGTERM, says how to continue, and does', async () => {
    let stop = () => {};
    behave = (exchange) => {
      if (exchange.index === 5) stop();
      exchange.accept();
    };
    const { code, err } = await runMain(words(), {
      onSignal: (name, listener) => {
        if (name === 'SIGTERM') stop = listener;
      },
    });
    expect([code, err]).toEqual([143, expect.stringContaining('run the same command again to continue')]);
    expect(receiver.spanCount()).toBeLessThan(spanIds.length);
    expect((await send()).code).toBe(0);
    expect(doubles()).toEqual([0, 0]);
  });

  test('sends what was appended since, also behind half a line, and all of a file that is another one now', async () => {
    const whole = readFileSync(file, 'utf8');
    const half = whole.length / 2 + 40;
    writeFileSync(file, whole.slice(0, half));
    expect((await send()).code).toBe(1);
    appendFileSync(file, whole.slice(half));
    expect((await send()).code).toBe(0);
    expect(doubles()).toEqual([0, 0]);
    writeFileSync(file, whole.split('\n').reverse().join('\n').trimStart());
    const { code, err } = await send();
    expect([code, err]).toEqual([0, expect.stringContaining('is not the file that was sent before')]);
    expect(doubles()).toEqual([spanIds.length, points]);
  });

  test('of a compressed file', async () => {
    behave = (exchange) => (exchange.index < 7 ? exchange.accept() : status(503)(exchange));
    writeFileSync(file, gzipSync(readFileSync(file)));
    expect((await send()).code).toBe(1);
    behave = accept;
    expect((await send()).code).toBe(0);
    expect(doubles()).toEqual([0, 0]);
  });

  test.each<[string, () => Promise<MainResult>, number, string]>([
    ['a pipe', () => runMain(['send', '-', '--checkpoint', at('other')]), 2, 'a pipe cannot be read again'],
    [
      'another receiver',
      () => send('--endpoint', 'http://127.0.0.1:9'),
      2,
      'to http://127.0.0.1:9/v1/traces',
    ],
    ['other signals', () => send('--no-metrics'), 2, 'was made with --no-metrics false, not true'],
  ])('refuses %s', async (_, run, expected, sentence) => {
    expect((await send()).code).toBe(0);
    const { code, err } = await run();
    expect([code, err]).toEqual([expected, expect.stringContaining(sentence)]);
    expect(existsSync(join(at('checkpoint'), 'lock'))).toBe(false);
  });

  test('refuses the checkpoint of a follower, and of a run that is under way', async () => {
    behave = () => {};
    const life = startBin(...words());
    while (receiver.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    const { code, err } = await send();
    expect([code, err]).toEqual([2, expect.stringContaining('is in use by process')]);
    life.child.kill('SIGKILL');
    await life.ended;
    expect(readdirSync(at('checkpoint'))).toContain('checkpoint.json');
    const follower = await runMain([
      'replay',
      '--follow',
      at('log'),
      '--checkpoint',
      at('checkpoint'),
      '-e',
      'otlp_file',
    ]);
    expect([follower.code, follower.err]).toEqual([2, expect.stringContaining('Run as before, or remove')]);
  });
});

test('a quiet send still names what was not delivered', async () => {
  behave = status(400);
  const { code, err } = await runMain(['send', file, '--endpoint', receiver.url, '-q']);
  expect([code, err.trim().split('\n').length]).toEqual([1, 1]);
  expect(err).toMatch(/^hermes-otel: \d+ of \d+ spans not delivered: .*400/);
});
