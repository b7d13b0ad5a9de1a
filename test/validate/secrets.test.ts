import { describe, expect, test } from '@jest/globals';
import { findSecrets } from '../../src/validate/secrets.ts';
import { processorMillis } from '../processor-time.ts';

/** Put together here, so that no scanner takes this file for a leak. */
const x = (length: number) => 'a1B2c3D4e5F6g7H8'.repeat(20).slice(0, length);

describe('a secret is found where it stands', () => {
  const rows: [string, string][] = [
    ['model provider key', `sk-proj-${x(40)}`],
    ['model provider key', `sk-ant-api03-${x(60)}`],
    ['GitHub token', `ghp_${x(36)}`],
    ['GitHub token', `github_pat_${x(60)}`],
    ['GitLab token', `glpat-${x(20)}`],
    ['AWS access key', `AKIA${'ABCDEFGH12345678'}`],
    ['Google key', `AIza${x(35)}`],
    ['Slack token', `xoxb-${x(30)}`],
    ['Stripe key', `sk_live_${x(24)}`],
    ['npm token', `npm_${x(36)}`],
    ['Hugging Face token', `hf_${x(34)}`],
    ['Telegram bot token', `123456789:AA${x(33)}`],
    ['JSON web token', `eyJ${x(20)}.eyJ${x(30)}.${x(20)}`],
    ['private key', `-----BEGIN RSA ${'PRIVATE'} KEY-----`],
  ];
  test.each(rows)('%s %#', (kind, secret) => {
    const text = `{"command": "export X=${secret} && run"}`;
    expect(findSecrets(text)).toEqual([
      { kind, start: text.indexOf(secret), end: text.indexOf(secret) + secret.length },
    ]);
  });
});

describe('what a name or a scheme announces is found without it', () => {
  const rows: [string, string, string][] = [
    ['password in a URL', 'postgres://app:hunter2x@db/main', 'hunter2x'],
    ['authorization header', 'Authorization: Bearer abcdef0123456789abcdef', 'abcdef0123456789abcdef'],
    ['value named as a secret', '{"api_key": "abcd1234efgh"}', 'abcd1234efgh'],
    ['value named as a secret', '{\\"client_secret\\": \\"abcd1234efgh\\"}', 'abcd1234efgh'],
    ['value named as a secret', 'DB_PASSWORD=correct-horse-7 psql', 'correct-horse-7'],
  ];
  test.each(rows)('%s in %s', (kind, text, secret) => {
    const [found] = findSecrets(text);
    expect(found?.kind).toBe(kind);
    expect(text.slice(found?.start, found?.end)).toBe(secret);
  });
});

test.each([
  'max_tokens: 16384, input_tokens: 9120',
  'the task-oriented approach to desk-research-2026-and-beyond',
  '{"api_key": "<redacted>", "password": "[redacted]"}',
  'api_key = os.environ["KEY"]',
  'basic understanding of authentication tokens',
  'call_322397aca1d4442a89dd8f96',
  '20260915_101500_a1b2c3:20260915_101500_a1b2c3:5f0e9d11:api:1',
  'https://api.anthropic.com/v1?x=1',
  '',
])('%j holds none', (text) => {
  expect(findSecrets(text)).toEqual([]);
});

test('of overlapping finds one is told', () => {
  expect(findSecrets(`{"api_key": "sk-proj-${x(40)}"}`)).toHaveLength(1);
});

test.each(['a', ' ', '-', '.', '/', '://', 'eyJ', 'sk-', '"api_key":', 'bearer ', '\\'])(
  'a megabyte of %j is searched in good time',
  (piece) => {
    const text = piece.repeat(Math.ceil(1_000_000 / piece.length));
    expect(processorMillis(() => findSecrets(text))).toBeLessThan(4000);
  },
);
