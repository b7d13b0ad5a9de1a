import { execFileSync, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { main } from '../../src/cli/main.ts';
import { runMain, testIo } from '../run-main.ts';
import { until } from '../until.ts';

const RECORDING = new URL('../../fixtures/recordings/0.16.0/delegate-batch/flat.ndjson', import.meta.url);
const BIN = fileURLToPath(new URL('../../bin/hermes-otel.js', import.meta.url));
const LINES = readFileSync(RECORDING, 'utf8').trimEnd().split('\n');

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-screen-'));
  log = join(folder, 'hooks.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}

/** The lines as if the last of them had been recorded now. */
function upToNow(lines: readonly string[]): readonly string[] {
  const times = lines.map((line): number => JSON.parse(line).ts);
  const shift = Date.now() / 1000 - Math.max(...times);
  return lines.map((line) => {
    const { ts, ...event } = JSON.parse(line);
    return JSON.stringify({ ts: ts + shift, ...event });
  });
}

describe('view --follow without a terminal', () => {
  test('prints turns as plain lines when they end, and the totals at the end', async () => {
    writeFileSync(log, text(LINES.slice(0, -8)));
    const listeners = new Map<string, () => void>();
    const { io, out, err } = testIo({ onSignal: (name, listener) => listeners.set(name, listener) });
    const code = main(['view', '--follow', log], io);
    await until(() => err().includes('Following'));
    expect(out()).not.toContain('turn 1  ');
    appendFileSync(log, text(LINES.slice(-8)));
    await until(() => out().includes('tool delegate_task'));
    listeners.get('SIGINT')?.();
    expect(await code).toBe(0);
    expect(out()).toContain('1 session, 3 turns, 6 calls, 3 tools, 2 sub-agents');
    expect(out()).not.toContain('\u001b');
  });

  test.each([
    [['--html', 'x.html'], '--html'],
    [['--conversation'], '--conversation'],
    [['--format', 'json'], '--format'],
    [['--depth', '1'], '--depth'],
    [['--conventions', 'gen-ai'], '--conventions'],
    [['--drop-attribute', 'hermes.*'], '--drop-attribute'],
  ])('%j looks at a whole log: refused', async (flags, name) => {
    const { code, err } = await runMain(['view', '--follow', ...flags, log]);
    expect(code).toBe(2);
    expect(err).toContain(`--follow and ${name} exclude each other.`);
  });

  test('a pipe does not grow: refused', async () => {
    const { code, err } = await runMain(['view', '--follow', '-'], { stdin: 'x' });
    expect(code).toBe(2);
    expect(err).toContain('can be followed');
  });
});

const hasTmux = spawnSync('tmux', ['-V']).status === 0;
if (!hasTmux) {
  process.stderr.write('tmux is missing, so the live screen was not tested: apt-get install tmux.\n');
}

/** A terminal of its own, so that the test sees what a person sees. */
(hasTmux ? describe : describe.skip)('view --follow at a terminal', () => {
  const socket = `hermes-otel-${process.pid}`;
  const tmux = (...argv: readonly string[]) =>
    execFileSync('tmux', ['-L', socket, ...argv], { encoding: 'utf8' });
  const screen = () => tmux('capture-pane', '-p', '-t', 'live');
  const shows = (words: string) => until(() => screen().includes(words));
  const took = (name: string) => new RegExp(`${name}[^\\n]*?([\\d.]+)s  running`).exec(screen())?.[1];

  function start(...flags: readonly string[]): void {
    const command = [process.execPath, BIN, 'view', '--follow', ...flags, log]
      .map((word) => `'${word}'`)
      .join(' ');
    tmux('new-session', '-d', '-s', 'live', '-x', '100', '-y', '24', `${command}; echo "code $?"; sleep 30`);
  }
  afterEach(() => {
    spawnSync('tmux', ['-L', socket, 'kill-server']);
  });

  test('open spans grow, totals tick, the newest turn is on top, and Ctrl-C leaves the last frame', async () => {
    writeFileSync(log, text(upToNow(LINES.slice(0, 25))));
    start('--capture-content');
    await shows('1 session, 3 turns, 4 calls, 3 tools, 2 sub-agents');
    expect(screen()).toContain('turn 1 · delegate these two');
    const before = Number(took('tool delegate_task'));
    await until(() => Number(took('tool delegate_task')) > before);
    appendFileSync(log, text(upToNow(LINES.slice(0, -2)).slice(25)));
    await shows('6 calls');
    tmux('send-keys', '-t', 'live', 'C-c');
    await shows('code 0');
    expect(screen()).toContain('turn 1 · delegate these two');
    expect(screen()).toContain('6 calls');
  }, 40_000);

  test('a frame never leaves the screen, and follows its size', async () => {
    writeFileSync(log, text(upToNow(LINES.slice(0, 25))));
    start();
    await shows('2 sub-agents');
    tmux('resize-window', '-t', 'live', '-x', '60', '-y', '10');
    await until(() => /earlier/.test(screen()));
    const lines = screen().split('\n');
    expect(lines[0]).toContain('1 session');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  }, 40_000);
});
