import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { runMain } from '../run-main.ts';

const LOG = sampleLog('20261120_120000_abc123', epochMicros(Date.UTC(2026, 10, 20, 12) * 1000)).join('\n');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-redact-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const replay = (...flags: readonly string[]) =>
  runMain(['replay', '-', '-q', '-e', 'otlp_file', ...flags], { stdin: `${LOG}\n` });

test('--redact redacts what matches, of the command line and of a file', async () => {
  writeFileSync(join(folder, 'patterns'), '# of ours\nread_\\w+\n\n(termi)nal\n');
  const { code, out } = await replay(
    '--redact',
    'sample-model-\\d',
    '--redact',
    `@${join(folder, 'patterns')}`,
  );
  expect([code, out]).toEqual([0, expect.not.stringMatching(/read_file|terminal|sample-model-1/)]);
  expect(out).toContain('termi[redacted]');
  expect(out).toContain('"sample-model"');
});

test.each(['(', 'a*', '@/nowhere/patterns'])('--redact %s is refused with a sentence', async (pattern) => {
  const { code, err } = await replay('--redact', pattern);
  expect([code, err]).toEqual([2, expect.stringMatching(/^hermes-otel: --redact/)]);
});

test('--drop-attribute leaves attributes out of spans and metrics', async () => {
  const { out } = await replay('--drop-attribute', 'gen_ai.*', '--drop-attribute', '!gen_ai.operation.name');
  expect(out).not.toMatch(/"gen_ai\.(?!operation\.name|client)/);
  expect(out).toContain('"gen_ai.operation.name"');
});
