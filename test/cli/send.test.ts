import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Receiver, startReceiver } from '../export/receiver.ts';
import { runMain } from '../run-main.ts';

// Each test loads what the command loads; a busy machine takes its time for that.
jest.setTimeout(30_000);

const LOG = 'fixtures/recordings/0.19.0/tools-sequential/flat.ndjson';

let folder: string;
let receiver: Receiver;
let kept: string;
/** A dead-letter file of a replay whose receiver took nothing, and a receiver that takes traces alone. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-send-'));
  kept = join(folder, 'failed.jsonl');
  const broken = await startReceiver({ behave: ({ response }) => response.writeHead(400).end() });
  const { code, err } = await runMain([
    'replay',
    LOG,
    '-e',
    'otlp',
    '--endpoint',
    broken.url,
    '--dead-letter',
    kept,
  ]);
  await broken.stop();
  expect([code, err]).toEqual([
    1,
    expect.stringContaining(`\`hermes-otel send ${kept}\` delivers what is kept`),
  ]);
  receiver = await startReceiver({
    behave: ({ received, response, accept }) =>
      received.path === '/v1/traces' ? accept() : response.writeHead(404).end(),
  });
});
afterEach(async () => {
  await receiver.stop();
  await rm(folder, { recursive: true });
});

const send = (...args: readonly string[]) => runMain(['send', kept, '--endpoint', receiver.url, ...args]);

describe('send', () => {
  test('leaves out metrics where the receiver takes traces alone, and says how many points', async () => {
    const { code, err } = await send('--no-metrics');
    expect([code, receiver.spanCount() > 5]).toEqual([0, true]);
    expect(err).toMatch(
      /^sent \d+ spans to .*: \d+ accepted, 0 rejected, 0 failed\n\d+ metric points left out\n$/,
    );
    expect((await send()).code).toBe(1);
  });

  test('does not append what fails to the file that it sends', async () => {
    const before = await readFile(kept, 'utf8');
    const { code, err } = await send('--dead-letter', join(folder, '.', 'failed.jsonl'));
    expect([code, err]).toEqual([2, expect.stringContaining('is the file that is being sent')]);
    expect([await readFile(kept, 'utf8'), receiver.requests.length]).toEqual([before, 0]);
  });

  test('names the first lines that it cannot send, and the number of the others', async () => {
    await writeFile(kept, await readFile(LOG));
    const lines = (await readFile(LOG, 'utf8')).trim().split('\n').length;
    const { code, err } = await send();
    expect([code, err.match(/a log of hooks is for `hermes-otel replay`/g)?.length]).toEqual([1, 10]);
    expect(err).toContain(`${lines - 10} more lines were not sent`);
  });
});

test('the summary of a replay of several files says in which one a line was skipped', async () => {
  const [good, bad] = [join(folder, 'good.ndjson'), join(folder, 'bad.ndjson')];
  await writeFile(good, await readFile(LOG));
  await writeFile(bad, 'hello\n');
  const { err } = await runMain(['replay', good, bad, '-e', 'otlp_file']);
  expect(err).toContain(`1 line skipped (${bad}:1: not JSON`);
});
