import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openOtlpFile } from '../../../src/export/destination.ts';
import { fileOutput, type LineOutput, streamOutput } from '../../../src/export/line-output.ts';
import { pointCount, spansIn } from '../decode.ts';
import { LIMITS } from '../http-destination.ts';
import { ORIGIN, snapshot, spans } from '../spans.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-'));
});
afterEach(() => rm(folder, { recursive: true }));

function open(output: LineOutput, maxRequestItems = 10) {
  return openOtlpFile({ output, origin: ORIGIN, limits: { ...LIMITS, maxRequestItems } });
}

const parseLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a file has one request per line, of both signals, and every span once', async () => {
  const path = join(folder, 'out.jsonl');
  const destination = open(await fileOutput(path, { append: false, ownerOnly: false }));
  await Promise.all([destination.spans.write(spans(25)), destination.metrics.write([snapshot(4)])]);
  expect(await destination.spans.finish()).toMatchObject({
    made: 25,
    accepted: 25,
    requests: 3,
    destination: path,
  });
  expect(await destination.metrics.finish()).toMatchObject({ made: 4, accepted: 4, requests: 1 });
  await destination.close();
  const text = await readFile(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  const requests = parseLines(text);
  const written = requests.filter((line) => 'resourceSpans' in line).flatMap(spansIn);
  expect(new Set(written.map((span) => span.spanId)).size).toBe(25);
  expect(requests.filter((line) => 'resourceMetrics' in line).map(pointCount)).toEqual([4]);
});

test('a full disk costs the spans of its lines, says so once, and leaves whole lines', async () => {
  const destination = open(await fileOutput('/dev/full', { append: false, ownerOnly: false }));
  await destination.spans.write(spans(25));
  const account = await destination.spans.finish();
  await destination.close();
  expect(account).toMatchObject({ made: 25, accepted: 0, failed: 25 });
  expect(account.problems).toEqual(['/dev/full could not be written: the disk is full (25 spans)']);
});

describe('a stream', () => {
  /** Takes one write at a time, and each only when asked. */
  function slowStream() {
    const waiting: (() => void)[] = [];
    const stream = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void waiting.push(done),
    });
    return { stream, waiting };
  }

  test('that is slow makes the writer wait', async () => {
    const { stream, waiting } = slowStream();
    const destination = open(streamOutput(stream, 'stdout'), 1);
    let returned = false;
    const write = destination.spans.write(spans(3)).then(() => {
      returned = true;
    });
    for (let round = 0; round < 2; round += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      expect(returned).toBe(false);
      waiting.shift()?.();
    }
    await write;
    const account = destination.spans.finish();
    await new Promise((resolve) => setImmediate(resolve));
    waiting.shift()?.();
    expect(await account).toMatchObject({ made: 3, accepted: 3 });
  });

  test('whose reader has left is no error: the rest was not wanted', async () => {
    let writes = 0;
    const stream = new Writable({
      write(_chunk, _encoding, done) {
        writes += 1;
        done(writes > 1 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : undefined);
      },
    });
    const destination = open(streamOutput(stream, 'stdout'));
    await destination.spans.write(spans(45));
    const account = await destination.spans.finish();
    await destination.close();
    expect(account).toMatchObject({ made: 10, accepted: 10, failed: 0, unwanted: 35, problems: [] });
    expect(writes).toBe(2);
  });
});
