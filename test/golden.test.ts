import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { expectGolden } from './golden-file.ts';
import { runMain } from './run-main.ts';

// Every fixture with an `expected.tree.txt` beside its log: the whole program, byte for byte. A new case is a folder with an
// `input.ndjson`; a recording is shown by adding it to RECORDINGS. `UPDATE_GOLDEN=1 npm test` writes, and fails.
const FIXTURES = fileURLToPath(new URL('../fixtures/', import.meta.url));

/** Genuine runs that show one situation each, in all three dialects. */
const RECORDINGS = [
  '0.14.0/simple',
  '0.16.0/simple',
  '0.19.0/simple',
  '0.14.0/tools-sequential',
  '0.19.0/tools-sequential',
  '0.14.0/tools-parallel',
  '0.19.0/tools-parallel-reads',
  '0.19.0/tool-errors',
  '0.14.0/api-retries',
  '0.19.0/api-exhausted-500',
  '0.19.0/fallback-provider',
  '0.19.0/no-usage',
  '0.14.0/multi-turn-new-exit',
  '0.19.0/multi-turn-new-exit',
  '0.16.0/resume',
  '0.14.0/interrupt-z-sigint-tool',
  '0.19.0/interrupt-tui-ctrl-c',
  '0.14.0/kill9-tool',
  '0.19.0/kill9-api',
  '0.14.0/interleaved',
  '0.19.0/interleaved',
  '0.14.0/delegate-single',
  '0.16.0/delegate-batch',
  '0.19.0/delegate-cli-background',
  '0.19.0/approval-smart',
  '0.19.0/bg-review-overlap',
  '0.16.0/compress-rotate',
  '0.19.0/hook-blocks-tool',
  '0.19.0/finish-length',
];

const logs = [
  ...RECORDINGS.map((name) => join(FIXTURES, 'recordings', name, 'flat.ndjson')),
  ...readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('input.ndjson'))
    .map((file) => join(FIXTURES, file)),
].toSorted();

test.each(logs.map((log) => [relative(FIXTURES, log), log]))('%s', async (_name, log) => {
  const folder = await mkdtemp(join(tmpdir(), 'hermes-otel-golden-'));
  try {
    const file = join(folder, 'otlp.jsonl');
    const argv = ['replay', log, '-e', 'console', '-e', 'otlp_file', '-o', file];
    const { out, err, code } = await runMain(argv, { columns: 120, env: { NO_COLOR: '1' } });
    expect(code).toBe(0);
    // Where the log lies on this machine is no part of what is expected.
    const summary = err.replaceAll(file, 'otlp.jsonl').replaceAll(log, 'LOG');
    const [traces, metrics] = requestsOf(await readFile(file, 'utf8'));
    expectAll(dirname(log), {
      'expected.tree.txt': `${out}\n${summary}`,
      'expected.otlp.json': pretty(traces),
      'expected.metrics.json': pretty(metrics),
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** Compares (or writes) all of them before it fails for the first. */
function expectAll(folder: string, files: Readonly<Record<string, string>>): void {
  const failures = Object.entries(files).flatMap(([name, actual]) => {
    try {
      expectGolden(pathToFileURL(join(folder, name)), actual);
      return [];
    } catch (failure) {
      return [failure];
    }
  });
  if (failures.length > 0) throw failures[0];
}

function requestsOf(text: string): [unknown[], unknown[]] {
  const requests: Record<string, unknown>[] = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return [
    requests.filter((request) => 'resourceSpans' in request),
    requests.filter((request) => 'resourceMetrics' in request),
  ];
}

/** The version of the package is not what these tests are about. */
function pretty(requests: readonly unknown[]): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return `${JSON.stringify(requests, undefined, 1).replaceAll(`"version": "${version}"`, '"version": "VERSION"')}\n`;
}
