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
  /** Ends the broker and starts it again on its data. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts one broker with an empty log. `settings` are lines of its properties. */
export async function startKafka(libraries: string, settings: readonly string[] = []): Promise<Kafka> {
  const folder = await scratchFolder('kafka');
  const [port = 0, controller = 0] = await freePorts(2);
  const properties = join(folder, 'server.properties');
  const lines = [
    'process.roles=broker,controller',
    'node.id=1',
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
    `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names=CONTROLLER',
    'listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    `log.dirs=${join(folder, 'data')}`,
    'offsets.topic.replication.factor=1',
    'offsets.topic.num.partitions=2',
    'transaction.state.log.replication.factor=1',
    'transaction.state.log.min.isr=1',
    'group.initial.rebalance.delay.ms=0',
    'group.min.session.timeout.ms=1000',
    ...settings,
  ];
  await writeFile(properties, `${lines.join('\n')}\n`);
  const java = ['-Xmx512m', '-cp', join(libraries, 'libs', '*')];
  const id = 'MkU3OEVBNTcwNTJENDM2Qg';
  await command('java', [...java, 'kafka.tools.StorageTool', 'format', '-t', id, '-c', properties]);
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

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
