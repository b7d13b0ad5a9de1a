import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createTimeInBytes } from '../../src/parse/head-bytes.ts';
import { parseLine } from '../../src/parse/parse-line.ts';

function parsedTime(text: string) {
  const line = { source: 'log', line: 1, text, endOffsetBytes: 0, damage: undefined };
  const parsed = parseLine(line, { content: false });
  return parsed.kind === 'event' ? parsed.event.time : undefined;
}

const timeInBytes = createTimeInBytes();

/** The line stands between others. */
function seen(text: string) {
  const bytes = Buffer.from(`1\n${text}\n{"ts": 1}`);
  return timeInBytes(bytes, 2, 2 + Buffer.byteLength(text));
}

const RECORDINGS = 'fixtures/recordings';
const genuine = readdirSync(RECORDINGS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ndjson'))
  .flatMap((file) => readFileSync(join(RECORDINGS, file), 'utf8').split('\n').slice(0, -1))
  // Test payloads are told apart by their ids, before.
  .filter((text) => !/"(?:test-|parent-sess")/.test(text));

test('the time of nearly every genuine line is in its head, and is the one that parsing finds', () => {
  const times = genuine.map((text) => ({ text, time: seen(text) }));
  for (const { text, time } of times)
    if (time !== undefined) expect([text, time]).toEqual([text, parsedTime(text)]);
  expect(times.filter(({ time }) => time !== undefined).length / times.length).toBeGreaterThan(0.95);
});

test('a number means what it means to JSON', () => {
  const digits = (max: number) =>
    fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
  fc.assert(
    fc.property(fc.nat(4e9), fc.option(digits(10)), fc.constantFrom('', ' '), (whole, fraction, space) => {
      const ts = fraction === null ? `${whole}` : `${whole}.${fraction}`;
      const text = `{"ts":${space}${ts},${space}"event":${space}"pre_llm_call","session_id":"a"}`;
      expect([text, seen(text)]).toEqual([text, parsedTime(text)]);
    }),
  );
});

test.each([
  '',
  '{"ts": 1795421979.9, "event": "pre_llm_call"',
  '{"ts": 1795421979.9, "event": "no_such_hook", "session_id": "a"}',
  '{"ts": 1795421979., "event": "pre_llm_call"}',
  '{"ts": -1795421979, "event": "pre_llm_call"}',
  '{"ts": 1795421979e3, "event": "pre_llm_call"}',
  '{"ts": "2026-11-23T08:00:00Z", "event": "pre_llm_call", "session_id": "a"}',
  '{"event": "pre_llm_call", "ts": 1795421979.9}',
  '{"ts": 1795421979.9, "pid": "x", "event": "pre_llm_call"}',
  '{"ts": 1795421979.9, "event": 7}',
  '{"ts": 1795421979.9, "event": "pre_llm_ca}',
])('its head does not tell the time of %j', (text) => {
  expect(seen(text)).toBeUndefined();
});
