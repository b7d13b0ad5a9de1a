import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { epochMicros } from '../../../src/model/time.ts';
import { sampleLog } from '../../../src/sample/sample-log.ts';
import {
  type Json,
  type MetricsRequest,
  metricsIn,
  spansIn,
  type TraceRequest,
} from '../../export/decode.ts';
import { type Receiver, startReceiver } from '../../export/receiver.ts';
import { createRandom } from '../../html/random.ts';
import { sessions } from '../../reconstruct/hermes-log.ts';
import { type BinRun, startBin } from '../../start-bin.ts';
import { doublesIn, tableOf } from './doubles.ts';
import { type Kill, killSomeTime } from './killer.ts';
import { LIFE, startMoodyReceiver } from './moody-receiver.ts';

// A follower is killed at random moments, over and over, while its log is being written and its receiver fails at
// random. In the end nothing may be missing, nothing may be counted twice, and nothing sent twice whose answer could be
// known. Longer: CRASH_KILLS=2000; other moments: CRASH_SEED=2.

const KILLS = Number(process.env.CRASH_KILLS ?? 200);
const SEED = Number(process.env.CRASH_SEED ?? 1);
const SESSIONS = 240;
const ROTATIONS = 5;
/** Some kills hit the start, some the reading, some the waiting for answers: at least so long, more on a busy machine. */
const LONG_LIFE_MILLIS = 1400;
let longestLifeMillis = LONG_LIFE_MILLIS;
/** Of their own, so that what one of them draws does not hang on how quick another one was. */
const [killing, writing, mood] = [createRandom(SEED), createRandom(SEED + 0.25), createRandom(SEED + 0.5)];

let folder: string;
const receivers: Receiver[] = [];
const at = (name: string) => join(folder, name);

async function received<R extends Receiver>(started: Promise<R>): Promise<R> {
  const receiver = await started;
  receivers.push(receiver);
  return receiver;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-crash-'));
  mkdirSync(at('logs'));
});
afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.stop()));
  rmSync(folder, { recursive: true, force: true });
});

test(`after ${KILLS} kills all is there, and twice only what was in flight`, async () => {
  const log = madeLog();
  const plain = await plainReplay(log);
  const whole = await plainFollow(log);
  const receiver = await received(startMoodyReceiver(mood));
  const written = writer(log);
  const kills: (Kill & { readonly lines: number })[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    const piecewise = writeMeanwhile(written, kill);
    const killed = await killSomeTime(
      follow(receiver, 'out', kill),
      at('checkpoint'),
      longestLifeMillis,
      killing,
    );
    await piecewise;
    kills.push({ ...killed, lines: wholeLines('out').length });
  }
  written(1);
  const last = follow(receiver, 'out', KILLS);
  const isWhole = () => [receiver.spanIds, spanIdsIn('out')].every((ids) => setsEqual(ids, plain.spanIds));
  await waitUntil(isWhole, 60_000);
  last.child.kill('SIGTERM');
  const { code, err } = await last.ended;

  const doubles = doublesIn(receiver.kept, kills);
  const sights = kills.filter(({ sight }) => sight !== undefined).length;
  process.stdout.write(
    `${KILLS} kills, ${sights} of them at the writing of a checkpoint; ${receiver.kept.length} requests kept; came twice:\n${tableOf(doubles)}`,
  );

  expect(missing(plain.spanIds, receiver.spanIds)).toEqual([]);
  expect(missing(receiver.spanIds, plain.spanIds)).toEqual([]);
  expect(new Set(sendingsOf(receiver))).toEqual(new Set(sendingsOf(whole)));
  expect(doubles.filter(({ isFault }) => isFault).map(({ item }) => item.slice(0, 80))).toEqual([]);
  expect(lastPoints(receiver)).toEqual(lastPoints(plain));
  // One write to a file may have been under way at a kill, and not yet noted: of spans, or of points right before.
  const inFlight = new Set(kills.flatMap(({ lines }) => [lines - 1, lines - 2]));
  expect(linesSentAgain('out').filter((line) => !inFlight.has(line))).toEqual([]);
  expect(setsEqual(spanIdsIn('out'), plain.spanIds)).toBe(true);
  expect(err).toContain(`replayed ${log.trimEnd().split('\n').length.toLocaleString('en')} events`);
  expect(code).toBe(0);
  // Else the kills have missed what they were aimed at.
  expect(sights).toBeGreaterThan(KILLS / 10);
  expect(receiver.kept.length).toBeGreaterThan(KILLS / 2);
});

/** Rich in everything Hermes does; each session has an end, so that following and replaying close it alike. */
function madeLog(): string {
  const arbitrary = sessions({ min: SESSIONS, max: SESSIONS });
  const [made = []] = fc.sample(arbitrary, { seed: SEED, numRuns: 1 });
  const events = made.flatMap(({ id, events: own }) => {
    const end = (own.at(-1)?.ts ?? 0) + 1;
    return [...own, { ts: end, event: 'on_session_finalize', session_id: id, platform: 'cli' }];
  });
  const inOrder = events.toSorted((a, b) => a.ts - b.ts);
  // What a finalize leaves open is closed when the log's clock goes on.
  const later = sampleLog(
    '20991231_120000_abc123',
    epochMicros(((inOrder.at(-1)?.ts ?? 0) + 7200) * 1_000_000),
  );
  return [...inOrder.map((event) => JSON.stringify(event)), ...later].map((line) => `${line}\n`).join('');
}

async function plainReplay(log: string): Promise<Receiver> {
  const receiver = await received(startReceiver());
  appendFileSync(at('whole.ndjson'), log);
  const argv = ['replay', '-q', '-e', 'otlp', '--endpoint', receiver.url, at('whole.ndjson')];
  expect((await startBin(...argv).ended).code).toBe(0);
  return receiver;
}

/** Never killed: some spans leave in more than one version, as their sessions go on. */
async function plainFollow(log: string): Promise<Receiver> {
  const receiver = await received(startReceiver());
  const argv = [
    'replay',
    '--follow',
    at('whole.ndjson'),
    '--checkpoint',
    at('unkilled'),
    '--stats-interval',
    '100ms',
  ];
  const began = performance.now();
  const run = startBin(...argv, '-e', 'otlp', '--endpoint', receiver.url);
  await run.untilReported('lines=');
  longestLifeMillis = Math.max(LONG_LIFE_MILLIS, Math.round(2 * (performance.now() - began)));
  await run.untilReported(`lines=${log.trimEnd().split('\n').length} `);
  run.child.kill('SIGTERM');
  expect((await run.ended).code).toBe(0);
  return receiver;
}

function follow(receiver: Receiver, file: string, life: number): BinRun {
  const where = [at('logs'), '--checkpoint', at('checkpoint')];
  const quick = [
    'HERMES_OTEL_POLL_INTERVAL=20ms',
    '--flush-interval',
    '20ms',
    'HERMES_OTEL_MAX_REQUEST_BYTES=16kb',
  ];
  const from = ['--header', `${LIFE}=${life}`];
  const to = ['-e', 'otlp', '--endpoint', receiver.url, ...from, '-e', 'otlp_file', '-o', at(file)];
  return startBin('replay', '--follow', ...where, ...quick, ...to);
}

async function writeMeanwhile(written: (share: number) => void, kill: number): Promise<void> {
  const pieces = writing.between(1, 6);
  const millis = writing.between(0, longestLifeMillis / 2);
  for (let piece = 1; piece <= pieces; piece += 1) {
    written((kill + piece / pieces) / KILLS);
    await new Promise((resolve) => setTimeout(resolve, millis / pieces));
  }
}

/** Writes the log up to a share of it, most often into the middle of a line; rotates it now and then. */
function writer(log: string): (share: number) => void {
  const bytes = Buffer.from(log);
  const file = join(folder, 'logs', 'hooks.ndjson');
  let from = 0;
  let rotations = 0;
  closeSync(openSync(file, 'a'));
  return (share) => {
    const to = share >= 1 ? bytes.length : Math.max(from, Math.floor(bytes.length * share));
    const lineEnd = bytes.indexOf('\n', from) + 1;
    if (share * (ROTATIONS + 1) >= rotations + 1 && lineEnd > 0 && lineEnd < to) {
      appendFileSync(file, bytes.subarray(from, lineEnd));
      from = lineEnd;
      rotations += 1;
      renameSync(file, `${file}.${rotations}`);
    }
    appendFileSync(file, bytes.subarray(from, to));
    from = to;
  };
}

function sendingsOf({ requests }: Receiver): readonly string[] {
  return requests
    .flatMap(({ traces }) => (traces ? spansIn(traces) : []))
    .map((span) => JSON.stringify(span));
}

function wholeLines(file: string): readonly string[] {
  try {
    return readFileSync(at(file), 'utf8').split('\n').slice(0, -1);
  } catch {
    return [];
  }
}

function spansOfLine(line: string): readonly string[] {
  const request: Partial<TraceRequest> = JSON.parse(line);
  const { resourceSpans = [] } = request;
  return spansIn({ resourceSpans }).map((span) => JSON.stringify(span));
}

function spanIdsIn(file: string): readonly string[] {
  return wholeLines(file)
    .flatMap(spansOfLine)
    .map((span) => JSON.parse(span).spanId);
}

/** Numbers of lines, from 0, that hold a span which a later line holds again. */
function linesSentAgain(file: string): readonly number[] {
  const last = new Map<string, number>();
  const again = new Set<number>();
  for (const [number, line] of wholeLines(file).entries()) {
    for (const span of spansOfLine(line)) {
      const before = last.get(span);
      if (before !== undefined) again.add(before);
      last.set(span, number);
    }
  }
  return [...again];
}

type Point = { readonly startTimeUnixNano: string; readonly timeUnixNano: string } & Json;

/** The latest value of each series. Sums of seconds may differ in the last digit: they are added up in other groups. */
function lastPoints({ requests }: Receiver): Readonly<Record<string, unknown>> {
  const series = new Map<string, Point>();
  for (const { metrics } of requests)
    for (const [key, point] of metrics ? pointsOf(metrics) : []) {
      const known = series.get(key);
      if (known === undefined || BigInt(known.timeUnixNano) <= BigInt(point.timeUnixNano))
        series.set(key, point);
    }
  return Object.fromEntries(
    [...series]
      .map(([key, { attributes: _, timeUnixNano: __, ...point }]) => [key, rounded(point)] as const)
      .sort(),
  );
}

function pointsOf(request: MetricsRequest): readonly (readonly [key: string, point: Point])[] {
  return metricsIn(request).flatMap(({ name, sum, histogram }) =>
    ([...(sum?.dataPoints ?? []), ...(histogram?.dataPoints ?? [])] as Point[]).map(
      (point) => [`${name} ${JSON.stringify(point.attributes)}`, point] as const,
    ),
  );
}

function rounded(point: Json): Json {
  return typeof point.sum === 'number' ? { ...point, sum: point.sum.toPrecision(12) } : point;
}

function missing(expected: readonly string[], found: readonly string[]): readonly string[] {
  const all = new Set(found);
  return [...new Set(expected)].filter((id) => !all.has(id));
}

function setsEqual(a: readonly string[], b: readonly string[]): boolean {
  return missing(a, b).length === 0 && missing(b, a).length === 0;
}

async function waitUntil(holds: () => boolean, withinMillis: number): Promise<void> {
  const end = Date.now() + withinMillis;
  while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 200));
}
