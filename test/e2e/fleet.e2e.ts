import { once } from 'node:events';
import { appendFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Certificates, makeCertificates } from '../export/certificates.ts';
import { hostLogs } from './kafka/fleet-log.ts';
import { askKafka, consumer, lagOf, run, supervised } from './kafka/processes.ts';
import {
  differences,
  type Kept,
  keep,
  kept,
  replayedPlain,
  startReceiver,
  totalsOf,
} from './kafka/receiver.ts';
import { decode, eventually } from './otlp.ts';
import { type Collector, provideCollector, startCollector } from './receivers/collector.ts';
import { type Kafka, nodeIn, provideKafka, provideNode, startKafka } from './receivers/kafka.ts';
import { scratchFolder } from './receivers/process.ts';
import { describeReceiver } from './with-receivers.ts';

const programs = [await provideKafka(), await provideNode(), await provideCollector()];
const COLLECTOR = fileURLToPath(new URL('../../docs/fleet/collector.yaml', import.meta.url));
const PARTITIONS = 6;
const [user, password] = ['hermes', 'pass-word-4711'];

describeReceiver('Kafka and Collector', programs, (libraries = '', nodeFolder = '', program = '') => {
  const node = nodeIn(nodeFolder);
  const ask = (args: readonly string[], stdin = '') => askKafka(node, args, stdin);
  let kafka: Kafka;
  let folder: string;
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
    kafka = await startKafka(libraries, { ...certificates.server, user, password });
    folder = await scratchFolder('fleet');
  });
  afterAll(async () => {
    await kafka?.stop();
  });

  const consumerOf = (topic: string, endpoint: string, ...more: readonly string[]) =>
    consumer({ node, broker: kafka.broker, topic, checkpoint: join(folder, 'state'), endpoint }, ...more);

  /** The Collector beside an agent, with the file of the documentation; only paths are mapped. */
  async function shipper(host: string, home: string) {
    const storage = join(home, 'otelcol');
    await mkdir(storage, { recursive: true });
    const text = await readFile(COLLECTOR, 'utf8');
    const file = join(home, 'collector.yaml');
    await writeFile(
      file,
      text.replaceAll('/hermes/hermes-otel', home).replaceAll('/var/lib/otelcol', storage),
    );
    const args = ['--config', file, '--config', 'yaml:service::telemetry::metrics::level: none'];
    args.push('--feature-gates=stanza.synchronousLogEmitter');
    const env = { HOSTNAME: host, KAFKA_BROKERS: kafka.broker };
    return supervised({ file: join(program, 'otelcol'), args, env }, 300);
  }

  /** Appends the lines in bursts. The Collector is killed in the middle of some, and the log is rotated once. */
  async function write(lines: readonly string[], log: string, kill: () => void): Promise<void> {
    const bursts = 12;
    const size = Math.ceil(lines.length / bursts);
    for (let burst = 0; burst < bursts; burst++) {
      const some = lines.slice(burst * size, (burst + 1) * size);
      await appendFile(log, some.map((line) => `${line}\n`).join(''));
      if (burst % 2 === 1) {
        await sleep(40 + burst * 25);
        kill();
      }
      if (burst === 7) await rename(log, `${log}.1`);
      await sleep(400);
    }
  }

  test('two Collectors that are killed and whose logs are rotated, Kafka, consume, a Collector: the spans of one replay', async () => {
    const topic = 'hermes-hooks';
    await ask(['create', kafka.broker, topic, String(PARTITIONS), 'max.message.bytes=16777216']);
    const logs = hostLogs(2, 200);
    const homes = logs.map(({ host }) => join(folder, host));
    const logOf = (home = '') => join(home, 'hooks.ndjson');
    const flags = ['--metric-interval', '3s'];
    const receiver: Collector = await startCollector(program);
    const shippers = await Promise.all(logs.map(({ host }, index) => shipper(host, homes[index] ?? '')));
    const consuming = supervised(consumerOf(topic, receiver.http, ...flags));
    const received = async () => {
      const got = kept();
      for (const file of [receiver.tracesFile, receiver.metricsFile])
        keep(got, decode((await readFile(file, 'utf8')).split('\n')));
      return got;
    };
    const plain: Kept[] = [];
    try {
      await Promise.all(
        logs.map(({ lines }, index) =>
          write(lines, logOf(homes[index]), () => shippers[index]?.end('SIGKILL')),
        ),
      );
      for (const log of homes.map(logOf)) plain.push(await replayedPlain(`${log}.1`, log, ...flags));
      await eventually(received, (got) => differences(got, ...plain).missing === 0, 60_000);
      // Then the metrics of the last interval leave.
      await sleep(5000);
    } finally {
      await Promise.all([...shippers, consuming].map((one) => one.stop()));
    }
    const got = await received();
    await receiver.stop();
    const lag = await lagOf(node, kafka.broker, topic, PARTITIONS);
    const keys: Readonly<Record<string, { readonly partitions: number[]; readonly messages: number }>> =
      JSON.parse(await ask(['keys', kafka.broker, topic]));
    const lines = logs.reduce((sum, log) => sum + log.lines.length, 0);
    const messages = Object.values(keys).reduce((sum, key) => sum + key.messages, 0);
    process.stderr.write(
      `collectors: ${lines} lines, ${messages} messages under ${Object.keys(keys).join(' and ')}, consume ended with ${consuming.codes.join()}\n`,
    );
    expect([lag, differences(got, ...plain)]).toEqual([0, { missing: 0, extra: 0, wrong: 0 }]);
    expect(totalsOf(got)).toEqual(totalsOf(...plain));
    expect(Object.values(keys).map(({ partitions }) => partitions.length)).toEqual([1, 1]);
    expect(messages).toBeGreaterThan(lines);
    for (const { codes } of shippers) expect(codes.filter((code) => code === 'SIGKILL')).toHaveLength(6);
  }, 300_000);

  describe('a broker with TLS and passwords', () => {
    let ca: string;
    let endpoint: string;
    let receiver: Awaited<ReturnType<typeof startReceiver>>;
    const [{ host, lines } = { host: '', lines: [] }] = hostLogs(1, 2);
    beforeAll(async () => {
      ca = join(folder, 'ca.pem');
      await writeFile(ca, certificates.authority);
      for (const [name, text] of [
        ['right', password],
        ['wrong', 'guessed'],
      ] as const)
        await writeFile(join(folder, name), `${text}\n`);
      await ask(['create', kafka.broker, 'secured', '1']);
      await ask(
        ['produce', kafka.broker, 'secured', '1000'],
        lines.map((line) => `${host}\t${line}`).join('\n'),
      );
      receiver = await startReceiver();
      endpoint = receiver.url;
    });
    afterAll(() => void receiver?.stop());

    const secured = (broker: string, ...more: readonly string[]) =>
      consumer({ node, broker, topic: 'secured', checkpoint: join(folder, 'state'), endpoint }, ...more);
    const login = (mechanism: string, file: string) =>
      secured(
        kafka.sasl,
        ...['--tls-ca', ca, '--sasl', mechanism, '--user', user, '--password-file', join(folder, file)],
      );

    test.each(['TLS', 'plain', 'scram-sha-256', 'scram-sha-512'])('lets %s in', async (how) => {
      const group = ['--group', `secured-${how}`];
      const { file, args, env } = how === 'TLS' ? secured(kafka.tls, '--tls-ca', ca) : login(how, 'right');
      const going = supervised({ file, args: [...args, ...group], env });
      const lag = await eventually(
        async () => Number(await ask(['lag', kafka.broker, 'secured', `secured-${how}`, '1'])),
        (left) => left === 0,
      );
      await going.stop();
      expect([lag, going.codes, going.errors.join('')]).toEqual([
        0,
        [0],
        expect.stringContaining(`${lines.length} messages`),
      ]);
    });

    test.each(['plain', 'scram-sha-256'])(
      'refuses a wrong password by %s: exit code 2',
      async (mechanism) => {
        expect(await run(login(mechanism, 'wrong'))).toEqual({
          code: 2,
          said: expect.stringMatching(/^hermes-otel: Kafka refuses the password: .*--password-file\.\n$/),
        });
      },
    );

    test('is not trusted without --tls-ca: exit code 2', async () => {
      expect(await run(secured(kafka.tls, '--tls'))).toEqual({
        code: 2,
        said: expect.stringMatching(
          /^hermes-otel: Kafka cannot be reached: .*not trusted; check --tls-ca.*\n$/,
        ),
      });
    });
  });

  test('data that the receiver refuses for good: exit code 1, and with --dead-letter 0 lag', async () => {
    await ask(['create', kafka.broker, 'refused', '1']);
    const [{ host, lines }] = hostLogs(1, 2) as readonly [ReturnType<typeof hostLogs>[0] & object];
    await ask(
      ['produce', kafka.broker, 'refused', '1000'],
      lines.map((line) => `${host}\t${line}`).join('\n'),
    );
    const server = createServer((_, response) => response.writeHead(400).end());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    try {
      expect(await run(consumerOf('refused', endpoint))).toEqual({
        code: 1,
        said: expect.stringMatching(/answered 400: .* With --dead-letter FILE/),
      });
      const kept = join(folder, 'dead-letter.ndjson');
      const going = supervised(consumerOf('refused', endpoint, '--dead-letter', kept));
      const lag = await eventually(
        () => lagOf(node, kafka.broker, 'refused', 1),
        (left) => left === 0,
      );
      await going.stop();
      expect([lag, going.codes, (await readFile(kept, 'utf8')).includes('resourceSpans')]).toEqual([
        0,
        [0],
        true,
      ]);
    } finally {
      server.close();
    }
  });
});
