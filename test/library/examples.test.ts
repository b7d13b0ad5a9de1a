import { execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { startReceiver } from '../export/receiver.ts';

// The examples of docs/library.md, run as a reader would run them: with the built package, by its own name.

const run = promisify(execFile);
const LOG = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';

test('file-to-tree prints a tree', async () => {
  const { stdout, stderr } = await run('node', ['docs/examples/file-to-tree.js', LOG]);
  expect(stdout).toContain('├─ turn 2');
  expect(stderr).toBe('38 lines, 0 of them lost\n');
});

test('slowest-tools sorts spans that another package has parsed', async () => {
  const { stdout } = await run('node', ['docs/examples/slowest-tools.js', LOG]);
  expect(stdout).toMatch(/^read_file \d+(\.\d+)? ms\nterminal \d+(\.\d+)? ms\n$/);
});

test('custom-exporter gets every span, and its failures', async () => {
  const { stdout } = await run('node', ['docs/examples/custom-exporter.js']);
  expect(stdout).toContain('hermes.tool.read_file: File not found: does/not/exist.txt');
  expect(stdout).toContain('failures: 14 of 14 spans');
});

test('budgets.test is a passing test', async () => {
  const { stdout } = await run('node', ['--test', 'docs/examples/budgets.test.js']);
  expect(stdout).toContain('pass 1');
});

test('live-to-otlp sends what is piped in', async () => {
  const receiver = await startReceiver();
  const child = spawn('node', ['docs/examples/live-to-otlp.js', receiver.url]);
  let err = '';
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  child.stdin.end(readFileSync(LOG));
  const code = await new Promise((resolve) => child.once('close', resolve));
  await receiver.stop();
  expect(err).toContain('13 of 13 spans accepted');
  expect(code).toBe(0);
  expect(receiver.spanIds).toHaveLength(13);
});

test('docs/library.md shows each example as it is', () => {
  const page = readFileSync('docs/library.md', 'utf8');
  for (const name of readdirSync('docs/examples').filter((file) => file.endsWith('.js'))) {
    expect(page).toContain(`\`\`\`js\n${readFileSync(`docs/examples/${name}`, 'utf8')}\`\`\``);
  }
});
