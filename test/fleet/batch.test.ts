import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import zlib, { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type BatchOptions, replayBatch } from '../../src/fleet/batch.ts';
import { sourcesIn } from '../../src/fleet/objects.ts';
import type { Shard } from '../../src/fleet/sources.ts';
import { bucketStore, compressedStore } from '../../src/fleet/store.ts';
import { otlpFile, otlpHttp } from '../../src/replay/exporters.ts';
import { replay } from '../../src/replay/replay.ts';
import { hostLogs } from '../e2e/kafka/fleet-log.ts';
import { type Kept, keep, kept, totalsOf } from '../e2e/kafka/receiver.ts';
import { decode } from '../e2e/otlp.ts';
import { runMain } from '../run-main.ts';
import { type FakeS3, fakeS3, KEY, refuse } from './fake-s3.ts';

const HOSTS = hostLogs(3, 4);
const PLAIN: Kept = kept();
let s3: FakeS3;
let notices: string[];
beforeEach(async () => {
  s3 = await fakeS3();
  notices = [];
  if (PLAIN.spans.size === 0) await replayFiles();
});
afterEach(() => s3.stop());

/** What one replay of all logs makes. */
async function replayFiles(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hermes-otel-batch-'));
  const files = HOSTS.map(({ host }) => join(folder, `${host}.ndjson`));
  for (const [at, { delivered: lines }] of HOSTS.entries()) await writeFile(files[at] ?? '', textOf(lines));
  await collect(PLAIN, (destinations) => replay(files, { destinations }));
  await rm(folder, { recursive: true });
}

async function collect<T>(
  into: Kept,
  run: (destinations: ReturnType<typeof otlpFile>[]) => Promise<T>,
): Promise<T> {
  const out = new PassThrough();
  const chunks: Buffer[] = [];
  out.on('data', (chunk: Buffer) => chunks.push(chunk));
  try {
    return await run([otlpFile(out)]);
  } finally {
    keep(into, decode(Buffer.concat(chunks).toString('utf8').split('\n')));
  }
}

const textOf = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

/** The log of a host in as many rotated objects as there are cuts, and one more. */
function upload(cuts: readonly number[], hosts = HOSTS): void {
  for (const { host, delivered: lines } of hosts) {
    const ends = [...cuts.map((cut) => cut % lines.length), lines.length].sort((a, b) => a - b);
    for (const [at, end] of ends.entries()) {
      const bytes = Buffer.from(textOf(lines.slice(at === 0 ? 0 : ends[at - 1], end)));
      const name = `${host}/hooks.ndjson${at === ends.length - 1 ? '' : `.${ends.length - 1 - at}.gz`}`;
      s3.objects.set(name, name.endsWith('.gz') ? gzipSync(bytes) : bytes);
    }
  }
}

const store = () => compressedStore(bucketStore(s3.bucket(), 'state'));

async function run(into: Kept, options: BatchOptions = {}, shard?: Shard) {
  const bucket = s3.bucket();
  const sources = (await sourcesIn(bucket, '', shard)).filter(({ source }) => !source.includes('/state/'));
  return await collect(into, (destinations) =>
    replayBatch(bucket, sources, {
      destinations,
      on: { notice: (sentence) => notices.push(sentence) },
      ...options,
    }),
  );
}

function expectEqual(got: Kept, plain = PLAIN): void {
  expect(got.spans.size).toBe(plain.spans.size);
  for (const [id, contents] of got.spans) expect([...contents]).toEqual([...(plain.spans.get(id) ?? [])]);
  expect(totalsOf(got)).toEqual(totalsOf(plain));
}

test('however a log is cut into objects, a bucket gives the spans and points of its files', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(), { maxLength: 4 }), async (cuts) => {
      s3.objects.clear();
      upload(cuts);
      const got = kept();
      const report = await run(got);
      expectEqual(got);
      expect([got.count, report.files]).toEqual([PLAIN.count, s3.objects.size]);
    }),
    { numRuns: 10 },
  );
});

test('a run that breaks at any request goes on from its snapshots: nothing is missing, extra or wrong', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      fc.array(fc.integer({ min: 4, max: 15 }), { maxLength: 6 }),
      async (cuts, breaks) => {
        s3.objects.clear();
        upload(cuts);
        const got = kept();
        for (const at of breaks) {
          const last = s3.requests.length + at;
          s3.fault = (_, response, count) => (count < last ? 'pass' : refuse(response, 403, 'AccessDenied'));
          await run(got, { store: store() }).catch((error: Error) => expect(error.name).toBe('ReplayError'));
        }
        s3.fault = () => 'pass';
        await run(got, { store: store() });
        expectEqual(got);
        const before = s3.requests.length;
        expect((await run(got, { store: store() })).lines).toBe(0);
        expect(s3.requests.slice(before).filter((asked) => asked.includes('hooks'))).toEqual([]);
      },
    ),
    { numRuns: 15 },
  );
});

/** All points of a run that is broken off at those requests, each with its time and value. */
async function pointsOf(breaks: readonly number[], more: BatchOptions = {}): Promise<ReadonlySet<string>> {
  upload([150, 300, 450]);
  const points = new Set<string>();
  const options = { ...more, store: store(), metricIntervalMillis: 5000 };
  for (const at of [...breaks, Number.POSITIVE_INFINITY]) {
    const last = s3.requests.length + at;
    s3.fault = (_, response, count) => (count < last ? 'pass' : refuse(response, 403, 'AccessDenied'));
    const out = new PassThrough();
    const chunks: Buffer[] = [];
    out.on('data', (chunk: Buffer) => chunks.push(chunk));
    await run(kept(), { ...options, destinations: [otlpFile(out)] }).catch(() => {});
    const lines = Buffer.concat(chunks).toString('utf8').split('\n');
    for (const point of decode(lines).points) points.add(JSON.stringify(point));
  }
  for (const key of [...s3.objects.keys()]) if (key.startsWith('state/')) s3.objects.delete(key);
  return points;
}

test.each([0, -30, 30])(
  'a run that was broken off sends the points of one that was not, each with the same time and value, moved by %s days',
  async (days) => {
    const moved = { timeShift: days * 86_400_000 };
    const whole = await pointsOf([], moved);
    expect(whole.size).toBeGreaterThan(100);
    expect(await pointsOf([12, 9, 14], moved)).toEqual(whole);
  },
);

test('an interrupt ends the reading, and closes nothing: the next run goes on', async () => {
  upload([100, 200]);
  const stop = new AbortController();
  s3.fault = (_request, _response, count) => {
    if (count === 10) stop.abort();
    return 'pass';
  };
  const got = kept();
  const report = await run(got, { store: store(), signal: stop.signal });
  expect(report.lines).toBeGreaterThan(0);
  expect(got.spans.size).toBeLessThan(PLAIN.spans.size);
  await run(got, { store: store() });
  expectEqual(got);
});

test('an interrupt without a checkpoint closes what is open, and sends the points of each source', async () => {
  upload([]);
  const stop = new AbortController();
  // The third object is of the last source: the two before it are whole.
  s3.fault = ({ url }) => {
    if (url?.includes(`${HOSTS.at(-1)?.host}/`)) setImmediate(() => stop.abort());
    return 'pass';
  };
  const got = kept();
  const report = await run(got, { signal: stop.signal });
  const spans = report.accounts.find(({ signal }) => signal === 'spans');
  expect([spans?.accepted, spans?.made]).toEqual([got.count, got.count]);
  const instances = new Set([...got.points.keys()].map((key) => /s3:[^"]*/.exec(key)?.[0]));
  expect(instances.size).toBeGreaterThanOrEqual(2);
});

test('an interrupt does not wait for a receiver that is down', async () => {
  upload([]);
  const stop = new AbortController();
  const down = otlpHttp({ url: 'http://127.0.0.1:1', limits: { retryForMillis: 3_600_000 } });
  const report = await run(kept(), {
    destinations: [down],
    signal: stop.signal,
    shutdownTimeoutMillis: 50,
    on: { outage: () => setTimeout(() => stop.abort(), 50) },
  });
  expect(report.accounts.some(({ failed }) => failed > 0)).toBe(true);
});

test('an object that cannot be read costs its own source alone', async () => {
  upload([]);
  const denied = HOSTS[0]?.host;
  s3.fault = ({ url }, response) =>
    url?.includes(`${denied}/`) ? refuse(response, 403, 'AccessDenied') : 'pass';
  const got = kept();
  await expect(run(got)).rejects.toMatchObject({ name: 'ReplayError', code: 'unreadable-log' });
  expect(got.spans.size).toBeGreaterThan(PLAIN.spans.size / 2);
  expect(got.spans.size).toBeLessThan(PLAIN.spans.size);
});

test('what is added to a log goes on where the run before ended', async () => {
  const got = kept();
  upload([200, 400]);
  const written = [...s3.objects].filter(([key]) => key.endsWith('hooks.ndjson'));
  for (const [key] of written) s3.objects.delete(key);
  await run(got, { store: store() });
  for (const [key, bytes] of written) s3.objects.set(key, bytes);
  const before = s3.requests.length;
  await run(got, { store: store() });
  const read = s3.requests.slice(before).filter((asked) => asked.includes('hooks'));
  expect(read.map((asked) => asked.split(' ')[1])).toEqual(written.map(([key]) => `/logs/${key}`));
  // What was open was sent before it ended, too.
  for (const [id, contents] of got.spans) got.spans.set(id, new Set([...contents].slice(-1)));
  expectEqual(got);
  expect(notices).toEqual([]);
});

test('an object with other content under its key is reported, and its source is replayed from the beginning', async () => {
  upload([200]);
  const [{ host = '', delivered: lines = [] } = {}] = HOSTS;
  s3.objects.set(`${host}/hooks.ndjson.1.gz`, gzipSync(textOf(lines.slice(0, 100))));
  await run(kept(), { store: store() });
  upload([200]);
  const got = kept();
  const report = await run(got, { store: store() });
  expect(report.lines).toBe(lines.length);
  expect(notices).toEqual([
    `${host}/hooks.ndjson.1.gz is not what was replayed before: its source is replayed from the beginning.`,
    '2 of 3 sources were replayed before, and nothing in them is new.',
  ]);
});

test('shards have all sources between them, each once', async () => {
  upload([100]);
  const got = kept();
  for (const index of [0, 1]) await run(got, {}, { index, count: 2 });
  expectEqual(got);
  expect(got.count).toBe(PLAIN.count);
});

test('an object that breaks off names itself and the offset, and nothing that was open is closed', async () => {
  upload([]);
  const big = textOf(Array.from({ length: 90_000 }, () => HOSTS[0]?.lines[0] ?? ''));
  s3.objects.clear();
  s3.objects.set('big.ndjson', Buffer.from(big));
  expect(big.length).toBeGreaterThan(8 * 1024 * 1024);
  s3.fault = ({ headers }, response) =>
    headers.range?.startsWith('bytes=8388608-') ? response.destroy() : 'pass';
  const got = kept();
  const error = await run(got, { store: store() }).catch((rejection: Error) => rejection);
  expect(error).toMatchObject({
    name: 'ReplayError',
    message: expect.stringMatching(
      new RegExp(`^Reading ended at byte 8388608 of ${big.length}: s3://logs/big.ndjson: .*ECONNRESET`),
    ),
  });
  expect([got.spans.size, [...s3.objects.keys()]]).toEqual([0, ['big.ndjson']]);
});

test('after a loss a source stays where it was', async () => {
  upload([100]);
  const nowhere = otlpHttp({ url: 'http://127.0.0.1:1', limits: { retryForMillis: 0 } });
  const report = await run(kept(), { store: store(), destinations: [nowhere] });
  expect(report.accounts.map(({ failed }) => failed > 0)).toEqual([true, true]);
  expect(notices).toEqual([
    expect.stringMatching(
      /^\d+ spans or points of s3:.* were not delivered: the next run sends them again\.$/,
    ),
    'a destination accepted nothing of this source: those behind it are not read.',
  ]);
  const got = kept();
  await run(got, { store: store() });
  expectEqual(got);
});

test('zstd is read where Node.js can, and is one sentence where it cannot', async () => {
  const compress: ((bytes: Buffer) => Buffer) | undefined = Reflect.get(zlib, 'zstdCompressSync');
  const magic = Buffer.from('28b52ffd2400', 'hex');
  for (const { host, delivered: lines } of HOSTS)
    s3.objects.set(`${host}/hooks.ndjson.zst`, compress?.(Buffer.from(textOf(lines))) ?? magic);
  const got = kept();
  if (compress === undefined)
    await expect(run(got)).rejects.toThrow(
      /^s3:\/\/logs\/host-0\/hooks.ndjson.zst cannot be read: it is compressed with zstd, which needs Node.js 22.15 or newer/,
    );
  else {
    await run(got);
    expectEqual(got);
  }
});

const env = () => ({
  AWS_ENDPOINT_URL: s3.url,
  AWS_ACCESS_KEY_ID: KEY.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEY.secretAccessKey,
});

test('hermes-otel replay s3://', async () => {
  upload([100]);
  const { code, err } = await runMain(
    ['replay', 's3://logs/', '-e', 'otlp_file', '--checkpoint', 's3://logs/state'],
    {
      env: env(),
    },
  );
  expect([code, err]).toEqual([2, expect.stringContaining('--checkpoint s3://logs/state is among the logs')]);
  const words = ['replay', 's3://logs/host-1/', '-e', 'otlp_file', '--checkpoint', 's3://logs/state'];
  const first = await runMain(words, { env: env() });
  expect([first.code, first.err]).toEqual([0, expect.stringContaining('from 2 files')]);
  const second = await runMain(words, { env: env() });
  expect([second.code, second.out, second.err]).toEqual([0, '', expect.stringContaining('1 of 1 sources')]);
});

test('an empty shard is no failure', async () => {
  upload([]);
  const ran = await Promise.all(
    Array.from({ length: 16 }, (_, index) =>
      runMain(['replay', 's3://logs/', '-e', 'otlp_file', '--shard', 'auto'], {
        env: { ...env(), JOB_COMPLETION_INDEX: String(index), HERMES_OTEL_SHARD_COUNT: '16' },
      }),
    ),
  );
  expect(ran.map(({ code }) => code)).toEqual(ran.map(() => 0));
  expect(ran.filter(({ err }) => err.includes('no log is in this shard')).length).toBeGreaterThanOrEqual(13);
});

test('--shard of files: those of one log stay together, and each shard counts for itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hermes-otel-batch-'));
  for (const { host, delivered: lines } of HOSTS) {
    await writeFile(join(folder, `${host}.ndjson.1`), textOf(lines.slice(0, 100)));
    await writeFile(join(folder, `${host}.ndjson`), textOf(lines.slice(100)));
  }
  const got = kept();
  for (const index of [0, 1]) {
    const { out, code } = await runMain(['replay', folder, '-e', 'otlp_file', '--shard', `${index}/2`]);
    expect(code).toBe(0);
    keep(got, decode(out.split('\n')));
  }
  expectEqual(got);
  await rm(folder, { recursive: true });
});

test.each([
  ['--shard takes I/N', ['s3://logs/', '--shard', '4/4']],
  ['--shard auto needs JOB_COMPLETION_INDEX', ['s3://logs/', '--shard', 'auto']],
  ['--shard shares finished logs', ['-', '--shard', '0/2']],
  ['is no address of objects', ['s3://']],
  ['is for replay alone, without other logs', ['s3://logs/a/', 's3://logs/b/']],
  ['is for replay alone, without other logs', ['s3://logs/', '--hermes-home', '/home/x/.hermes']],
  ['--follow reads files', ['s3://logs/', '--follow']],
  ['--time-shift now must see the whole log', ['s3://logs/', '--time-shift', 'now']],
  ['--assume-times would begin anew', ['s3://logs/', '--assume-times']],
  ['-e openmetrics takes one log', ['s3://logs/', '-e', 'openmetrics']],
  ['--endpoint-url takes an address', ['s3://logs/', '--endpoint-url', 'http://me:password@minio/']],
  ['There is no object s3://logs/none/: check the prefix', ['s3://logs/none/']],
  ['There is no object s3://logs/none: check its name', ['s3://logs/none']],
  ['there is no bucket "other"', ['s3://other/']],
])('%s …', async (sentence, words) => {
  const { code, err } = await runMain(['replay', ...words], { env: env() });
  expect([code, err]).toEqual([2, expect.stringContaining(sentence)]);
  expect(err).not.toMatch(/password@|secret\+key/);
});

test('half of the credentials is a mistake', async () => {
  const { err } = await runMain(['replay', 's3://logs/'], { env: { AWS_ACCESS_KEY_ID: 'AKID' } });
  expect(err).toContain('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together');
});
