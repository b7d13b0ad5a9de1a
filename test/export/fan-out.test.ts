import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fanOut } from '../../src/export/fan-out.ts';
import { fileOutput } from '../../src/export/file/line-output.ts';
import { openOtlpFile } from '../../src/export/otlp-file.ts';
import { slow } from './behaviours.ts';
import { spansIn } from './decode.ts';
import { httpDestination, LIMITS } from './http-destination.ts';
import { type Receiver, startReceiver } from './receiver.ts';
import { ORIGIN, spans } from './spans.ts';

let folder: string;
let receiver: Receiver;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-'));
});
afterEach(async () => {
  await receiver.stop();
  await rm(folder, { recursive: true });
});

test("a dead, a slow and a good destination: each has its own account, and nobody loses another one's data", async () => {
  receiver = await startReceiver({ behave: slow(30) });
  const gone = await startReceiver();
  await gone.stop();
  const path = join(folder, 'all.jsonl');
  const limits = { maxRequestItems: 10, concurrency: 1, retryForMillis: 2000 };
  const destinations = [
    httpDestination({ url: gone.url, limits, signal: { destination: 'dead' } }),
    httpDestination({ url: receiver.url, limits, signal: { destination: 'slow' } }),
    openOtlpFile({ output: await fileOutput(path), origin: ORIGIN, limits: { ...LIMITS, ...limits } }),
  ];
  const sink = fanOut(destinations.map((destination) => destination.spans));
  for (let index = 0; index < 100; index += 5) await sink.write(spans(5, {}, index));
  const accounts = await sink.finish();
  for (const destination of destinations) await destination.close();
  expect(
    accounts.map(({ destination, made, accepted, failed }) => [destination, made, accepted, failed]),
  ).toEqual([
    ['dead', 100, 0, 100],
    ['slow', 100, 100, 0],
    [path, 100, 100, 0],
  ]);
  expect(new Set(receiver.spanIds).size).toBe(100);
  const written = (await readFile(path, 'utf8')).trimEnd().split('\n');
  expect(written.flatMap((line) => spansIn(JSON.parse(line)))).toHaveLength(100);
});
