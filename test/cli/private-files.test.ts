import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runMain } from '../run-main.ts';

const LOG = 'fixtures/recordings/0.19.0/tools-sequential/flat.ndjson';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-private-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const modeOf = (file: string) => statSync(file).mode & 0o777;

test.each([
  ['otlp_file', ['replay', LOG, '-e', 'otlp_file', '-o']],
  ['a page', ['view', LOG, '--html']],
  ['a Perfetto trace', ['view', LOG, '--perfetto']],
])('%s with content is for its owner only, also when it was there before', async (_, argv) => {
  const [fresh, old] = [join(folder, 'fresh'), join(folder, 'old')];
  writeFileSync(old, 'x', { mode: 0o644 });
  for (const file of [fresh, old]) {
    expect((await runMain([...argv, file, '--capture-content'])).code).toBe(0);
    expect(modeOf(file)).toBe(0o600);
  }
  const plain = join(folder, 'plain');
  expect((await runMain([...argv, plain])).code).toBe(0);
  expect(modeOf(plain)).toBe(0o666 & ~process.umask());
});

test('a duration that no number of microseconds holds is left out and named', async () => {
  const log = join(folder, 'log.ndjson');
  const line = (hook: string, seconds: number, more: object) =>
    JSON.stringify({ ts: 1776247200 + seconds, event: hook, session_id: 's', turn_id: 't', ...more });
  const lines = [
    line('pre_llm_call', 0, {}),
    line('pre_tool_call', 1, { tool_name: 'x', tool_call_id: 'c' }),
    line('post_tool_call', 2, { tool_name: 'x', tool_call_id: 'c', duration_ms: 1e308, status: 'ok' }),
    line('pre_api_request', 3, { api_request_id: 'a', model: 'm' }),
    line('post_api_request', 4, { api_request_id: 'a', model: 'm', api_duration: 1e308 }),
    line('post_llm_call', 5, {}),
  ];
  writeFileSync(log, `${lines.join('\n')}\n`);
  const { out, err } = await runMain(['replay', log, '-e', 'otlp_file']);
  expect(out).not.toMatch(/Infinity|null|e\+/);
  expect(err).toMatch(/not a number from 0 to 1e12/);
});
