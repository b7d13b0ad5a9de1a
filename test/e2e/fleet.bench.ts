// Throughput of one and of two consumers beside one replay of the same lines: `npm run bench:fleet`. It asserts no duration.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { hostLogs } from './kafka/fleet-log.ts';
import { askKafka, consumer, type Program } from './kafka/processes.ts';
import { eventually } from './otlp.ts';
import { nodeIn, provideKafka, provideNode, startKafka } from './receivers/kafka.ts';
import { scratchFolder } from './receivers/process.ts';
import { describeReceiver } from './with-receivers.ts';

const programs = [await provideKafka(), await provideNode()];
const ROUNDS = Number(process.env.ROUNDS ?? 3);
const HOSTS = Number(process.env.HOSTS ?? 120);
const SESSIONS = Number(process.env.SESSIONS ?? 42);
const PARTITIONS = 6;
const TICKS_PER_SECOND = 100;

/** What a process took until it was looked at last. */
interface Taken {
  cpuSeconds: number;
  peakMegabytes: number;
}

describeReceiver('Kafka', programs, (libraries = '', nodeFolder = '') => {
  const node = nodeIn(nodeFolder);

  test('throughput', async () => {
    const folder = await scratchFolder('fleet-bench');
    const kafka = await startKafka(libraries);
    const receiver = await startCounter();
    const logs = hostLogs(HOSTS, SESSIONS);
    const events = logs.reduce((sum, { lines }) => sum + lines.length, 0);
    const directory = join(folder, 'logs');
    await mkdir(directory);
    const messages: string[] = [];
    for (const { host, lines } of logs) {
      await writeFile(join(directory, `${host}.ndjson`), lines.map((line) => `${line}\n`).join(''));
      for (const line of lines) messages.push(`${host}\t${line}`);
    }
    const rows: string[] = [];
    try {
      await askKafka(node, ['create', kafka.broker, 'bench', String(PARTITIONS)]);
      await askKafka(node, ['produce', kafka.broker, 'bench', '20000'], messages.join('\n'));
      const consume = async (name: string, count: number) => {
        const checkpoint = join(folder, name);
        const { file, args } = consumer({
          node,
          broker: kafka.broker,
          topic: 'bench',
          checkpoint,
          endpoint: receiver.url,
        });
        const program = { file, args: [...args, '--group', name] };
        receiver.reset();
        const running = Array.from({ length: count }, () => watch(program));
        let snapshotBytes = 0;
        await eventually(
          async () => {
            await sleep(500);
            snapshotBytes = Math.max(snapshotBytes, await sizeOf(checkpoint));
            return Number(await askKafka(node, ['lag', kafka.broker, 'bench', name, String(PARTITIONS)]));
          },
          (left) => left === 0,
          240_000,
        );
        const seconds = receiver.seconds();
        const ends = await Promise.all(running.map((one) => one.end()));
        const row = [name, events, seconds.toFixed(1), Math.round(events / seconds)];
        rows.push([...row, JSON.stringify(ends), `snapshots ${snapshotBytes}`].join('\t'));
      };
      for (let round = 0; round < ROUNDS; round++) {
        receiver.reset();
        const args = [consumer({ node, broker: '', topic: '', checkpoint: '', endpoint: '' }).args[0] ?? ''];
        args.push('replay', directory, '-e', 'otlp', '--endpoint', receiver.url, '--idle-timeout', '30m');
        const replaying = watch({ file: node, args });
        const taken = await replaying.ended();
        const seconds = receiver.seconds();
        rows.push(
          ['replay', events, seconds.toFixed(1), Math.round(events / seconds), JSON.stringify(taken)].join(
            '\t',
          ),
        );
        await consume(`one-${round}`, 1);
        await consume(`two-${round}`, 2);
      }
    } finally {
      await kafka.stop();
      receiver.stop();
    }
    process.stderr.write(`${rows.join('\n')}\n`);
    expect(rows).toHaveLength(3 * ROUNDS);
  }, 1_200_000);
});

/** Runs a program, and looks at what it takes. */
function watch({ file, args }: Program) {
  const child: ChildProcess = spawn(file, args, {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const taken: Taken = { cpuSeconds: 0, peakMegabytes: 0 };
  const look = async () => {
    const [line, status] = await Promise.all(
      ['stat', 'status'].map((name) => readFile(`/proc/${child.pid}/${name}`, 'utf8').catch(() => '')),
    );
    const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ') ?? [];
    const ticks = Number(fields[11]) + Number(fields[12]);
    if (!(ticks > 0)) return;
    taken.cpuSeconds = ticks / TICKS_PER_SECOND;
    const peakKilobytes = Number(/VmHWM:\s+(\d+)/.exec(status ?? '')?.[1] ?? 0);
    taken.peakMegabytes = Math.max(taken.peakMegabytes, Math.round(peakKilobytes / 1024));
  };
  const timer = setInterval(() => void look(), 50);
  const ended = async () => {
    if (child.exitCode === null) await once(child, 'exit');
    clearInterval(timer);
    return taken;
  };
  return {
    ended,
    async end() {
      child.kill('SIGTERM');
      return await ended();
    },
  };
}

/** Takes all and keeps nothing. */
async function startCounter() {
  let first = 0;
  let last = 0;
  const server = createServer((request, response) => {
    first ||= Date.now();
    request.resume().once('end', () => {
      last = Date.now();
      response.end();
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`,
    reset: () => {
      first = 0;
    },
    /** From the first request to the last. */
    seconds: () => (last - first) / 1000,
    stop: () => server.close(),
  };
}

async function sizeOf(directory: string): Promise<number> {
  const names = await readdir(directory, { recursive: true }).catch(() => []);
  const sizes = names.map(async (name) => {
    const found = await stat(join(directory, name)).catch(() => undefined);
    return found?.isFile() ? found.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
