/**
 * How long after its last line was written a turn's span arrives, in a pipe and with `--follow`. Wants a build.
 * `node scripts/measure-live.js [turns]`
 */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { epochMicros } from '../build/model/time.js';
import { sampleLog } from '../build/sample/sample-log.js';
import { listen } from './listen.js';

const TURNS = Number(process.argv[2] ?? 30);
const BIN = fileURLToPath(new URL('../bin/hermes-otel.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-live-'));
let heard = () => {};
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    heard();
    response.end();
  });
});
const port = await listen(server);
const delivery = ['-e', 'otlp', '--endpoint', `http://127.0.0.1:${port}`, '--no-metrics'];
const quoted = (words) => words.map((word) => `'${word}'`).join(' ');

for (const { title, command } of [
  {
    title: 'tail -f | replay -',
    command: (log) => `tail -n +1 -f ${log} | ${quoted([process.execPath, BIN, 'replay', '-', ...delivery])}`,
  },
  {
    title: 'replay --follow',
    command: (log) => quoted([process.execPath, BIN, 'replay', '--follow', log, ...delivery]),
  },
]) {
  const log = join(folder, title.replaceAll(/\W/g, ''));
  writeFileSync(log, '');
  const child = spawn('bash', ['-c', command(log)], { detached: true, stdio: 'ignore' });
  const waits = [];
  // The first one finds the program still starting.
  for (let turn = 0; turn <= TURNS; turn += 1) {
    const arrived = new Promise((resolve) => {
      heard = () => resolve(undefined);
    });
    const began = epochMicros(Date.now() * 1000 - 3_100_000);
    appendFileSync(log, `${sampleLog(`live_${turn}`, began).join('\n')}\n`);
    const from = performance.now();
    await arrived;
    if (turn > 0) waits.push(performance.now() - from);
    await sleep(300 + 20 * turn);
  }
  process.kill(-child.pid, 'SIGINT');
  waits.sort((a, b) => a - b);
  const at = (share) => Math.round(waits[Math.min(waits.length - 1, Math.floor(waits.length * share))]);
  process.stdout.write(
    `${title.padEnd(20)} median ${at(0.5)} ms, 95 % within ${at(0.95)} ms, longest ${at(1)} ms\n`,
  );
}
server.close();
server.closeAllConnections();
rmSync(folder, { recursive: true, force: true });
