import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { redact } from '../../src/model/safe-text.ts';
import { findSecrets } from '../../src/validate/secrets.ts';
import { processorMillis } from '../processor-time.ts';

/** Put together here, so that no scanner takes this file for a leak. */
const BODY = 'a1B2'.repeat(10);
const PEM = 'PRIVATE KEY-----';

describe('obvious secrets go', () => {
  test.each([
    ['key of a model provider', `bad key sk-proj-${BODY}!`, 'bad key [redacted]!'],
    ['payment key', `sk_live_${BODY}`, '[redacted]'],
    ['GitHub token', `ghp_${BODY}`, '[redacted]'],
    ['fine-grained GitHub token', `github_pat_${BODY}_${BODY}`, '[redacted]'],
    ['GitLab token', `glpat-${BODY}`, '[redacted]'],
    ['Slack token', `xoxb-1234567890-${BODY}`, '[redacted]'],
    ['AWS key id', `id AKIA${'A1B2'.repeat(4)}.`, 'id [redacted].'],
    ['Google key', `AIza${BODY}`, '[redacted]'],
    ['Hugging Face token', `hf_${BODY}`, '[redacted]'],
    ['npm token', `npm_${BODY}`, '[redacted]'],
    ['Telegram bot token', `1234567890:AA${BODY.slice(0, 33)}`, '[redacted]'],
    ['Slack webhook', `https://hooks.slack.com/services/T000/B000/${BODY}`, 'https://[redacted]'],
    ['JWT', `eyJ${BODY}.eyJ${BODY}.abc-DEF_123`, '[redacted]'],
    ['private key', `x -----BEGIN RSA ${PEM}\nMIIE\n-----END RSA ${PEM} y`, 'x [redacted] y'],
    ['private key that was cut', `-----BEGIN ${PEM}\nMIIE`, '[redacted]'],
    ['bearer', `Authorization: Bearer ${BODY}`, 'Authorization: Bearer [redacted]'],
    ['basic', `header basic ${BODY}=`, 'header basic [redacted]'],
    ['announced password', `password=${BODY} rest`, 'password=[redacted] rest'],
    ['announced key in JSON', `{"api_key": "${BODY}"}`, '{"api_key": "[redacted]"}'],
    ['credentials in a URL', `https://user:${BODY}@host/path`, 'https://[redacted]@host/path'],
    ['user alone in a URL', `https://${BODY}@host/path`, 'https://[redacted]@host/path'],
    ['two in one text', `hf_${BODY} and glpat-${BODY}`, '[redacted] and [redacted]'],
  ])('%s', (_kind, text, expected) => {
    expect(redact(text)).toBe(expected);
  });
});

test('what the linter accuses of being a secret is gone afterwards', () => {
  const heads = [
    'sk-',
    'ghp_',
    'glpat-',
    'AKIA',
    'AIza',
    'ya29.',
    'xoxb-',
    'sk_live_',
    'npm_',
    'hf_',
    '1234567890:AA',
  ];
  const texts = [
    ...heads.map((head) => `x ${head}${BODY}`),
    `hooks.slack.com/services/${BODY}`,
    `passwd=${BODY}`,
  ];
  for (const text of texts) expect([text, findSecrets(redact(text))]).toEqual([text, []]);
  expect(texts.flatMap((text) => findSecrets(text)).length).toBeGreaterThan(8);
});

describe('ordinary text stays', () => {
  test.each([
    'Error code: 429 - rate limited',
    'max_tokens: 16384, prompt tokens: 9120',
    'the task-based approach of disk-management',
    'basic usage of the tool',
    'read https://example.com/a:b@c',
    'claude-sonnet-4-6-20260217',
    'mail me at someone@example.com',
    '',
  ])('%s', (text) => {
    expect(redact(text)).toBe(text);
  });
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

test('a hostile text costs little', () => {
  for (const piece of ['eyJ-', '://a:', 'Bearer ', 'token=', 'sk-', `-----BEGIN ${PEM}`, 'A']) {
    const text = piece.repeat(50_000);
    expect(processorMillis(() => redact(text))).toBeLessThan(2000);
  }
});
