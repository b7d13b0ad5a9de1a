import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { startBin as start, startBinIn } from './start-bin.ts';

// The built program in a process of its own, with an empty environment. `npm test` builds it first.
const LOG = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';

test('a log is replayed, and standard error says so', async () => {
  const { code, out, err } = await start('replay', LOG).ended;
  expect(code).toBe(0);
  expect(out).toContain('turn 3');
  expect(err).toBe(
    'replayed 38 events from 1 file: 2 sessions, 4 turns, 5 calls, 2 tools → 13 spans, 7 metrics\n',
  );
});

test('the bundle has all of its parts, and finds the files of the package', async () => {
  const chunks = readdirSync(new URL('../dist/chunks/', import.meta.url));
  const script = chunks.map((name) => `await import('./dist/chunks/${name}');`).join('\n');
  const parts = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect([parts.status, parts.stderr]).toEqual([0, '']);
  expect((await start('view', LOG, '--html', '-').ended).out).toContain('<title>');
  const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-bin-'));
  try {
    expect(await start('stack', 'init', join(folder, 'stack')).ended).toMatchObject({ code: 0 });
    expect(await start('init', '--yes', '--home', folder).ended).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, 'plugins/hermes_otel_recorder/__init__.py'), 'utf8')).toContain(
      'import',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a reader that has seen enough is no error', async () => {
  const { child } = start('replay', LOG, LOG, LOG);
  child.stdout?.once('data', () => child.stdout?.destroy());
  const status = await new Promise((resolve) => child.on('close', (code, signal) => resolve(signal ?? code)));
  expect(status).toBe(0);
});

test.each([['--help'], ['--version'], ['replay --help'], ['init --dry-run --home .'], ['completion bash']])(
  'nobody reads what %s prints: no error either',
  async (words) => {
    const { child, ended } = start(...words.split(' '));
    // Closed long before the first write: Node itself takes longer to start.
    child.stdout?.destroy();
    expect(await ended).toEqual({ code: 0, out: '', err: '' });
  },
);

test('nobody reads the sentence about a mistake: its exit code stays', async () => {
  const { child, ended } = start('replay', 'no-such-file');
  child.stderr?.destroy();
  expect(await ended).toEqual({ code: 2, out: '', err: '' });
});

test('in an endless pipe a finished turn is shown at once; Ctrl-C closes what is open and exits 0', async () => {
  const lines = readFileSync(LOG, 'utf8').split('\n');
  const { child, until, ended } = start('replay', '-');
  // The first turn whole, the second cut in the middle of a call.
  child.stdin?.write(`${lines.slice(0, 11).join('\n')}\n`);
  expect(await until('turn 1')).toContain('chat fake-model-1');
  child.kill('SIGINT');
  const { code, err } = await ended;
  expect(code).toBe(0);
  expect(err).toContain('incomplete');
});

test('an interrupted replay of files sends what it has and exits 130; a second signal leaves at once', async () => {
  const server = createServer((request) => request.resume());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { child, ended } = start(
    'replay',
    LOG,
    '-e',
    'otlp',
    '--endpoint',
    `http://127.0.0.1:${port}`,
    'HERMES_OTEL_SHUTDOWN_TIMEOUT=60s',
  );
  await new Promise((resolve) => server.once('request', resolve));
  child.kill('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill('SIGINT');
  const { code } = await ended;
  server.closeAllConnections();
  server.close();
  expect([130, 'SIGINT']).toContain(code);
});

test('a user’s mistake is one sentence and exit 2', async () => {
  const { code, err } = await start('replay', 'no-such-file').ended;
  expect({ code, err }).toEqual({
    code: 2,
    err: 'hermes-otel: There is no file "no-such-file": check the path.\n',
  });
});

test('record has a help of its own; with anything else it is a hook that says nothing', async () => {
  const help = await start('record', '--help').ended;
  expect([help.code, help.out.includes('HERMES_OTEL_RECORD_CONTENT')]).toEqual([0, true]);
  const { child, ended } = start('record', '--no-such-flag');
  child.stdin?.end('{broken');
  expect(await ended).toEqual({ code: 0, out: '', err: '' });
});

test.each([
  ['14.21.3', ['replay', LOG], 2],
  ['20.18.1', ['--version'], 2],
  ['18.0.0', ['record', 'hooks.ndjson'], 0],
])('Node %s is one sentence', async (version, args, expected) => {
  const folder = await mkdtemp(join(tmpdir(), 'old-node-'));
  const preload = join(folder, 'version.cjs');
  const versions = `{ ...process.versions, node: '${version}' }`;
  await writeFile(preload, `Object.defineProperty(process, 'versions', { value: ${versions} });\n`);
  const { code, out, err } = await startBinIn({ env: { NODE_OPTIONS: `--require=${preload}` } }, ...args)
    .ended;
  expect([code, out, err]).toEqual([
    expected,
    '',
    `hermes-otel needs Node.js 20.19 or newer, and this is ${version}: https://nodejs.org\n`,
  ]);
});
