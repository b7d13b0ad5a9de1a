/**
 * Many events through `--follow` with a checkpoint: does memory stay flat, is everything accepted, what does the
 * checkpoint cost? `npm run soak` (10 million events), `npm run soak -- 300000`, `npm run soak -- 300000 --profile`,
 * `npm run soak -- 300000 --rate 10000` (a second; without it as fast as it can be read).
 *
 * Writes a log, rotated as it goes, a little ahead of the follower; prints a table to paste. Wants Linux (`/proc`), about
 * 300 MB of disk below the temporary folder (`TMPDIR` chooses it), 400 MB of memory, and for ten million events some
 * minutes to an hour: 20 seconds a million where nothing else runs. Ends with 1 when a span or a line is missing. Ctrl-C ends it and cleans up.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { epochMicros } from '../../build/model/time.js';
import { sampleLog } from '../../build/sample/sample-log.js';
import { listen } from '../listen.js';
import { sharesOf } from './profile.js';
import { memoryOf, summaryOf, tableOf } from './table.js';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { profile: { type: 'boolean', default: false }, rate: { type: 'string', default: 'Infinity' } },
});
const events = Number(positionals[0] ?? 10_000_000);
/** Lines written in a second; the writer waits for the follower too. */
const rate = Number(flags.rate);
const SESSIONS_AT_A_TIME = 100;
const ROTATE_AFTER_LINES = 120_000;
/** The writer waits when it is so far ahead. */
const MOST_AHEAD = 240_000;
const SAMPLE_MILLIS = 2000;
const PROGRESS_EVERY = 15;
const BIN = fileURLToPath(new URL('../../bin/hermes-otel.js', import.meta.url));

const print = (text) => process.stdout.write(`${text}\n`);
const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-soak-'));
const logs = join(folder, 'logs');
const file = join(logs, 'hooks.ndjson');
mkdirSync(logs);
const server = createServer((request, response) => {
  request.resume().on('end', () => response.end());
});
const port = await listen(server);

const follower = startFollower();
const samples = [];
const began = performance.now();
const sampler = setInterval(sample, SAMPLE_MILLIS);
let written = 0;
let interrupted = false;
process.once('SIGINT', () => {
  interrupted = true;
});
try {
  await write();
  while (follower.lines < written && isGoing()) await sleep(100);
  sample();
  const perSecond = written / ((performance.now() - began) / 1000);
  follower.child.kill('SIGTERM');
  const code = await follower.ended;
  print(`\n${tableOf(samples)}\n\n${summaryOf(follower.reported, code, perSecond, samples)}`);
  if (flags.profile) print(`\n${sharesOf(folder)}`);
  const isWhole = follower.lines === written && / 0 rejected, 0 failed/.test(follower.reported);
  process.exitCode = code === 0 && isWhole ? 0 : 1;
  if (process.exitCode === 1)
    print(`${written} lines were written, ${follower.lines} read:\n${follower.reported}`);
} finally {
  clearInterval(sampler);
  follower.child.kill('SIGKILL');
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}

function startFollower() {
  const endpoint = `http://127.0.0.1:${port}`;
  const profiling = flags.profile ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
  const follow = ['replay', '--follow', logs, '--checkpoint', join(folder, 'checkpoint')];
  const delivery = ['-e', 'otlp', '--endpoint', endpoint, '--stats-interval', '500ms'];
  const child = spawn(process.execPath, [...profiling, BIN, ...follow, ...delivery], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const state = { child, lines: 0, reported: '', ended: undefined };
  child.stderr.on('data', (chunk) => {
    state.reported = (state.reported + chunk).slice(-4000);
    state.lines = Number(state.reported.match(/.*lines=(\d+)/s)?.[1] ?? state.lines);
  });
  state.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  return state;
}

function isGoing() {
  return follower.child.exitCode === null && follower.child.signalCode === null && !interrupted;
}

function isAhead() {
  const seconds = (performance.now() - began) / 1000;
  return written - follower.lines > MOST_AHEAD || written > rate * seconds;
}

async function write() {
  let sinceRotation = 0;
  for (let session = 0; written < events && isGoing(); session += SESSIONS_AT_A_TIME) {
    while (isAhead() && isGoing()) await sleep(10);
    const lines = Array.from({ length: SESSIONS_AT_A_TIME }, (_, at) => {
      const number = session + at;
      return sampleLog(`soak_${number}`, epochMicros(1_795_000_000_000_000 + number * 3_200_000));
    }).flat();
    appendFileSync(file, `${lines.join('\n')}\n`);
    written += lines.length;
    sinceRotation += lines.length;
    if (sinceRotation >= ROTATE_AFTER_LINES) {
      rotate();
      sinceRotation = 0;
    }
    await sleep(1);
  }
}

/** By rename, as logrotate does; what was read long ago is removed. */
function rotate() {
  renameSync(file, `${file}.${written}`);
  const old = readdirSync(logs).filter(
    (name) => Number(name.split('.').at(-1)) < follower.lines - ROTATE_AFTER_LINES,
  );
  for (const name of old) rmSync(join(logs, name));
}

function sample() {
  const memory = memoryOf(follower.child.pid);
  if (memory === undefined) return;
  samples.push({ seconds: (performance.now() - began) / 1000, lines: follower.lines, ...memory });
  if (samples.length % PROGRESS_EVERY === 0) print(`${follower.lines} lines, ${memory.rssMb} MB`);
}
