import { afterEach, describe, expect, test } from '@jest/globals';
import type { OtlpHttpSignal } from '../../../src/export/http/transport.ts';
import { outsideText } from '../../../src/export/outside-text.ts';
import type { DeliveryAccount } from '../../../src/model/sink.ts';
import { FORMS, LEAK } from '../../model/secret-forms.ts';
import {
  atMost,
  drip,
  endless,
  first,
  hang,
  partial,
  reset,
  resetInsideBody,
  says,
  status,
} from '../behaviours.ts';
import { httpDestination } from '../http-destination.ts';
import { type Behaviour, type Receiver, startReceiver } from '../receiver.ts';
import { spans } from '../spans.ts';

let receiver: Receiver;
afterEach(() => receiver.stop());

/** 20 spans in two requests, sent one after the other. */
async function send(behave: Behaviour, signal: Partial<OtlpHttpSignal> = {}): Promise<DeliveryAccount> {
  receiver = await startReceiver({ behave });
  const destination = httpDestination({
    url: receiver.url,
    signal: { destination: 'R', ...signal },
    limits: { maxRequestItems: 10, concurrency: 1, retryForMillis: 5000 },
  });
  await destination.spans.write(spans(20));
  const account = await destination.spans.finish();
  await destination.close();
  return account;
}

function counts({ accepted, rejected, failed, requests, retries }: DeliveryAccount): number[] {
  return [accepted, rejected, failed, requests, retries];
}

/** [what the receiver does, its behaviour, [accepted, rejected, failed, requests, retries], problems, ids it took] */
type Row = readonly [claim: string, behave: Behaviour, counts: number[], problems: string[], taken: number];

describe('trouble that passes costs nothing', () => {
  const past = new Date(0).toUTCString();
  test.each<Row>([
    ['503 in a burst', first(3, status(503)), [20, 0, 0, 5, 3], [], 20],
    ['429 with seconds to wait', first(2, status(429, '', { 'retry-after': '2' })), [20, 0, 0, 4, 2], [], 20],
    [
      '503 with a date to wait for',
      first(1, status(503, '', { 'retry-after': past })),
      [20, 0, 0, 3, 1],
      [],
      20,
    ],
    [
      '503 with a nonsense date',
      first(1, status(503, '', { 'retry-after': 'soon' })),
      [20, 0, 0, 3, 1],
      [],
      20,
    ],
    ['408', first(1, status(408)), [20, 0, 0, 3, 1], [], 20],
    ['502', first(1, status(502)), [20, 0, 0, 3, 1], [], 20],
    ['504', first(1, status(504)), [20, 0, 0, 3, 1], [], 20],
    ['a closed connection', first(2, reset), [20, 0, 0, 4, 2], [], 20],
    ['413 for many at once', atMost(3), [20, 0, 0, 14, 0], [], 20],
  ])('%s', async (_, behave, expected, problems, taken) => {
    const account = await send(behave);
    expect(counts(account)).toEqual(expected);
    expect(account.problems).toEqual(problems);
    expect(new Set(receiver.spanIds).size).toBe(taken);
  });
});

test('no answer in time is tried again', async () => {
  const account = await send(first(1, hang), { timeoutMillis: 1500 });
  expect(counts(account)).toEqual([20, 0, 0, 3, 1]);
  expect(new Set(receiver.spanIds).size).toBe(20);
});

test('no answer for too long is reported with the flag that sets the time', async () => {
  const account = await send(hang, { timeoutMillis: 50 });
  expect(counts(account)).toEqual([0, 0, 20, 10, 8]);
  expect(account.problems).toEqual([
    'R did not answer within 0.05 s: see OTEL_EXPORTER_OTLP_TIMEOUT; tried for 5 s (20 spans)',
  ]);
});

describe('an answer that accepts is believed as far as it goes', () => {
  test.each<Row>([
    ['with nothing in it', status(200), [20, 0, 0, 2, 0], [], 0],
    ['202, as some vendors say', status(202), [20, 0, 0, 2, 0], [], 0],
    ['with an empty partial success', partial(0, ''), [20, 0, 0, 2, 0], [], 0],
    ['with a warning', partial(0, 'old data'), [20, 0, 0, 2, 0], ['R says: "old data"'], 0],
    [
      'but for three of each',
      partial(3, 'too old'),
      [14, 6, 0, 2, 0],
      ['R rejected some: "too old" (6 spans)'],
      0,
    ],
    [
      'but for some, without a word',
      partial(1, ''),
      [18, 2, 0, 2, 0],
      ['R rejected some: without a reason (2 spans)'],
      0,
    ],
    [
      'but for more than there were',
      partial(999, 'x'),
      [0, 20, 0, 2, 0],
      ['R rejected some: "x" (20 spans)'],
      0,
    ],
    ['but for less than nothing', partial(-5, ''), [20, 0, 0, 2, 0], [], 0],
    [
      'with control characters',
      partial(10, 'a\u001b[31m\nb\u202e'),
      [0, 20, 0, 2, 0],
      ['R rejected some: "a [31m b" (20 spans)'],
      0,
    ],
    [
      'with garbage',
      says('application/x-protobuf', '\u00ff\u00ff\u00ff'),
      [20, 0, 0, 2, 0],
      ['R answered 200, but its body is no OTLP answer: check that it is an OTLP receiver'],
      0,
    ],
    [
      'with broken JSON',
      says('application/json', '{"partial'),
      [20, 0, 0, 2, 0],
      ['R answered 200, but its body is no OTLP answer: check that it is an OTLP receiver'],
      0,
    ],
    ['with JSON to protobuf', says('application/json', '{}'), [20, 0, 0, 2, 0], [], 0],
    [
      'that breaks off',
      resetInsideBody,
      [20, 0, 0, 2, 0],
      ['R answered 200, but the connection broke inside its body: check that it is an OTLP receiver'],
      20,
    ],
    [
      'that does not end',
      endless,
      [20, 0, 0, 2, 0],
      ['R answered 200, but its body does not end: check that it is an OTLP receiver'],
      20,
    ],
  ])('%s', async (_, behave, expected, problems, taken) => {
    const account = await send(behave);
    expect(counts(account)).toEqual(expected);
    expect(account.problems).toEqual(problems);
    expect(receiver.spanIds).toHaveLength(taken);
  });

  test('that does not go on', async () => {
    const account = await send(drip, { timeoutMillis: 1000 });
    expect(counts(account)).toEqual([20, 0, 0, 2, 0]);
    expect(account.problems).toEqual([
      'R answered 200, but its body does not end: check that it is an OTLP receiver',
    ]);
    expect(receiver.spanIds).toHaveLength(20);
  });

  test('in JSON, numbers may be strings', async () => {
    const account = await send(partial(3, 'too old'), { protocol: 'http/json' });
    expect(counts(account)).toEqual([14, 6, 0, 2, 0]);
    expect(account.problems).toEqual(['R rejected some: "too old" (6 spans)']);
  });

  test.each([
    '{"rejectedSpans":"99999999999999999999"}',
    '{"rejectedLogRecords":"10"}',
    '{"rejectedSpans":1e300}',
  ])('in JSON, with %s', async (partialSuccess) => {
    const account = await send(says('application/json', `{"partialSuccess":${partialSuccess}}`));
    expect(counts(account)).toEqual([0, 20, 0, 2, 0]);
  });
});

describe('trouble that stays is reported in one sentence that says what to check', () => {
  const all = [0, 0, 20, 2, 0];
  test.each<Row>([
    [
      'a web page, also one that says 200',
      says('text/html', '<html>'),
      all,
      [
        'R answered 200 with a web page: that is no OTLP receiver; check the path of --endpoint, and its port (OTLP over HTTP is usually on 4318) (20 spans)',
      ],
      0,
    ],
    [
      'a web page without a word of what it is',
      says('application/x-protobuf', '<html>'),
      all,
      [
        'R answered 200 with a web page: that is no OTLP receiver; check the path of --endpoint, and its port (OTLP over HTTP is usually on 4318) (20 spans)',
      ],
      0,
    ],
    [
      '400',
      status(400, 'bad id'),
      all,
      [
        'R answered 400, "bad id": it does not take this data; is it an OTLP receiver of this signal, and does it take data this old? (20 spans)',
      ],
      0,
    ],
    [
      '401',
      status(401),
      all,
      [
        'R answered 401: check the credentials in --header, OTEL_EXPORTER_OTLP_HEADERS or HERMES_OTEL_TOKEN (20 spans)',
      ],
      0,
    ],
    [
      '403',
      status(403),
      all,
      ['R answered 403: the credentials are known, but may not write here (20 spans)'],
      0,
    ],
    [
      '404',
      status(404),
      all,
      [
        'R answered 404: nothing is at this path; --endpoint gets /v1/traces and /v1/metrics added, a per-signal endpoint is used as it is (20 spans)',
      ],
      0,
    ],
    [
      '405',
      status(405),
      all,
      ['R answered 405: something else than an OTLP receiver is at this path; check --endpoint (20 spans)'],
      0,
    ],
    [
      '413 for a single span',
      status(413),
      [0, 0, 20, 38, 0],
      ['R answered 413: requests are too large for it; lower HERMES_OTEL_MAX_REQUEST_BYTES (20 spans)'],
      0,
    ],
    [
      '415',
      status(415),
      all,
      [
        'R answered 415: it does not take protobuf; try OTEL_EXPORTER_OTLP_PROTOCOL=http/json, or OTEL_EXPORTER_OTLP_COMPRESSION=none (20 spans)',
      ],
      0,
    ],
    ['422', status(422), all, ['R answered 422: the receiver refuses; its own log says more (20 spans)'], 0],
    ['500', status(500), all, ['R answered 500: the receiver failed; its own log says more (20 spans)'], 0],
    [
      'a redirect',
      status(307, '', { location: 'http://elsewhere/' }),
      all,
      [
        'R answered 307, a redirect to http://elsewhere/, which is not followed: give the final address with --endpoint (20 spans)',
      ],
      0,
    ],
    [
      '503 for too long',
      status(503),
      [0, 0, 20, 10, 8],
      ['R answered 503 (service unavailable); tried for 5 s (20 spans)'],
      0,
    ],
    [
      '429 for longer than we may wait',
      status(429, '', { 'retry-after': '3600' }),
      all,
      [
        'R answered 429 (too many requests); it asks to wait 3600 s, longer than is left of --retry-for 5 s (20 spans)',
      ],
      0,
    ],
  ])('%s', async (_, behave, expected, problems, taken) => {
    const account = await send(behave);
    expect(account.problems).toEqual(problems);
    expect(counts(account)).toEqual(expected);
    expect(receiver.spanIds).toHaveLength(taken);
  });

  test('415 on JSON suggests protobuf', async () => {
    const account = await send(status(415), { protocol: 'http/json' });
    expect(account.problems).toEqual([
      'R answered 415: it does not take JSON; use OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf (20 spans)',
    ]);
  });

  test('a secret that the receiver repeats is taken out', async () => {
    const behave: Behaviour = ({ response }) => {
      response.writeHead(302, { location: 'http://h/?key=hunter2', 'content-type': 'text/plain' }).end();
    };
    const account = await send(behave, { redact: (text) => text.replaceAll('hunter2', '***') });
    expect(account.problems[0]).toContain('a redirect to http://h/?key=***,');
  });

  test.each(Object.entries(FORMS))('a secret of its own is taken out: %s', (_, form) => {
    expect(outsideText(`invalid credentials (${form})`)).not.toMatch(LEAK);
  });

  test('a secret of the receiver itself is taken out', async () => {
    const account = await send(status(400, `the token ${FORMS.keyus} is unknown`));
    expect(account.problems[0]).toMatch(/^R answered 400, "the token .*\[redacted\] is unknown"/);
  });
});

test('a mix of troubles is reported by how much each cost', async () => {
  const account = await send(first(1, partial(2, 'late'), status(401)));
  expect(counts(account)).toEqual([8, 2, 10, 2, 0]);
  expect(account.problems.map((problem) => problem.slice(0, 20))).toEqual([
    'R answered 401: chec',
    'R rejected some: "la',
  ]);
});

describe('when nobody is there', () => {
  async function sendToNobody(retryForMillis: number) {
    receiver = await startReceiver();
    const { url } = receiver;
    await receiver.stop();
    const outages: string[] = [];
    const destination = httpDestination({
      url,
      signal: { destination: 'R' },
      limits: { maxRequestItems: 10, concurrency: 1, retryForMillis },
      more: { onOutage: (sentence) => outages.push(sentence) },
    });
    await destination.spans.write(spans(50));
    return { account: await destination.spans.finish(), outages };
  }
  const why =
    'R cannot be reached: the connection was refused; is the receiver running, and is --endpoint right?';

  test('the first request is tried for the whole time, the others once, and all is reported in one sentence', async () => {
    const { account, outages } = await sendToNobody(5000);
    expect(counts(account)).toEqual([0, 0, 50, 9, 4]);
    expect(account.problems).toEqual([`${why}; tried for 5 s (50 spans)`]);
    expect(outages).toEqual([`${why}; trying again for 5 s`]);
  });

  test('and nothing is to be tried again, each request is tried once', async () => {
    const { account, outages } = await sendToNobody(0);
    expect(counts(account)).toEqual([0, 0, 50, 5, 0]);
    expect(account.problems).toEqual([`${why} (50 spans)`]);
    expect(outages).toEqual([]);
  });
});
