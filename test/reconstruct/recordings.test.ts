import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { AgentSpan, ApiCallSpan, AuxiliaryCallSpan } from '../../src/model/span.ts';
import { replayText } from '../replayed.ts';

const ROOT = new URL('../../fixtures/recordings/', import.meta.url);

interface Totals {
  readonly id: string;
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly reasoning_tokens: number;
}

const TOTALS: Record<string, Record<string, Totals[]>> = JSON.parse(
  readFileSync(new URL('totals.json', ROOT), 'utf8'),
);

const RECORDINGS = readdirSync(ROOT, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ndjson'))
  .map((entry) => `${entry.parentPath.split('/').slice(-2).join('/')}/${entry.name}`)
  .toSorted();

const read = (name: string) => readFileSync(new URL(name, ROOT), 'utf8');

test('all genuine recordings are here', () => {
  expect(RECORDINGS.filter((name) => name.endsWith('flat.ndjson'))).toHaveLength(70);
});

test.each(RECORDINGS)('%s: trees are whole, times run forward, every line is accounted for', (name) => {
  const text = read(name);
  const { spans, lines, others } = replayText(text);
  const ids = new Set(spans.map((span) => span.spanId));
  expect(ids.size).toBe(spans.length);
  for (const span of spans) {
    expect(span.endTime).toBeGreaterThanOrEqual(span.startTime);
    if (span.parentSpanId !== undefined) expect(ids).toContain(span.parentSpanId);
  }
  const accounted = Object.values(lines).reduce((sum, count) => sum + count, others);
  expect(accounted).toBe(text.split('\n').length - 1);
  expect(lines.unplaced).toBe(0);
});

test.each(RECORDINGS.filter((name) => !name.includes('hooks-test')))(
  "%s: token sums equal those of Hermes's own database",
  (name) => {
    const [version = '', scenario = ''] = name.split('/');
    const { spans } = replayText(read(name));
    for (const row of TOTALS[version]?.[scenario] ?? []) {
      expect({ id: row.id, ...sums(spans, row.id) }).toEqual({
        id: row.id,
        input_tokens: row.input_tokens,
        output_tokens: row.output_tokens,
        cache_read_tokens: row.cache_read_tokens,
        cache_write_tokens: row.cache_write_tokens,
        reasoning_tokens: row.reasoning_tokens,
      });
    }
  },
);

/** Over the calls of one session, background turns set aside; what was not reported is 0 in the database. */
function sums(spans: readonly AgentSpan[], sessionId: string) {
  const calls = spans
    .filter(
      (span): span is ApiCallSpan | AuxiliaryCallSpan =>
        span.kind === 'api_call' || span.kind === 'auxiliary_call',
    )
    .filter((span) => span.sessionId === sessionId && !span.background);
  const sum = (
    field: 'inputTokens' | 'outputTokens' | 'cacheReadTokens' | 'cacheWriteTokens' | 'reasoningTokens',
  ) => calls.reduce((total, call) => total + (call.usage?.[field] ?? 0), 0);
  return {
    input_tokens: sum('inputTokens'),
    output_tokens: sum('outputTokens'),
    cache_read_tokens: sum('cacheReadTokens'),
    cache_write_tokens: sum('cacheWriteTokens'),
    reasoning_tokens: sum('reasoningTokens'),
  };
}
