import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createRedaction, secretKinds } from '../../src/model/redact.ts';
import { processorMillis } from '../processor-time.ts';
import { FORMS, LEAK } from './secret-forms.ts';

const { text: redact, value: redactValue } = createRedaction();

/** Put together here, so that no scanner takes this file for a leak. */
const BODY = 'a1B2'.repeat(10);
const PEM = 'PRIVATE KEY-----';

/** How a secret stands in a log: in prose, and in JSON within JSON within JSON. */
const PLACES: Readonly<Record<string, (secret: string) => string>> = {
  alone: (secret) => secret,
  'in an error': (secret) => `local_processing_error(${secret})`,
  'in JSON': (secret) => JSON.stringify({ text: `run ${secret} now` }),
  'in JSON in JSON': (secret) => JSON.stringify({ a: JSON.stringify({ b: secret }) }),
  'in JSON in JSON in JSON': (secret) =>
    JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: secret }) }) }),
};

describe.each(Object.entries(PLACES))('%s', (_place, within) => {
  test.each(Object.entries(FORMS))('%s is redacted, and once only', (_name, form) => {
    const redacted = redact(within(form));
    expect(redacted).not.toMatch(LEAK);
    expect(redact(redacted)).toBe(redacted);
  });
});

describe('what explains a secret stays', () => {
  test.each([
    [`bad key sk-proj-${BODY}!`, 'bad key [redacted]!'],
    [`https://hooks.slack.com/services/T000/B000/${BODY}`, 'https://[redacted]'],
    [`x -----BEGIN RSA ${PEM}\nMIIE\n-----END RSA ${PEM} y`, 'x [redacted] y'],
    [`Authorization: Bearer ${BODY}`, 'Authorization: Bearer [redacted]'],
    [`header basic ${BODY}=`, 'header basic [redacted]'],
    [`password=${BODY} rest`, 'password=[redacted] rest'],
    [`{"api_key": "${BODY}", "x": 1}`, '{"api_key": "[redacted]", "x": 1}'],
    [`https://user:${BODY}@host/path`, 'https://[redacted]@host/path'],
    [`https://host/path?a=1&key=${BODY}&b=2`, 'https://host/path?a=1&key=[redacted]&b=2'],
    [`hf_${BODY} and glpat-${BODY}`, '[redacted] and [redacted]'],
  ])('%s', (text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});

const ORDINARY = [
  'Error code: 429 - rate limited',
  "Error code: 400 - {'error': {'message': 'Invalid value', 'type': 'invalid_request_error', 'code': 'invalid_value'}}",
  'max_tokens: 16384, prompt tokens: 9120',
  'the task-based approach of disk-management',
  'basic usage of the tool',
  'basic understanding of authentication tokens',
  'read https://example.com/a:b@c',
  'http://localhost:4318/v1/traces',
  'claude-sonnet-4-6-20260217',
  'mail me at someone@example.com',
  'call_322397aca1d4442a89dd8f96',
  '20260915_101500_a1b2c3:20260915_101500_a1b2c3:5f0e9d11:api:1',
  '{"api_key": "[redacted]", "password": null}',
  'the token limit was reached after 3 calls',
  'docker run -u 1000:1000 image',
  '',
];

describe('ordinary text stays', () => {
  test.each(ORDINARY)('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
});

describe('validate', () => {
  test.each([
    ['model provider key', `sk-ant-api03-${BODY}`],
    ['GitHub token', `github_pat_${BODY}`],
    ['AWS access key', 'AKIAABCDEFGH12345678'],
    ['Telegram bot token', `123456789:AA${BODY}`],
    ['private key', `-----BEGIN RSA ${PEM}`],
    ['password in a URL', 'postgres://app:hunter2x@db/main'],
    ['authorization header', 'Authorization: Bearer abcdef0123456789abcdef'],
    ['value named as a secret', '{\\"client_secret\\": \\"abcd1234efgh\\"}'],
    ['password after its name', 'DB_PASSWORD=correct-horse-7 psql'],
  ])('reports a %s', (kind, secret) => {
    expect([...secretKinds(`{"command": "export X=${secret} && run"}`)]).toEqual([kind]);
  });

  test.each([
    ...ORDINARY,
    '{"api_key": "<redacted>", "password": "[redacted]"}',
    'api_key = os.environ["KEY"]',
    'password: required',
    'the token is invalid1',
  ])('reports nothing in %j', (text) => {
    expect([...secretKinds(text)]).toEqual([]);
  });
});

describe('JSON', () => {
  test('stays JSON when a value had to go', () => {
    const json = redact('{"token": 12345678901, "argv": ["--password", "hunter2"], "next": "x"}');
    expect(JSON.parse(json)).toEqual({ token: '[redacted]', argv: ['--password', '[redacted]'], next: 'x' });
  });

  test('too long to be shown stays JSON too', () => {
    const json = redact(JSON.stringify({ content: `sk-${BODY} ${'y'.repeat(140_000)}` }));
    expect(JSON.parse(json).content).toMatch(/^\[redacted\] y{90000}/);
  });
});

describe('data', () => {
  test('all strings and keys are redacted, at any depth; the rest is the same object', () => {
    const clean = { tokens: { input: 3 }, list: ['a', { b: true }], none: undefined };
    const data = { clean, deep: [{ url: `https://u:${BODY}@h/x`, [`sk-${BODY}`]: 1 }] };
    const redacted = redactValue(data);
    expect(redacted).toEqual({ clean, deep: [{ url: 'https://[redacted]@h/x', '[redacted]': 1 }] });
    expect(redacted.clean).toBe(clean);
    expect(redactValue(clean)).toBe(clean);
  });

  test('the name of a field announces its value', () => {
    expect(
      redactValue({ password: 'short', dbPass: 'x', api_key: [1, 'two'], auth: { token: 'x' } }),
    ).toEqual({
      password: '[redacted]',
      dbPass: 'x',
      api_key: ['[redacted]', '[redacted]'],
      auth: { token: '[redacted]' },
    });
  });

  test('fields to keep are kept', () => {
    const data = { id: `sk-${BODY}`, entries: [[`sk-${BODY}`, { text: `sk-${BODY}` }]] };
    expect(redactValue(data, /^id$/)).toEqual({
      id: `sk-${BODY}`,
      entries: [[`sk-${BODY}`, { text: '[redacted]' }]],
    });
  });
});

test('further patterns are redacted too, except for their first group', () => {
  const { text } = createRedaction([/acme-\d+/, /(ticket )[A-Z]+/i]);
  expect(text(`acme-12, Ticket ABC and sk-${BODY}`)).toBe('[redacted], Ticket [redacted] and [redacted]');
});

test.each(['', '... [123 more]'])('a key at the end of a text that was cut is redacted, before %j', (end) => {
  expect(redact(`${'word '.repeat(200)}sk-abc1234${end}`)).toBe(`${'word '.repeat(200)}[redacted]${end}`);
});

test('whatever stands around a key, the key goes', () => {
  const announcement = fc.constantFrom('sk-', 'ghp_', 'Bearer ', 'token=', 'api_key: "', `-----BEGIN ${PEM}`);
  const hex = fc.stringMatching(/^[0-9a-f]{40}$/);
  fc.assert(
    fc.property(fc.string(), announcement, hex, fc.string(), (before, announced, key, after) => {
      expect(redact(`${before} ${announced}${key} ${after}`)).not.toContain(key);
    }),
  );
});

test('of several secrets in one text all go, and a second redaction changes nothing', () => {
  const parts = fc.constantFrom(
    ...Object.values(FORMS),
    ' ',
    '"',
    '\\"',
    ': ',
    '=',
    '&',
    '[redacted]',
    '@',
    '/',
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 6 }), (list) => {
      const once = redact(list.join(' '));
      expect(once).not.toMatch(LEAK);
      expect(redact(once)).toBe(once);
    }),
  );
});

test.each([
  'eyJ-',
  'eyJ_',
  '://a:',
  '://',
  'Bearer ',
  'token="',
  'sk-',
  `-----BEGIN ${PEM}`,
  'A',
  'mysql ',
  '\\',
  '?key',
])('a megabyte of %j is searched in good time', (piece) => {
  const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
  expect(processorMillis(() => redact(text))).toBeLessThan(2000);
  expect(processorMillis(() => secretKinds(text))).toBeLessThan(6000);
});
