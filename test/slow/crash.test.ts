import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type Json, type MetricsRequest, metricsIn } from '../export/decode.ts';
import {
  type Behaviour,
  type Receiver,
  type ReceiverOptions,
  reply,
  startReceiver,
} from '../export/receiver.ts';
import { createRandom } from '../html/random.ts';
import { sessions } from '../reconstruct/hermes-log.ts';
import { type BinRun, startBin } from '../start-bin.ts';

// A follower is killed at random moments, over and over, while its log is being written and its receiver fails at
// random. In the end nothing may be missing, and nothing may be counted twice. Longer: CRASH_KILLS=2000.

const KILLS = Number(process.env.CRASH_KILLS ?? 200);
const SEED = Number(process.env.CRASH_SEED ?? 1);
const SESSIONS = 120;
const ROTATIONS = 5;
/** Some kills hit the start, some the reading, some the waiting for answers. */
const LONGEST_LIFE_MILLIS = 1400;
const random = createRandom(SEED);

let folder: string;
const receivers: Receiver[] = [];

async function received(options: ReceiverOptions = {}): Promise<Receiver> {
  const receiver = await startReceiver(options);
  receivers.push(receiver);
  return receiver;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-crash-'));
  mkdirSync(join(folder, 'logs'));
});
afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.stop()));
  rmSync(folder, { recursive: true, force: true });
});

test(`after ${KILLS} kills all spans are there, and the metrics are those of a plain replay`, async () => {
  const log = madeLog();
  const plain = await plainReplay(log);
  const receiver = await received({ behave: moody });
  const written = writer(log);
  for (let kill = 0; kill < KILLS; kill += 1) await oneLife(receiver, written, kill);
  written(1);
  const last = follow(receiver);
  const whole = () => setsEqual(new Set(receiver.spanIds), new Set(plain.spanIds));
  await waitUntil(whole, 60_000);
  last.child.kill('SIGTERM');
  const { code, err } = await last.ended;
  expect(missing(plain.spanIds, receiver.spanIds)).toEqual([]);
  expect(missing(receiver.spanIds, plain.spanIds)).toEqual([]);
  expect(lastPoints(receiver)).toEqual(lastPoints(plain));
  expect(err).toContain(`replayed ${log.trimEnd().split('\n').length.toLocaleString('en')} events`);
  expect(code).toBe(0);
  // Else it was no checkpoint that saved it, but beginning anew.
  expect(receiver.spanIds.length).toBeLessThan(plain.spanIds.length * Math.max(3, KILLS / 20));
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
  return inOrder.map((event) => `${JSON.stringify(event)}\n`).join('');
}

async function plainReplay(log: string): Promise<Receiver> {
  const receiver = await received();
  const file = join(folder, 'whole.ndjson');
  appendFileSync(file, log);
  const { code } = await startBin('replay', '-q', '-e', 'otlp', '--endpoint', receiver.url, file).ended;
  expect(code).toBe(0);
  return receiver;
}

function follow(receiver: Receiver): BinRun {
  const where = [join(folder, 'logs'), '--checkpoint', join(folder, 'checkpoint')];
  const quick = ['--poll-interval', '20ms', '--flush-interval', '20ms'];
  return startBin('replay', '--follow', ...where, ...quick, '-e', 'otlp', '--endpoint', receiver.url);
}

async function oneLife(receiver: Receiver, written: (share: number) => void, kill: number): Promise<void> {
  const { child, ended } = follow(receiver);
  const millis = random.between(0, LONGEST_LIFE_MILLIS);
  const pieces = random.between(1, 6);
  for (let piece = 1; piece <= pieces; piece += 1) {
    written((kill + piece / pieces) / KILLS);
    await new Promise((resolve) => setTimeout(resolve, millis / pieces));
  }
  child.kill('SIGKILL');
  expect((await ended).code).toBe('SIGKILL');
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

/** Busy, gone without a word, or gone with the spans: what a receiver under load does. */
const moody: Behaviour = (exchange) => {
  const mood = random.next();
  if (mood < 0.1) return reply(exchange.response, 503);
  if (mood < 0.15) return void exchange.response.destroy();
  if (mood < 0.2) {
    exchange.store();
    return void exchange.response.destroy();
  }
  exchange.accept();
};

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

function setsEqual(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((id) => b.has(id));
}

async function waitUntil(holds: () => boolean, withinMillis: number): Promise<void> {
  const end = Date.now() + withinMillis;
  while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 50));
}
