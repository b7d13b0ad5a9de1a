import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
// Jest's loader loses modules that two imports ask for at once: what the exporters share is there before.
import '../../src/export/destination.ts';
import { slow } from '../export/behaviours.ts';
import { spansIn } from '../export/decode.ts';
import { type Receiver, startReceiver } from '../export/receiver.ts';
import { runMain } from '../run-main.ts';

const LOG = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';
const SPANS = 13;

let folder: string;
let receiver: Receiver;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-'));
});
afterEach(async () => {
  await receiver.stop();
  await rm(folder, { recursive: true });
});

/** One run with a terminal, a receiver and a file. */
async function replay(...flags: readonly string[]) {
  const [file, report] = [join(folder, 'all.jsonl'), join(folder, 'report.json')];
  const { code, out, err } = await runMain([
    ...['replay', LOG, '-q', '--no-metrics', '-e', 'console', '-e', 'otlp', '-e', 'otlp_file', '-o', file],
    ...['--endpoint', receiver.url, '--report', report, ...flags],
  ]);
  const { accounts }: { accounts: Record<string, unknown>[] } = JSON.parse(await readFile(report, 'utf8'));
  const written = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return {
    code,
    tree: out,
    err,
    accounts: accounts.map(({ made, accepted, failed }) => [made, accepted, failed]),
    inFile: written.flatMap((line) => spansIn(JSON.parse(line))).length,
  };
}

test("a receiver that is gone has its own account, and costs nobody else's spans", async () => {
  receiver = await startReceiver();
  await receiver.stop();
  const { code, tree, err, accounts, inFile } = await replay('--retry-for', '0s');
  expect(accounts).toEqual([
    [SPANS, SPANS, 0],
    [SPANS, 0, SPANS],
    [SPANS, SPANS, 0],
  ]);
  expect([code, inFile]).toEqual([1, SPANS]);
  expect(tree).toContain('turn 3');
  // With -q, this is the only word about it.
  expect(err).toMatch(/^hermes-otel: 13 of 13 spans not delivered: http:.* cannot be reached: .*\n$/);
});

test('a receiver that is slow gets every span, and so does everybody else', async () => {
  receiver = await startReceiver({ behave: slow(30) });
  const { code, accounts, inFile } = await replay(
    'HERMES_OTEL_CONCURRENCY=1',
    'HERMES_OTEL_MAX_REQUEST_BYTES=4kb',
  );
  expect(accounts).toEqual(Array.from({ length: 3 }, () => [SPANS, SPANS, 0]));
  expect([code, inFile]).toEqual([0, SPANS]);
  expect(new Set(receiver.spanIds).size).toBe(SPANS);
  expect(receiver.requests.length).toBeGreaterThan(2);
});
