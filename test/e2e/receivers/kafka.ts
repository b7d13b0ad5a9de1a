import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Provided, provide } from './cache.ts';
import { command } from './command.ts';
import { freePorts, scratchFolder } from './process.ts';

const VERSION = '4.4.0';
const NODE = '24.21.0';
const pom = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));

/** Apache Kafka, as its jars. */
export function provideKafka(): Promise<Provided> {
  return provide(`kafka-${VERSION}`, async (folder) => {
    // The program must be there before minutes are spent on its jars.
    await command('java', ['-version']);
    await copyFile(pom, join(folder, 'pom.xml'));
    const target = `-DoutputDirectory=${join(folder, 'libs')}`;
    await command('mvn', ['-q', '-B', 'dependency:copy-dependencies', target], { cwd: folder });
  });
}

/** A Node.js that the Kafka client runs on. */
export function provideNode(): Promise<Provided> {
  return provide(`node-${NODE}`, async (folder) => {
    await command('npm', ['install', '--prefix', folder, '--no-package-lock', `node@${NODE}`]);
    await command(nodeIn(folder), ['--version']);
  });
}

export function nodeIn(folder: string): string {
  return join(folder, 'node_modules', 'node', 'bin', 'node');
}

export interface Kafka {
  /** `host:port`. */
  readonly broker: string;
  /** `host:port` with TLS; nobody listens there without `Secured`. */
  readonly tls: string;
  /** `host:port` with TLS and SASL, by PLAIN and SCRAM. */
  readonly sasl: string;
  /** Ends the broker and starts it again on its data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Certificate and key of the broker, and whom it lets in. */
export interface Secured {
  readonly cert: string;
  readonly key: string;
  readonly user: string;
  readonly password: string;
}

/** Starts one broker with an empty log. With `secured` it also listens with TLS, and with TLS and SASL. */
export async function startKafka(libraries: string, secured?: Secured): Promise<Kafka> {
  const folder = await scratchFolder('kafka');
  const [port = 0, controller = 0, tls = 0, sasl = 0] = await freePorts(4);
  const properties = join(folder, 'server.properties');
  const addresses = [
    `PLAINTEXT://127.0.0.1:${port}`,
    ...(secured ? [`SSL://127.0.0.1:${tls}`, `SASL_SSL://127.0.0.1:${sasl}`] : []),
  ];
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=${[...addresses, `CONTROLLER://127.0.0.1:${controller}`].join()}`,
    `advertised.listeners=${addresses.join()}`,
    'controller.listener.names=CONTROLLER',
    `listener.security.protocol.map=CONTROLLER:PLAINTEXT,${['PLAINTEXT', 'SSL', 'SASL_SSL'].map((name) => `${name}:${name}`).join()}`,
    `log.dirs=${join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=2',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    ...(secured ? await securityOf(secured, folder) : []),
  ];
  await writeFile(properties, `${lines.join('\n')}\n`);
  const java = ['-Xmx512m', '-cp', join(libraries, 'libs', '*')];
  const id = 'MkU3OEVBNTcwNTJENDM2Qg';
  await command('java', [
    ...java,
    'kafka.tools.StorageTool',
    'format',
    '-t',
    id,
    '-c',
    properties,
    ...scramUsers(secured),
  ]);
  const begin = async (): Promise<ChildProcess> => {
    const child = spawn('java', [...java, 'kafka.Kafka', properties], { stdio: 'ignore' });
    for (let tries = 0; tries < 300 && !(await accepts(port)); tries++) await sleep(100);
    return child;
  };
  let running = await begin();
  const end = async () => {
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
  };
  return {
    broker: `127.0.0.1:${port}`,
    tls: `127.0.0.1:${tls}`,
    sasl: `127.0.0.1:${sasl}`,
    async restart() {
      await end();
      running = await begin();
    },
    async stop() {
      await end();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const SCRAM = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];

async function securityOf(
  { cert, key, user, password }: Secured,
  folder: string,
): Promise<readonly string[]> {
  const store = join(folder, 'broker.pem');
  await writeFile(store, `${key}\n${cert}\n`);
  const listener = 'listener.name.sasl_ssl';
  const login = 'org.apache.kafka.common.security';
  return [
    'ssl.keystore.type=PEM',
    `ssl.keystore.location=${store}`,
    `sasl.enabled.mechanisms=PLAIN,${SCRAM.join()}`,
    `${listener}.plain.sasl.jaas.config=${login}.plain.PlainLoginModule required user_${user}="${password}";`,
    ...SCRAM.map(
      (name) =>
        `${listener}.${name.toLowerCase()}.sasl.jaas.config=${login}.scram.ScramLoginModule required;`,
    ),
  ];
}

function scramUsers(secured: Secured | undefined): readonly string[] {
  if (secured === undefined) return [];
  return SCRAM.flatMap((name) => [
    '--add-scram',
    `${name}=[name=${secured.user},password=${secured.password}]`,
  ]);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
