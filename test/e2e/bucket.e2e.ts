import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Bucket, openBucket } from '../../src/fleet/bucket.ts';
import { isInShard } from '../../src/fleet/sources.ts';
import { type HostLog, hostLogs } from './kafka/fleet-log.ts';
import { type Kept, keep, kept, startReceiver, totalsOf } from './kafka/receiver.ts';
import { decode } from './otlp.ts';
import { type Moto, provideMoto, startMoto } from './receivers/moto.ts';
import { scratchFolder } from './receivers/process.ts';
import { fileOf } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const program = await provideMoto();
const bin = fileURLToPath(new URL('../../bin/hermes-otel.js', import.meta.url));
const SHARDS = [0, 1, 2, 3];
const AWS = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };

describeReceiver('S3', [program], (moto = '') => {
  let storage: Moto;
  let bucket: Bucket;
  let folder: string;
  beforeAll(async () => {
    storage = await startMoto(moto);
    folder = await scratchFolder('bucket');
    bucket = openBucket({
      scheme: 's3',
      name: 'hermes',
      endpoint: new URL(storage.url),
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    // An object without a key is the bucket itself.
    await bucket.put('', Buffer.alloc(0));
  });
  afterAll(() => storage.stop());

  const keyOf = (host: string) => `logs/${host}/hooks.ndjson`;
  const bytesOf = (lines: readonly string[]) => Buffer.from(lines.map((line) => `${line}\n`).join(''));

  /** The log of each host as three objects, as it was rotated; and the same as files. */
  async function write(logs: readonly HostLog[]): Promise<string> {
    const directory = join(folder, 'logs');
    await mkdir(directory);
    for (const { host, lines } of logs) {
      const third = Math.ceil(lines.length / 3);
      await bucket.put(`${keyOf(host)}-20261128.gz`, gzipSync(bytesOf(lines.slice(0, third))));
      await bucket.put(`${keyOf(host)}.1`, bytesOf(lines.slice(third, 2 * third)));
      await bucket.put(keyOf(host), bytesOf(lines.slice(2 * third)));
      await writeFile(join(directory, `${host}.ndjson`), bytesOf(lines));
    }
    return directory;
  }

  /** One of the processes. */
  async function replay(
    shard: number,
    {
      endpoint,
      checkpoint = 's3://hermes/state',
    }: { readonly endpoint: string; readonly checkpoint?: string },
    onStart = (_kill: () => void) => {},
  ) {
    const child = spawn(
      process.execPath,
      [
        ...[bin, 'replay', 's3://hermes/logs/', '--shard', `${shard}/${SHARDS.length}`],
        ...['--checkpoint', checkpoint, '--endpoint', endpoint, '--metric-interval', '15s'],
      ],
      {
        env: {
          PATH: process.env.PATH ?? '',
          AWS_ENDPOINT_URL: storage.url,
          ...AWS,
          OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    onStart(() => child.kill('SIGKILL'));
    const [code, signal] = await once(child, 'close');
    return { code: code ?? signal, said: Buffer.concat(said).toString('utf8') };
  }

  /** Kills in the middle: soon after the first snapshot. */
  async function killAtFirstSnapshot(kill: () => void): Promise<void> {
    const snapshots = () => readdir(join(folder, 'state', 'sources')).catch(() => []);
    while (!(await snapshots()).some((name) => name.endsWith('.gz'))) await sleep(2);
    await sleep(50);
    kill();
  }

  function expectSame(got: Kept, plain: Kept): void {
    const missing = [...plain.spans.keys()].filter((id) => !got.spans.has(id));
    const extra = [...got.spans.keys()].filter((id) => !plain.spans.has(id));
    const wrong = [...got.spans].filter(([id, contents]) => {
      const [expected = ''] = plain.spans.get(id) ?? [];
      return contents.size !== 1 || !contents.has(expected);
    });
    const counts = { missing: missing.length, extra: extra.length, wrong: wrong.length };
    expect(counts).toEqual({ missing: 0, extra: 0, wrong: 0 });
    expect(totalsOf(got)).toEqual(totalsOf(plain));
  }

  test('24 objects, four processes, one of them killed: no span is missing, extra or wrong', async () => {
    const logs = hostLogs(8, 42);
    const directory = await write(logs);
    const owners = SHARDS.map(
      (index) =>
        logs.filter(({ host }) => isInShard(`s3://hermes/${keyOf(host)}`, { index, count: 4 })).length,
    );
    const victim = owners.indexOf(Math.max(...owners));
    const receiver = await startReceiver();
    const to = (shard: number) => ({
      endpoint: receiver.url,
      ...(shard === victim && { checkpoint: join(folder, 'state') }),
    });
    const killed = await replay(victim, to(victim), (kill) => void killAtFirstSnapshot(kill));
    const ran = await Promise.all(SHARDS.map((shard) => replay(shard, to(shard))));
    const again = await Promise.all(SHARDS.map((shard) => replay(shard, to(shard))));
    const got = receiver.stop();
    expect([killed.code, ran.map(({ code, said }) => (code === 0 ? 0 : said))]).toEqual([
      'SIGKILL',
      SHARDS.map(() => 0),
    ]);
    for (const { said } of again) expect(said).toMatch(/nothing in them is new|no log is in this shard/);
    process.stderr.write(
      `bucket: ${owners.join(' ')} sources, ${got.spans.size} spans, ${got.count - got.spans.size} doubles\n`,
    );
    const plain = kept();
    keep(plain, decode(await fileOf(directory, '--metric-interval', '15s')));
    expectSame(got, plain);
  }, 120_000);
});
