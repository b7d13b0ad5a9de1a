import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type DeadLetter, deadLetter } from '../../../src/export/delivery/dead-letter.ts';
import { createOtlpReader } from '../../../src/export/otlp/read-lines.ts';
import type { InputLine } from '../../../src/model/line.ts';
import { atMost, first, status } from '../behaviours.ts';
import { pointCount, spansIn } from '../decode.ts';
import { httpDestination } from '../http-destination.ts';
import { type Behaviour, type Receiver, startReceiver } from '../receiver.ts';
import { snapshot, spans } from '../spans.ts';

let folder: string;
let receiver: Receiver;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-'));
});
afterEach(async () => {
  await receiver?.stop();
  await rm(folder, { recursive: true });
});

type Protocol = 'http/protobuf' | 'http/json';

function lineOf(text: string, line = 1): InputLine {
  return { source: 'dead.jsonl', line, text, endOffsetBytes: 0, damage: undefined };
}

async function send(
  texts: readonly string[],
  behave: Behaviour | undefined,
  protocol: Protocol = 'http/protobuf',
  limits = {},
) {
  receiver = await startReceiver(behave === undefined ? {} : { behave });
  const destination = httpDestination({ url: receiver.url, signal: { protocol, destination: 'R' }, limits });
  const reader = createOtlpReader();
  const refused: string[] = [];
  for (const [index, text] of texts.entries()) {
    const read = reader.read(lineOf(text, index + 1));
    if (typeof read === 'string') refused.push(`${index + 1}: ${read}`);
    else {
      await destination.spans.write(read.spans);
      await destination.metrics.write(read.snapshots);
    }
  }
  const [spanAccount, metricAccount] = [await destination.spans.finish(), await destination.metrics.finish()];
  await destination.close();
  return { spanAccount, metricAccount, refused, leftOut: [...reader.leftOut()] };
}

/** What a receiver that refuses everything leaves in a dead-letter file. */
async function deadLines(path: string, keep: DeadLetter): Promise<string[]> {
  const refusing = await startReceiver({ behave: status(401) });
  const destination = httpDestination({
    url: refusing.url,
    limits: { maxRequestItems: 10 },
    more: { deadLetter: keep },
  });
  await destination.spans.write(spans(45));
  await destination.metrics.write([snapshot(7)]);
  expect(await destination.spans.finish()).toMatchObject({ made: 45, failed: 45, deadLettered: 45 });
  expect(await destination.metrics.finish()).toMatchObject({ made: 7, failed: 7, deadLettered: 7 });
  await destination.close();
  await keep.close();
  await refusing.stop();
  return (await readFile(path, 'utf8')).trimEnd().split('\n');
}

describe('a dead-letter file', () => {
  test('keeps every span and point that failed, for its owner only', async () => {
    const path = join(folder, 'dead.jsonl');
    const lines = (await deadLines(path, deadLetter(path))).map((line) => JSON.parse(line));
    const kept = lines.flatMap((line) => ('resourceSpans' in line ? spansIn(line) : []));
    expect(new Set(kept.map((span) => span.spanId)).size).toBe(45);
    expect(lines.filter((line) => 'resourceMetrics' in line).map(pointCount)).toEqual([7]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test.each<Protocol>(['http/protobuf', 'http/json'])(
    'sent again over %s is the data itself',
    async (protocol) => {
      const path = join(folder, 'dead.jsonl');
      const lines = await deadLines(path, deadLetter(path));
      const { spanAccount, metricAccount, refused, leftOut } = await send(lines, undefined, protocol);
      expect([refused, leftOut]).toEqual([[], []]);
      expect(spanAccount).toMatchObject({ signal: 'spans', made: 45, accepted: 45, requests: 1 });
      expect(metricAccount).toMatchObject({ signal: 'metric points', made: 7, accepted: 7, requests: 1 });
      const again = receiver.requests.flatMap(({ traces }) => (traces === undefined ? [] : spansIn(traces)));
      const kept = lines.flatMap((line) =>
        'resourceSpans' in JSON.parse(line) ? spansIn(JSON.parse(line)) : [],
      );
      const byId = (span: { spanId: string }) => span.spanId;
      expect(again.map(byId).sort()).toEqual(kept.map(byId).sort());
      const one = (list: typeof again) => {
        const { status: _, ...rest } = {
          status: undefined,
          ...list.find(({ spanId }) => spanId === kept[3]?.spanId),
        };
        return rest;
      };
      expect(one(again)).toEqual(one(kept));
    },
  );

  test('that cannot be written is reported; the spans count as failed, not as kept', async () => {
    receiver = await startReceiver({ behave: status(401) });
    const keep = deadLetter(join(folder, 'no', 'such', 'dead.jsonl'));
    const destination = httpDestination({ url: receiver.url, more: { deadLetter: keep } });
    await destination.spans.write(spans(5));
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: 5, failed: 5, deadLettered: 0 });
    expect(account.problems[1]).toMatch(
      /^the dead-letter file .*dead\.jsonl could not be written: no such file/,
    );
    await destination.close();
  });

  test('on a full disk costs nobody else anything', async () => {
    receiver = await startReceiver({ behave: first(1, status(400)) });
    const keep = deadLetter('/dev/full');
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 5, concurrency: 1 },
      more: { deadLetter: keep },
    });
    await destination.spans.write(spans(10));
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: 10, accepted: 5, failed: 5, deadLettered: 0 });
    expect(account.problems).toContain(
      'the dead-letter file /dev/full could not be written: the disk is full',
    );
    await destination.close();
    await keep.close();
  });

  test('that ended in half a line, by a crash, goes on with a line of its own', async () => {
    const path = join(folder, 'dead.jsonl');
    await writeFile(path, '{"whole":1}\n{"half":');
    const keep = deadLetter(path);
    expect(await keep.append(Buffer.from('{"new":2}'))).toBeUndefined();
    expect(await keep.append(Buffer.from('{"new":3}'))).toBeUndefined();
    await keep.close();
    expect(await readFile(path, 'utf8')).toBe('{"whole":1}\n{"half":\n{"new":2}\n{"new":3}\n');
  });

  test('is not made when nothing failed', async () => {
    receiver = await startReceiver();
    const path = join(folder, 'dead.jsonl');
    const keep = deadLetter(path);
    const destination = httpDestination({ url: receiver.url, more: { deadLetter: keep } });
    await destination.spans.write(spans(5));
    await destination.spans.finish();
    await destination.close();
    await keep.close();
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });
});

describe('lines of anybody', () => {
  const spanLine = (...ids: number[]) => {
    const list = ids.map((id) => ({ traceId: 'a'.repeat(32), spanId: `${id}`.padStart(16, '0'), name: 'x' }));
    return JSON.stringify({ resourceSpans: [{ resource: {}, scopeSpans: [{ scope: {}, spans: list }] }] });
  };

  test('that are not OTLP are refused with the reason, and cost the others nothing', async () => {
    const texts = [
      spanLine(1),
      '',
      '{"resourceSpans":',
      '[]',
      '{"resourceProfiles":[]}',
      spanLine(2).replace('"0000000000000002"', '"zz"'),
      '{"resourceSpans":[{"scopeSpans":"x"}]}',
      '{"resourceSpans":[]}',
      spanLine(3),
    ];
    const { spanAccount, refused } = await send(texts, undefined);
    expect(spanAccount).toMatchObject({ made: 2, accepted: 2 });
    const other =
      'it holds no resourceSpans, resourceMetrics or resourceLogs (a log of hooks is for `hermes-otel replay`)';
    expect(refused).toEqual([
      '3: it is not JSON',
      `4: ${other}`,
      `5: ${other}`,
      '6: resourceSpans[0].scopeSpans[0].spans[0].spanId is not an id of 16 hex digits',
      '7: resourceSpans[0].scopeSpans is not a list',
    ]);
  });

  test.each<Protocol>(['http/protobuf', 'http/json'])(
    'that are too large are divided (%s)',
    async (protocol) => {
      const ids = Array.from({ length: 500 }, (_, index) => index + 1);
      const { spanAccount } = await send([spanLine(...ids)], undefined, protocol, { maxRequestBytes: 5000 });
      expect(spanAccount).toMatchObject({ made: 500, accepted: 500 });
      for (const { body } of receiver.requests) expect(body.length).toBeLessThanOrEqual(5000);
      expect(new Set(receiver.spanIds).size).toBe(500);
    },
  );

  test('that a receiver finds too large are divided until it takes them', async () => {
    const { spanAccount } = await send([spanLine(1, 2, 3, 4, 5, 6, 7)], atMost(2));
    expect(spanAccount).toMatchObject({ made: 7, accepted: 7, failed: 0 });
    expect(receiver.spanIds).toHaveLength(7);
  });
});
