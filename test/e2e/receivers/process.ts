import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A receiver that runs. */
export interface Running {
  /** A folder of its own, gone after `stop`. */
  readonly folder: string;
  /** Ends the process and waits until it is gone. May be called again. */
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly folder: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** An address that answers 2xx once the program is ready. */
  readonly readyUrl: string;
  readonly timeoutMillis?: number;
}

export async function scratchFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `hermes-otel-e2e-${name}-`));
}

/** `count` ports on loopback that nobody listens on now, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Starts a receiver and returns when it answers. @throws with the end of its log when it ends or stays silent instead. */
export async function start(options: StartOptions): Promise<Running> {
  const child = spawn(options.file, options.args, {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = tailOf(child);
  child.once('error', () => undefined); // reported by `untilReady`: there is no process then
  try {
    await untilReady(child, options, log);
  } catch (error) {
    await end(child);
    await rm(options.folder, { recursive: true, force: true });
    throw error;
  }
  return {
    folder: options.folder,
    async stop() {
      await end(child);
      await rm(options.folder, { recursive: true, force: true });
    },
  };
}

function tailOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('utf8')).slice(-2000);
    });
  }
  return () => text;
}

async function untilReady(child: ChildProcess, options: StartOptions, log: () => string): Promise<void> {
  const deadline = Date.now() + (options.timeoutMillis ?? 30_000);
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.pid === undefined) break;
    if (await answers(options.readyUrl)) return;
    await sleep(100);
  }
  throw new Error(`${options.file} did not answer at ${options.readyUrl}:\n${log()}`);
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(late);
}
