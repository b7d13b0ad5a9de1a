import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Generous: a replay of any length stays below 150 MB where nothing else presses; what leaks passes any bound. */
const MOST_MB = 300;
/** The larger log may take this much more than the smaller: less than a hundredth of what it is longer. */
const MOST_GROWTH_MB = 80;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-memory-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a module's text in a process of its own. */
async function node(script: string, ...words: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script, ...words], {
    cwd: root,
  });
  return stdout;
}

/** @returns the peak memory, in MB, of a replay of a log of about `events` events. */
async function peakOf(events: number): Promise<number> {
  const log = join(folder, `${events}.ndjson`);
  const generator = pathToFileURL(join(root, 'scripts/bench/log.js')).href;
  await node(`import { writeLog } from '${generator}'; await writeLog(process.argv[1], ${events});`, log);
  const main = pathToFileURL(join(root, 'dist/cli/main.js')).href;
  const replay = `import { main } from '${main}';
    const code = await main(['replay', process.argv[1], '-q', '-e', 'otlp_file', '-o', process.argv[2]], process);
    process.stdout.write(JSON.stringify({ code, peak: process.resourceUsage().maxRSS / 1024 }));`;
  const { code, peak } = JSON.parse(await node(replay, log, devNull));
  await rm(log);
  expect(code).toBe(0);
  return peak;
}

test('a million events take no more memory than a hundred thousand', async () => {
  const small = await peakOf(100_000);
  const large = await peakOf(1_000_000);
  expect(large).toBeLessThan(MOST_MB);
  expect(large - small).toBeLessThan(MOST_GROWTH_MB);
});
