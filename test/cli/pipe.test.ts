import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { metricsIn } from '../export/decode.ts';
import { type Receiver, startReceiver } from '../export/receiver.ts';
import { PYTHON } from '../python.ts';
import { BIN } from '../start-bin.ts';

// The built program in a pipeline and at a terminal, as a shell starts it.

jest.setTimeout(60_000);

const SAMPLE = sampleLog('20261120_120000_abc123', epochMicros(Date.UTC(2026, 10, 20, 12) * 1000));
const LASTS_MILLIS = 3100;
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

let folder: string;
let receiver: Receiver;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-pipe-'));
  receiver = await startReceiver();
  writeFileSync(at('log'), '');
});
afterEach(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string) => join(folder, name);
const hermesOtel = `"${process.execPath}" "${BIN}"`;

async function until(holds: () => boolean): Promise<void> {
  for (let wait = 0; wait < 2000 && !holds(); wait += 1) await new Promise((done) => setTimeout(done, 10));
  expect(holds()).toBe(true);
}

interface Shell {
  /** To every process of it, as Ctrl-C does. */
  signalAll(name: NodeJS.Signals): void;
  readonly ended: Promise<{ readonly code: number | string | null; readonly err: string }>;
}

function bash(script: string): Shell {
  const child = spawn('bash', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let err = '';
  child.stdout.resume();
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  return {
    signalAll: (name) => process.kill(-(child.pid ?? 0), name),
    ended: new Promise((resolve) => {
      child.on('close', (code, signal) => resolve({ code: signal ?? code, err }));
    }),
  };
}

test('tail -f into it: a finished span arrives while the log goes on; Ctrl-C drains, and exits 0', async () => {
  const replay = `${hermesOtel} replay - -e otlp --endpoint ${receiver.url}; echo $? > ${at('code')}`;
  const shell = bash(`tail -n +1 -f ${at('log')} | { ${replay}; }`);
  appendFileSync(at('log'), text(SAMPLE.slice(0, 9)));
  await until(() => receiver.spanCount() > 0);
  const before = receiver.spanCount();
  shell.signalAll('SIGINT');
  const { err } = await shell.ended;
  expect(readFileSync(at('code'), 'utf8')).toBe('0\n');
  expect(receiver.spanCount()).toBeGreaterThan(before);
  expect(err).toContain('incomplete');
});

test('metrics leave at the end of their interval, also when the log has fallen silent', async () => {
  const shell = bash(
    `tail -n +1 -f ${at('log')} | ${hermesOtel} replay - -e otlp --endpoint ${receiver.url} --metric-interval 8s`,
  );
  const now = sampleLog('20261120_120000_abc123', epochMicros((Date.now() - LASTS_MILLIS) * 1000));
  appendFileSync(at('log'), text(now));
  await until(() => receiver.spanCount() === 6);
  const tokens = () =>
    receiver.requests
      .flatMap(({ metrics }) => (metrics ? metricsIn(metrics) : []))
      .filter(({ name }) => name === 'hermes.session.turn_count');
  await until(() => tokens().length > 0);
  shell.signalAll('SIGINT');
  await shell.ended;
});

test('a full pipe slows it down, and loses nothing', async () => {
  const many = Array.from({ length: 400 }, (_, index) =>
    sampleLog(`20261120_${String(120000 + index)}_abc123`, epochMicros(1_795_000_000_000_000)),
  );
  writeFileSync(at('log'), text(many.flat()));
  const slowly = `${process.execPath} -e "setTimeout(() => process.stdin.pipe(process.stdout), 1500)"`;
  const { code } = await bash(`set -o pipefail; ${hermesOtel} replay ${at('log')} | ${slowly} > ${at('out')}`)
    .ended;
  expect(code).toBe(0);
  expect(
    readFileSync(at('out'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('turn 1')),
  ).toHaveLength(400);
});

test('a reader that leaves is no error, also of what it says on standard error: console, otlp_file', async () => {
  writeFileSync(at('log'), text(SAMPLE));
  const codes = ['console', 'otlp_file'].map(async (name) => {
    const follow = `${hermesOtel} replay --follow ${at('log')} -e ${name} --stats-interval 50ms`;
    // The reader takes both, and leaves with the first line.
    const shell = bash(`{ timeout -s TERM 4 ${follow}; echo $? > ${at(name)}; } 2>&1 | head -1`);
    await shell.ended;
    await until(() => existsSync(at(name)) && readFileSync(at(name), 'utf8') !== '');
    return readFileSync(at(name), 'utf8');
  });
  // 124 is how `timeout` reports that it had to end it: it went on.
  expect(await Promise.all(codes)).toEqual(['124\n', '124\n']);
});

(PYTHON === undefined ? test.skip : test)(
  'a terminal that is closed ends it as Ctrl-C does: what is open is sent',
  async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 9)));
    const argv = ['replay', '--follow', at('log'), '-e', 'console', '-e', 'otlp', '--endpoint', receiver.url];
    // A terminal whose window closes: its session is hung up, and whatever is written to it fails.
    const window = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
while not os.path.exists(${JSON.stringify(at('close'))}):
    time.sleep(0.02)
os.close(terminal)
status = os.waitpid(pid, 0)[1]
sys.exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 200 + os.WTERMSIG(status))
`;
    const child = spawn(PYTHON ?? 'python3', ['-c', window, process.execPath, BIN, ...argv], {
      stdio: 'ignore',
    });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await until(() => receiver.spanCount() > 0);
    const before = receiver.spanCount();
    writeFileSync(at('close'), '');
    // By the signal that it got, which is 1; not by an abort.
    expect(await ended).toBe(201);
    expect(receiver.spanCount()).toBeGreaterThan(before);
  },
);
