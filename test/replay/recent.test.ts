import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { AgentSpan, SpanId } from '../../src/model/span.ts';
import { epochMicros } from '../../src/model/time.ts';
import { otlpFile } from '../../src/replay/exporters.ts';
import { createMeasured } from '../../src/replay/recent.ts';
import { replay } from '../../src/replay/replay.ts';

const span = (id: number, endTime = 1) =>
  ({ spanId: id.toString(16).padStart(16, '0') as SpanId, endTime: epochMicros(endTime) }) as AgentSpan;

test('a span is new once; with another end it is another', () => {
  const measured = createMeasured();
  expect([span(1), span(2), span(1), span(1, 2), span(1, 2)].map(measured.add)).toEqual([
    true,
    true,
    false,
    true,
    false,
  ]);
});

test('the next run knows it, and only the last ones are remembered', () => {
  const measured = createMeasured(undefined, 100);
  for (let id = 0; id < 1000; id += 1) measured.add(span(id));
  const next = createMeasured(measured.toText(), 100);
  expect(next.add(span(950))).toBe(false);
  expect(next.add(span(10))).toBe(true);
  expect(measured.toText().join('').length).toBeLessThan(200 * 11);
});

/** Fewer bytes than identify a log by its beginning. */
const log = (id: number) =>
  [
    { ts: 1776247200 + id, event: 'pre_llm_call', session_id: `s${id}`, turn_id: `t${id}`, model: 'm' },
    {
      ts: 1776247201 + id,
      event: 'post_api_request',
      session_id: `s${id}`,
      turn_id: `t${id}`,
      api_request_id: `a${id}`,
      model: 'm',
      usage: { prompt_tokens: 100, input_tokens: 100, output_tokens: 7 },
    },
    { ts: 1776247202 + id, event: 'on_session_finalize', session_id: `s${id}`, reason: 'shutdown' },
  ]
    .map((event) => `${JSON.stringify(event)}\n`)
    .join('');

test('short logs with copies beside them count their tokens once', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-measured-'));
  const at = (name: string) => join(folder, name);
  mkdirSync(at('logs'));
  for (const id of [1, 2, 3, 4]) {
    writeFileSync(at(`logs/${id}.ndjson`), log(id));
    copyFileSync(at(`logs/${id}.ndjson`), at(`logs/${id}.copy`));
  }
  const stop = new AbortController();
  const report = await replay(at('logs'), {
    destinations: [otlpFile(at('out'))],
    follow: { pollMillis: 10 },
    totals: true,
    signal: stop.signal,
    on: {
      progress: ({ report }) => {
        if (report.lines === 24) stop.abort();
      },
    },
  });
  const sums = [...readFileSync(at('out'), 'utf8').matchAll(/"gen_ai.client.token.usage".*?"aggregation/g)]
    .flatMap(([metric]) => [...metric.matchAll(/"sum":(\d+)/g)])
    .map(([, sum]) => Number(sum));
  rmSync(folder, { recursive: true });
  expect(report.lines).toBe(24);
  expect(sums).toEqual([400, 28]);
  expect(report.totals?.kinds.api_call.count).toBe(4);
});
