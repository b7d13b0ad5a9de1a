import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type DeadLetter, deadLetter } from '../../../src/export/delivery/dead-letter.ts';
import { httpTransports } from '../../../src/export/http/transport.ts';
import { openSending } from '../../../src/export/send/send-lines.ts';
import type { Diagnostic } from '../../../src/model/diagnostic.ts';
import type { InputLine } from '../../../src/model/line.ts';
import { atMost, first, status } from '../behaviours.ts';
import { pointCount, spansIn } from '../decode.ts';
import { httpDestination, httpSettings, hurriedClock, LIMITS } from '../http-destination.ts';
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
  const clock = hurriedClock();
  const channel = httpTransports(
    httpSettings(receiver.url, { protocol, destination: 'R' }),
    4,
    'test',
    clock,
  );
  const diagnostics: Diagnostic[] = [];
  const sending = openSending(channel, {
    limits: { ...LIMITS, ...limits },
    clock,
    onDiagnostic: (diagnostic) => diagnostics.push(diagnostic),
  });
  for (const [index, text] of texts.entries()) await sending.write(lineOf(text, index + 1));
  const [spanAccount, metricAccount] = await sending.finish();
  return { spanAccount, metricAccount, diagnostics };
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
      const { spanAccount, metricAccount, diagnostics } = await send(lines, undefined, protocol);
      expect(diagnostics).toEqual([]);
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

  test('that cannot be written is told; the spans count as failed, not as kept', async () => {
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

  test('that are no OTLP are told with their line, and cost the others nothing', async () => {
    const texts = [
      spanLine(1),
      '',
      '{"resourceSpans":',
      '[]',
      '{"resourceLogs":[]}',
      spanLine(2).replace('"0000000000000002"', '"zz"'),
      '{"resourceSpans":[{"scopeSpans":"x"}]}',
      '{"resourceSpans":[]}',
      spanLine(3),
    ];
    const { spanAccount, diagnostics } = await send(texts, undefined);
    expect(spanAccount).toMatchObject({ made: 2, accepted: 2 });
    expect(diagnostics.map(({ at, message }) => `${at?.line}: ${message}`)).toEqual([
      '3: the line was not sent: it is not JSON',
      '4: the line was not sent: it holds neither resourceSpans nor resourceMetrics (a log of hooks is for `hermes-otel replay`)',
      '5: the line was not sent: it holds neither resourceSpans nor resourceMetrics (a log of hooks is for `hermes-otel replay`)',
      '6: the line was not sent: resourceSpans[0].scopeSpans[0].spans[0].spanId is no id in hex',
      '7: the line was not sent: resourceSpans[0].scopeSpans is no list',
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

  test('with points of every kind are counted and divided by point', async () => {
    const point = { timeUnixNano: '5' };
    const metrics = ['gauge', 'sum', 'histogram', 'exponentialHistogram', 'summary'].map((kind) => ({
      name: kind,
      [kind]: { dataPoints: [point, point] },
    }));
    const text = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
    const { metricAccount } = await send([text], undefined, 'http/protobuf', { maxRequestBytes: 60 });
    expect(metricAccount).toMatchObject({ made: 10, accepted: 10, failed: 0 });
    const names = receiver.requests.flatMap((request) =>
      (request.metrics?.resourceMetrics ?? []).flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap((scope) => scope.metrics.map(({ name }) => name)),
      ),
    );
    expect(new Set(names).size).toBe(5);
  });

  test('damaged by their length or their bytes are told', async () => {
    receiver = await startReceiver();
    const channel = httpTransports(httpSettings(receiver.url), 1, 'test', hurriedClock());
    const messages: string[] = [];
    const onDiagnostic = ({ message }: Diagnostic) => messages.push(message);
    const sending = openSending(channel, { limits: LIMITS, onDiagnostic });
    await sending.write({ ...lineOf(''), damage: { kind: 'too_long', sizeBytes: 99 } });
    await sending.write({ ...lineOf(spanLine(1)), damage: { kind: 'invalid_utf8' } });
    await sending.write({ ...lineOf(spanLine(2)), damage: { kind: 'no_line_end' } });
    const [account] = await sending.finish();
    expect(messages).toEqual([
      'the line was not sent: it is too long',
      'the line was not sent: it is not UTF-8',
    ]);
    expect(account).toMatchObject({ made: 1, accepted: 1 });
  });
});
