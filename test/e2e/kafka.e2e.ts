import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type HostLog, hostLogs, interleaved } from './kafka/fleet-log.ts';
import { type Kept, keep, kept, startReceiver, totalsOf } from './kafka/receiver.ts';
import { decode, eventually } from './otlp.ts';
import { type Kafka, nodeIn, provideKafka, provideNode, startKafka } from './receivers/kafka.ts';
import { scratchFolder } from './receivers/process.ts';
import { fileOf } from './replay.ts';
import { describeReceiver } from './with-receivers.ts';

const programs = [await provideKafka(), await provideNode()];
const bin = fileURLToPath(new URL('../../bin/hermes-otel.js', import.meta.url));
const client = fileURLToPath(new URL('./kafka/client.js', import.meta.url));
const PARTITIONS = 6;

describeReceiver('Kafka', programs, (libraries = '', nodeFolder = '') => {
  const node = nodeIn(nodeFolder);
  let kafka: Kafka;
  let folder: string;
  beforeAll(async () => {
    kafka = await startKafka(libraries);
    folder = await scratchFolder('fleet');
  });
  afterAll(async () => {
    await kafka?.stop();
  });

  async function ask(args: readonly string[], stdin = ''): Promise<string> {
    const child = spawn(node, [client, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
    child.stdin.end(stdin);
    const [code] = await once(child, 'close');
    const text = Buffer.concat(said).toString('utf8');
    if (code !== 0) throw new Error(text);
    return text;
  }

  const consumeArgs = (topic: string, endpoint: string) => [
    bin,
    'consume',
    ...['--brokers', kafka.broker, '--topic', topic, '--group', topic],
    ...['--checkpoint', join(folder, 'state'), '--endpoint', endpoint],
    ...['--session-timeout', '6s', '--metric-interval', '15s'],
  ];
  const env = { PATH: process.env.PATH ?? '', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };

  type Supervised = ReturnType<typeof supervised>;

  /** A consumer that is started again whenever it ends, as a supervisor does. */
  function supervised(args: readonly string[]) {
    const codes: (number | string | null)[] = [];
    const errors: string[] = [];
    let stopping = false;
    let child: ChildProcess;
    const begin = () => {
      child = spawn(node, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
      child.stderr?.on('data', (chunk: Buffer) => errors.push(String(chunk)));
      child.once('exit', (code, signal) => {
        codes.push(code ?? signal);
        if (!stopping) begin();
      });
    };
    begin();
    return {
      codes,
      errors,
      end: (signal: 'SIGKILL' | 'SIGTERM') => child.kill(signal),
      async stop() {
        stopping = true;
        const gone = once(child, 'exit');
        child.kill('SIGTERM');
        await gone;
      },
    };
  }

  const lagOf = async (topic: string) =>
    Number(await ask(['lag', kafka.broker, topic, topic, String(PARTITIONS)]));

  /** Two consumers, then three; eight are killed, one is stopped, and the broker is restarted. */
  async function disturb(consumers: Supervised[], endpoint: string): Promise<void> {
    const at = (number: number) => consumers[number % consumers.length];
    for (let kill = 0; kill < 8; kill++) {
      await sleep(4_000 + ((kill * 379) % 1000));
      at(kill)?.end('SIGKILL');
      if (kill === 2) consumers.push(supervised(consumeArgs('fleet', endpoint)));
      if (kill === 4) at(kill + 1)?.end('SIGTERM');
      if (kill === 6) await kafka.restart();
    }
  }

  /** What one replay of all logs makes. */
  async function replayedPlain(logs: readonly HostLog[]): Promise<Kept> {
    const plain = kept();
    const directory = join(folder, 'logs');
    await mkdir(directory);
    for (const { host, lines } of logs)
      await writeFile(join(directory, `${host}.ndjson`), lines.map((line) => `${line}\n`).join(''));
    keep(plain, decode(await fileOf(directory, '--idle-timeout', '30m', '--metric-interval', '15s')));
    return plain;
  }

  test('60,000 events, eight kills, a stop and a broker that restarts: no span is missing, extra or wrong', async () => {
    const logs = hostLogs(40, 42);
    const messages = interleaved(logs);
    expect(messages.length).toBeGreaterThan(60_000);
    await ask(['create', kafka.broker, 'fleet', String(PARTITIONS)]);
    const receiver = await startReceiver();
    const began = Date.now();
    const consumers = [0, 1].map(() => supervised(consumeArgs('fleet', receiver.url)));
    let lag: number;
    try {
      const producing = ask(['produce', kafka.broker, 'fleet', '1300'], messages.join('\n'));
      await disturb(consumers, receiver.url);
      await producing;
      lag = await eventually(
        () => lagOf('fleet'),
        (left) => left === 0,
        240_000,
      );
      // Then the metrics of the last interval leave.
      await sleep(18_000);
    } finally {
      await Promise.all(consumers.map((consumer) => consumer.stop()));
    }
    const got = receiver.stop();
    const codes = consumers.flatMap((consumer) => consumer.codes);
    const errors = consumers.flatMap((consumer) => consumer.errors).join('');
    const doubles = got.count - got.spans.size;
    const seconds = Math.round((Date.now() - began) / 1000);
    process.stderr.write(
      `fleet: ${messages.length} messages, ${got.spans.size} spans, ${doubles} doubles, exits ${codes.join(' ')}, ${seconds} s\n`,
    );
    if (process.env.FLEET_LOG) await writeFile(process.env.FLEET_LOG, errors);
    expect([lag, errors.split('\n').filter((line) => / at .*\(/.test(line))]).toEqual([0, []]);

    const plain = await replayedPlain(logs);
    // What closes everything else is open itself.
    for (const [id, contents] of plain.spans)
      if ([...contents].join().includes('-last"')) plain.spans.delete(id);
    const missing = [...plain.spans.keys()].filter((id) => !got.spans.has(id));
    const extra = [...got.spans.keys()].filter((id) => !plain.spans.has(id));
    const wrong = [...got.spans].filter(([id, contents]) => {
      const [expected = ''] = plain.spans.get(id) ?? [];
      return contents.size !== 1 || !contents.has(expected);
    });
    expect({ missing: missing.length, extra: extra.length, wrong: wrong.length }).toEqual({
      missing: 0,
      extra: 0,
      wrong: 0,
    });
    expect(totalsOf(got)).toEqual(totalsOf(plain));
    expect(codes.filter((code) => code === 'SIGKILL')).toHaveLength(8);
    // Each kill and each rebalance sends again what was sent since the last snapshot; more, the slower the machine.
    expect(doubles).toBeLessThan(4 * got.spans.size);
  }, 600_000);

  test('refuses a compacted topic', async () => {
    await ask(['create', kafka.broker, 'compacted', '1', 'cleanup.policy=compact']);
    const child = spawn(node, consumeArgs('compacted', 'http://127.0.0.1:1'), { env });
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    const [code] = await once(child, 'close');
    expect([code, Buffer.concat(said).toString('utf8')]).toEqual([
      2,
      expect.stringContaining('is compacted'),
    ]);
  });
});
