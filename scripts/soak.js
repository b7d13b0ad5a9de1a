// Many events through `--follow`: does memory stay flat? `npm run soak -- 1000000` (default: 10 million events).
// Writes a log, rotated as it goes, a little ahead of the follower; prints its lines and its memory over time.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sampleLog } from '../dist/sample/sample-log.js';

const print = (text) => process.stdout.write(`${text}\n`);
const EVENTS = Number(process.argv[2] ?? 10_000_000);
const EVENTS_PER_SESSION = 12;
const SESSIONS_AT_A_TIME = 2000;
const ROTATE_AFTER_LINES = 240_000;
/** The writer waits when it is so far ahead. */
const MOST_AHEAD = 480_000;
const BIN = fileURLToPath(new URL('../bin/hermes-otel.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-soak-'));
const logs = join(folder, 'logs');
mkdirSync(logs);
const file = join(logs, 'hooks.ndjson');
const server = createServer((request, response) => {
  request.resume().on('end', () => response.end());
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const endpoint = `http://127.0.0.1:${server.address().port}`;

const follow = ['replay', '--follow', logs, '--checkpoint', join(folder, 'checkpoint')];
const child = spawn(
  process.execPath,
  [BIN, ...follow, '-e', 'otlp', '--endpoint', endpoint, '--stats-interval', '1s'],
  { stdio: ['ignore', 'ignore', 'pipe'] },
);
let lines = 0;
let told = '';
child.stderr.on('data', (chunk) => {
  told = (told + chunk).slice(-4000);
  lines = Number(told.match(/.*lines=(\d+)/s)?.[1] ?? lines);
});
const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));

const began = Date.now();
const seconds = () => ((Date.now() - began) / 1000).toFixed(0);
const rssMegabytes = () =>
  Math.round(Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)?.[1]) / 1024);
print('seconds  lines       RSS MB');
const tell = () => print(`${seconds().padStart(7)}  ${String(lines).padStart(10)}  ${rssMegabytes()}`);
const reporter = setInterval(tell, 10_000);

let written = 0;
let sinceRotation = 0;
for (let session = 0; written < EVENTS; session += SESSIONS_AT_A_TIME) {
  while (written - lines > MOST_AHEAD) await new Promise((resolve) => setTimeout(resolve, 100));
  const block = Array.from({ length: SESSIONS_AT_A_TIME }, (_, at) => {
    const number = session + at;
    return sampleLog(`soak_${number}`, 1_795_000_000_000_000 + number * 3_200_000).join('\n');
  });
  appendFileSync(file, `${block.join('\n')}\n`);
  written += SESSIONS_AT_A_TIME * EVENTS_PER_SESSION;
  sinceRotation += SESSIONS_AT_A_TIME * EVENTS_PER_SESSION;
  if (sinceRotation >= ROTATE_AFTER_LINES) rotate();
  await new Promise((resolve) => setTimeout(resolve, 1));
}
while (lines < written && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 200));
tell();
clearInterval(reporter);
child.kill('SIGTERM');
print(`exit ${await ended}; ${Math.round((written / (Date.now() - began)) * 1000)} events/s`);
print(
  told
    .split('\n')
    .filter((line) => /^(replayed|sent)/.test(line))
    .join('\n'),
);
server.close();
server.closeAllConnections();
rmSync(folder, { recursive: true, force: true });

/** By rename, as logrotate does; what was read long ago is removed. */
function rotate() {
  sinceRotation = 0;
  renameSync(file, `${file}.${written}`);
  const old = readdirSync(logs).filter((name) => Number(name.split('.').at(-1)) < lines - ROTATE_AFTER_LINES);
  for (const name of old) rmSync(join(logs, name));
}
