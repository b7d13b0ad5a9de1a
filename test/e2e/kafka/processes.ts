/** Processes of a fleet: each is started with an environment of its own, and started again when it is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../../bin/hermes-otel.js', import.meta.url));
const client = fileURLToPath(new URL('./client.js', import.meta.url));

export interface Ran {
  readonly code: number | null;
  /** Standard output and standard error. */
  readonly said: string;
}

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Runs a program to its end. */
export async function run({ file, args, env }: Program, stdin = ''): Promise<Ran> {
  const child = spawn(file, args, { env: { PATH: process.env.PATH ?? '', ...env } });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk));
  child.stdin.end(stdin);
  const [code] = await once(child, 'close');
  return { code, said: Buffer.concat(said).toString('utf8') };
}

/** Runs `client.js`. @throws with what it said when it fails */
export async function askKafka(node: string, args: readonly string[], stdin = ''): Promise<string> {
  const { code, said } = await run({ file: node, args: [client, ...args] }, stdin);
  if (code !== 0) throw new Error(said);
  return said;
}

export async function lagOf(
  node: string,
  broker: string,
  topic: string,
  partitions: number,
): Promise<number> {
  return Number(await askKafka(node, ['lag', broker, topic, topic, String(partitions)]));
}

export interface Consuming {
  readonly node: string;
  readonly broker: string;
  readonly topic: string;
  readonly checkpoint: string;
  readonly endpoint: string;
}

/** `hermes-otel consume` by a group that is named as its topic. */
export function consumer(
  { node, broker, topic, checkpoint, endpoint }: Consuming,
  ...more: readonly string[]
): Program {
  return {
    file: node,
    args: [
      bin,
      'consume',
      ...['--brokers', broker, '--topic', topic, '--group', topic],
      ...['--checkpoint', checkpoint, '--endpoint', endpoint, '--session-timeout', '6s'],
      ...more,
    ],
    env: { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
  };
}

export interface Supervised {
  /** How it ended, each time. */
  readonly codes: readonly (number | string | null)[];
  /** What it wrote to standard error. */
  readonly errors: readonly string[];
  end(signal: 'SIGKILL' | 'SIGTERM'): void;
  stop(): Promise<void>;
}

/** A program that is started again whenever it ends, as a supervisor does. */
export function supervised({ file, args, env }: Program, pauseMillis = 0): Supervised {
  const codes: (number | string | null)[] = [];
  const errors: string[] = [];
  let stopping = false;
  let child: ChildProcess;
  const begin = () => {
    if (stopping) return;
    child = spawn(file, args, {
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr?.on('data', (chunk: Buffer) => errors.push(String(chunk)));
    child.once('exit', (code, signal) => {
      codes.push(code ?? signal);
      setTimeout(begin, pauseMillis);
    });
  };
  begin();
  return {
    codes,
    errors,
    end: (signal) => child.kill(signal),
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
