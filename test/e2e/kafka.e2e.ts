import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hostLogs, interleaved } from './kafka/fleet-log.ts';
import { askKafka, consumer, lagOf, run, type Supervised, supervised } from './kafka/processes.ts';
import { differences, replayedPlain, startReceiver, totalsOf } from './kafka/receiver.ts';
import { eventually } from './otlp.ts';
import { type Kafka, nodeIn, provideKafka, provideNode, startKafka } from './receivers/kafka.ts';
import { scratchFolder } from './receivers/process.ts';
import { describeReceiver } from './with-receivers.ts';

const programs = [await provideKafka(), await provideNode()];
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

  const ask = (args: readonly string[], stdin = '') => askKafka(node, args, stdin);
  const consumerOf = (topic: string, endpoint: string) =>
    consumer(
      { node, broker: kafka.broker, topic, checkpoint: join(folder, 'state'), endpoint },
      ...['--metric-interval', '15s'],
    );

  /** Two consumers, then three; eight are killed, one is stopped, and the broker is restarted. */
  async function disturb(consumers: Supervised[], endpoint: string): Promise<void> {
    const at = (number: number) => consumers[number % consumers.length];
    for (let kill = 0; kill < 8; kill++) {
      await sleep(4_000 + ((kill * 379) % 1000));
      at(kill)?.end('SIGKILL');
      if (kill === 2) consumers.push(supervised(consumerOf('fleet', endpoint)));
      if (kill === 4) at(kill + 1)?.end('SIGTERM');
      if (kill === 6) await kafka.restart();
    }
  }

  test('60,000 events, eight kills, a stop and a broker that restarts: no span is missing, extra or wrong', async () => {
    const logs = hostLogs(40, 42);
    const messages = interleaved(logs);
    expect(messages.length).toBeGreaterThan(60_000);
    const directory = join(folder, 'logs');
    await mkdir(directory);
    for (const { host, lines } of logs)
      await writeFile(join(directory, `${host}.ndjson`), lines.map((line) => `${line}\n`).join(''));
    const plain = await replayedPlain(directory, '--metric-interval', '15s');
    await ask(['create', kafka.broker, 'fleet', String(PARTITIONS)]);
    const receiver = await startReceiver();
    const began = Date.now();
    const consumers = [0, 1].map(() => supervised(consumerOf('fleet', receiver.url)));
    let lag: number;
    try {
      const producing = ask(['produce', kafka.broker, 'fleet', '1300'], messages.join('\n'));
      await disturb(consumers, receiver.url);
      await producing;
      lag = await eventually(
        () => lagOf(node, kafka.broker, 'fleet', PARTITIONS),
        (left) => left === 0,
        240_000,
      );
      // Silent sources are flushed after that, and the metrics of the last interval leave: later, the slower the machine.
      await eventually(
        () => sleep(2000).then(receiver.soFar),
        (got) => differences(got, plain).missing === 0 && isDeepStrictEqual(totalsOf(got), totalsOf(plain)),
        120_000,
      );
    } finally {
      await Promise.all(consumers.map((one) => one.stop()));
    }
    const got = receiver.stop();
    const codes = consumers.flatMap((one) => one.codes);
    const errors = consumers.flatMap((one) => one.errors).join('');
    const doubles = got.count - got.spans.size;
    const seconds = Math.round((Date.now() - began) / 1000);
    process.stderr.write(
      `fleet: ${messages.length} messages, ${got.spans.size} spans, ${doubles} doubles, exits ${codes.join(' ')}, ${seconds} s\n`,
    );
    if (process.env.FLEET_LOG) await writeFile(process.env.FLEET_LOG, errors);
    expect([lag, errors.split('\n').filter((line) => / at .*\(/.test(line))]).toEqual([0, []]);

    expect(differences(got, plain)).toEqual({ missing: 0, extra: 0, wrong: 0 });
    expect(totalsOf(got)).toEqual(totalsOf(plain));
    expect(codes.filter((code) => code === 'SIGKILL')).toHaveLength(8);
    // Each kill and each rebalance sends again what was sent since the last snapshot; more, the slower the machine.
    expect(doubles).toBeLessThan(4 * got.spans.size);
  }, 600_000);

  test('refuses a compacted topic', async () => {
    await ask(['create', kafka.broker, 'compacted', '1', 'cleanup.policy=compact']);
    expect(await run(consumerOf('compacted', 'http://127.0.0.1:1'))).toEqual({
      code: 2,
      said: expect.stringContaining('is compacted'),
    });
  });
});
