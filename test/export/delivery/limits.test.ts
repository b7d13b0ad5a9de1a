import { afterEach, describe, expect, test } from '@jest/globals';
import { truncateLongest } from '../../../src/export/otlp/span-encoder.ts';
import type { OtelSpan } from '../../../src/model/otel.ts';
import { epochMicros } from '../../../src/model/time.ts';
import { atMost, status } from '../behaviours.ts';
import { spansIn } from '../decode.ts';
import { httpDestination } from '../http-destination.ts';
import { type Behaviour, type Receiver, startReceiver } from '../receiver.ts';
import { otelSpan, snapshot, spans } from '../spans.ts';

let receiver: Receiver;
afterEach(() => receiver?.stop());

describe.each(['http/protobuf', 'http/json'] as const)('over %s', (protocol) => {
  test('no request is larger than the limit, uncompressed, and no more are sent than that takes', async () => {
    receiver = await startReceiver();
    const maxRequestBytes = 20_000;
    const destination = httpDestination({
      url: receiver.url,
      signal: { protocol, compression: 'gzip' },
      limits: { maxRequestBytes },
    });
    await destination.spans.write(spans(100, { text: 'ü'.repeat(500) }));
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: 100, accepted: 100, cut: 0 });
    const sizes = receiver.requests.map(({ body }) => body.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(maxRequestBytes);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(account.requests).toBeLessThanOrEqual(Math.ceil(total / maxRequestBytes) + 1);
    await destination.close();
  });

  test('a span too large for a request is cut, counted, named, and the others stay whole', async () => {
    receiver = await startReceiver();
    const destination = httpDestination({
      url: receiver.url,
      signal: { protocol },
      limits: { maxRequestBytes: 4000 },
    });
    const huge = otelSpan(7, {
      content: 'x'.repeat(1_000_000),
      'hermes.tool.name': 'web',
      other: 'y'.repeat(100),
    });
    await destination.spans.write([...spans(3), huge, ...spans(3, {}, 10)]);
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: 7, accepted: 7, failed: 0, cut: 1 });
    expect(account.problems).toEqual([
      'span 0000000000000008 (span 7) was larger than HERMES_OTEL_MAX_REQUEST_BYTES: its longest texts were cut',
    ]);
    const all = receiver.requests.flatMap(({ traces }) => (traces === undefined ? [] : spansIn(traces)));
    expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(7);
    const attributes = all.find(({ spanId }) => spanId === huge.spanId)?.attributes ?? [];
    const texts = Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue]));
    expect(texts.other).toHaveLength(100);
    expect(texts.content?.length).toBeGreaterThan(1000);
    expect(texts.content?.endsWith('…')).toBe(true);
    await destination.close();
  });

  test('a snapshot too large for a request is sent in parts', async () => {
    receiver = await startReceiver();
    const destination = httpDestination({
      url: receiver.url,
      signal: { protocol },
      limits: { maxRequestBytes: 3000 },
    });
    await destination.metrics.write([snapshot(300)]);
    const account = await destination.metrics.finish();
    expect(account).toMatchObject({ made: 300, accepted: 300, cut: 0, problems: [] });
    expect(receiver.acceptedPoints()).toBe(300);
    for (const { body } of receiver.requests) expect(body.length).toBeLessThanOrEqual(3000);
    await destination.close();
  });
});

test('a limit that not even an empty span fits is reported, and nothing hangs', async () => {
  receiver = await startReceiver();
  const destination = httpDestination({ url: receiver.url, limits: { maxRequestBytes: 50 } });
  await destination.spans.write(spans(3));
  const account = await destination.spans.finish();
  expect(account).toMatchObject({ made: 3, failed: 3, requests: 0 });
  expect(account.problems).toEqual([
    'one of the spans is larger than HERMES_OTEL_MAX_REQUEST_BYTES and cannot be cut (3 spans)',
  ]);
  await destination.close();
});

describe('a receiver with a smaller limit than ours', () => {
  test('is learned from: later requests are small at once', async () => {
    receiver = await startReceiver({ behave: atMost(30) });
    const destination = httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 100, concurrency: 1 },
    });
    for (let index = 0; index < 20; index += 1) await destination.spans.write(spans(100, {}, index * 100));
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: 2000, accepted: 2000, failed: 0, problems: [] });
    expect(new Set(receiver.spanIds).size).toBe(2000);
    // 2000 spans in requests of 25 are 80; unlearned it would be 140.
    expect(account.requests).toBeLessThan(100);
    await destination.close();
  });

  test('costs only the span that is too large for it on its own', async () => {
    const behave: Behaviour = (exchange) =>
      exchange.received.body.length > 5000 ? status(413)(exchange) : exchange.accept();
    receiver = await startReceiver({ behave });
    const destination = httpDestination({ url: receiver.url });
    await destination.spans.write([
      ...spans(10),
      otelSpan(50, { content: 'x'.repeat(9000) }),
      ...spans(10, {}, 60),
    ]);
    const account = await destination.spans.finish();
    expect(account).toMatchObject({ made: 21, accepted: 20, failed: 1 });
    expect(account.problems[0]).toMatch(
      /answered 413: requests are too large for it; lower HERMES_OTEL_MAX_REQUEST_BYTES \(1 spans\)/,
    );
    await destination.close();
  });

  test('that answers before it has read the request is understood', async () => {
    receiver = await startReceiver({
      early: (request, response) => {
        response.writeHead(413, { connection: 'close' }).end();
        setTimeout(() => request.destroy(), 20);
      },
    });
    const destination = httpDestination({
      url: receiver.url,
      signal: { destination: 'R' },
      limits: { retryForMillis: 0 },
    });
    await destination.spans.write([otelSpan(1, { content: 'x'.repeat(3_000_000) })]);
    const account = await destination.spans.finish();
    expect(account.problems).toEqual([
      'R answered 413: requests are too large for it; lower HERMES_OTEL_MAX_REQUEST_BYTES (1 spans)',
    ]);
    await destination.close();
  });
});

describe('cutting', () => {
  const long = 'x'.repeat(1000);
  const event = (text: string) => ({ time: epochMicros(1), name: 'e', attributes: { text } });

  test.each<[string, OtelSpan, (span: OtelSpan) => unknown, unknown]>([
    [
      'the longest text first',
      otelSpan(1, { a: long, b: 'y'.repeat(999) }),
      ({ attributes }) => [String(attributes.a).length, String(attributes.b).length],
      [500, 999],
    ],
    [
      'texts of events',
      { ...otelSpan(1), events: [event(long)] },
      ({ events }) => String(events[0]?.attributes.text).length,
      500,
    ],
    [
      'the status message',
      { ...otelSpan(1), status: { code: 2, message: long } },
      ({ status: { message } }) => message?.length,
      500,
    ],
    [
      'lists, by half of their members',
      otelSpan(1, { list: ['a'.repeat(50), 'b'.repeat(50)] }),
      ({ attributes }) => attributes.list,
      ['a'.repeat(50)],
    ],
    [
      'events, when no text is long',
      { ...otelSpan(1), events: [event('a'), event('b')] },
      ({ events }) => events.length,
      1,
    ],
    [
      'never inside a character',
      otelSpan(1, { a: `x${'🎉'.repeat(100)}` }),
      ({ attributes }) => Buffer.from(String(attributes.a)).toString() === attributes.a,
      true,
    ],
  ])('takes %s', (_, span, look, expected) => {
    const smaller = truncateLongest(span);
    expect(smaller && look(smaller)).toEqual(expected);
  });

  test('ends where nothing is left to cut', () => {
    expect(truncateLongest(otelSpan(1))).toBeUndefined();
  });
});

test('a connection that is closed while we write is tried again', async () => {
  receiver = await startReceiver({ early: (request) => request.socket.destroy() });
  const destination = httpDestination({
    url: receiver.url,
    signal: { destination: 'R' },
    limits: { retryForMillis: 3000 },
  });
  await destination.spans.write([otelSpan(1, { content: 'x'.repeat(3_000_000) })]);
  const account = await destination.spans.finish();
  expect(account).toMatchObject({ failed: 1, retries: 3 });
  await destination.close();
});
