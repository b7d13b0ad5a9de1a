import { writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { AgentSpan } from '../../../src/model/span.ts';
import { readSpans } from '../../../src/replay/spans.ts';
import { databaseFile, fixture, ofKind, PAIRS } from '../../database/pairs.ts';

// A database beside a hook log of the same sessions: nothing is shown twice, and what the recorder missed is filled in.

/** Before 0.16 turns have no ids. A session that Hermes rewrote has turns of its own. */
const PAIRED = PAIRS.filter((pair) => !pair.startsWith('0.14') && !pair.endsWith('irc-compress-rotate'));

/** An answer that no hook reports. */
const MORE: Readonly<Record<string, readonly string[]>> = { '0.19.0/finish-length': ['api_call'] };

test.each(PAIRED)('%s: with the whole hook log the spans are those of the hooks', async (pair) => {
  const database = databaseFile(pair);
  const hooks = `${database}.hooks.ndjson`;
  writeFileSync(hooks, fixture(pair, 'hooks.ndjson'));
  const alone = await readSpans(hooks);
  const both = await readSpans([database, hooks], { agentLogs: [] });
  expect(repeated(both.spans)).toEqual([]);
  const found = new Set(both.spans.map(({ spanId }) => spanId));
  expect(alone.spans.filter(({ spanId }) => !found.has(spanId)).map(nameOf)).toEqual([]);
  const known = new Set(alone.spans.map(({ spanId }) => spanId));
  const more = both.spans.filter(({ spanId }) => !known.has(spanId));
  expect(more.map(({ kind }) => kind)).toEqual(MORE[pair] ?? []);
});

test.each(
  ['0.19.0/multi-turn-new-exit', '0.19.0/interleaved', '0.18.0/multi-turn-new-exit'].flatMap((pair) =>
    [0.2, 0.5, 0.8].map((part) => [pair, part] as const),
  ),
)('%s: a recorder that came after %d of the log misses nothing', async (pair, part) => {
  const database = databaseFile(pair);
  const lines = fixture(pair, 'hooks.ndjson').toString().trimEnd().split('\n');
  const hooks = `${database}.part.ndjson`;
  writeFileSync(hooks, `${lines.slice(Math.floor(lines.length * part)).join('\n')}\n`);
  const { spans } = await readSpans([database, hooks], { agentLogs: [] });
  writeFileSync(hooks, `${lines.join('\n')}\n`);
  const whole = await readSpans(hooks);
  expect(repeated(spans)).toEqual([]);
  for (const kind of ['session', 'turn', 'api_call', 'tool_call'] as const) {
    expect({ kind, count: ofKind(spans, kind).length }).toEqual({
      kind,
      count: ofKind(whole.spans, kind).filter((span) => !('background' in span) || !span.background).length,
    });
  }
  expect(traces(spans)).toEqual(traces(whole.spans));
});

function traces(spans: readonly AgentSpan[]): string[] {
  return [...new Set(spans.map(({ traceId }) => traceId))].sort();
}

function repeated(spans: readonly AgentSpan[]): string[] {
  const ids = spans.map(({ spanId }) => spanId);
  return ids.filter((id, index) => ids.indexOf(id) !== index);
}

function nameOf(span: AgentSpan): string {
  return `${span.kind} ${span.sessionId} ${'turnId' in span ? span.turnId : ''}${'apiRequestId' in span ? span.apiRequestId : ''} ${'toolCallId' in span ? span.toolCallId : ''}`;
}
