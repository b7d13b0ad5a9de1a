import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { AgentSpan } from '../../src/model/span.ts';
import { labelOf } from '../../src/view/label.ts';
import { perfettoJson } from '../../src/view/perfetto.ts';
import { presentable } from '../../src/view/presentable.ts';
import { replayText } from '../replayed.ts';
import { hostile } from '../view/logs.ts';
import { openTrace, type Row, type TraceProcessor } from './trace-processor.ts';

const RECORDINGS = new URL('../../fixtures/recordings/', import.meta.url);

/** Genuine logs: sub-agents side by side, tools side by side, turns that overlap, errors, a crash, several sessions. */
const LOGS = [
  '0.14.0/kill9-tool',
  '0.16.0/delegate-batch',
  '0.16.0/tools-parallel-reads',
  '0.19.0/bg-review-overlap',
  '0.19.0/delegate-cli-background',
  '0.19.0/tool-errors',
  '0.19.0/big-and-unicode',
] as const;

const SLICES = `
  select extract_arg(slice.arg_set_id, 'args.spanId') as span, slice.name as name, ts, dur, slice.id as slice,
    parent_id as parent, thread.name as track, process.name as process
  from slice join thread_track on slice.track_id = thread_track.id join thread using (utid)
    join process using (upid) order by slice.id`;

const COUNTERS = `
  select process_counter_track.name as name, max(value) as value, process.name as process
  from counter join process_counter_track on counter.track_id = process_counter_track.id join process using (upid)
  group by 1, 3`;

const COMPLAINTS = `select name, value from stats where severity in ('error', 'data_loss') and value > 0`;

async function spansOf(log: string): Promise<readonly AgentSpan[]> {
  return replayText(await readFile(new URL(`${log}/flat.ndjson`, RECORDINGS), 'utf8')).spans;
}

/**
 * This build reads no asynchronous pairs yet (later ones do, and `chrome-reads.browser.ts` gives them to a reader that
 * does). Each of our lanes is a thread too, by `pid` and `tid`, so here the same pairs are a thread's.
 */
function opened(spans: readonly AgentSpan[]): Promise<TraceProcessor> {
  const trace = JSON.parse([...perfettoJson(spans)].join(''));
  for (const event of trace.traceEvents) if (/^[be]$/.test(event.ph)) event.ph = event.ph.toUpperCase();
  return openTrace(JSON.stringify(trace));
}

describe.each(LOGS)('%s, as Perfetto reads it', (log) => {
  let spans: readonly AgentSpan[];
  let perfetto: TraceProcessor;
  let slices: readonly Row[];
  beforeAll(async () => {
    spans = await spansOf(log);
    perfetto = await opened(spans);
    slices = perfetto.query(SLICES);
  });

  test('it has nothing to complain about', () => {
    expect(perfetto.query(COMPLAINTS)).toEqual([]);
  });

  test('a slice for each span, with its name, its start, its length and its session', () => {
    const expected = presentable(spans).map((span) => ({
      span: span.spanId,
      name: labelOf(span),
      ts: span.startTime * 1000,
      dur: (span.endTime - span.startTime) * 1000,
    }));
    const found = slices.map(({ span, name, ts, dur }) => ({ span, name, ts, dur }));
    expect(bySpan(found)).toEqual(bySpan(expected));
  });

  test('a process for each session, sub-agents in that of the session they work for', () => {
    const processes = new Map(slices.map(({ span, process }) => [span, process]));
    for (const span of spans) {
      const top = ancestors(span, spans).at(-1) ?? span;
      expect(processes.get(span.spanId)).toBe(`session ${top.sessionId}`);
    }
  });

  test('a track for each sub-agent, with its name', () => {
    const tracks = new Set(
      slices.filter(({ parent }) => parent === null).map(({ span, track }) => `${span} ${track}`),
    );
    for (const span of spans.filter(({ kind }) => kind === 'subagent')) {
      expect(tracks).toContain(`${span.spanId} ${labelOf(span)}`);
    }
  });

  test('a slice stands in that of its parent; on a track of its own only what a track cannot hold', () => {
    const spanOfSlice = new Map(slices.map(({ slice, span }) => [slice, span]));
    const byId = new Map<string, AgentSpan>(spans.map((span) => [span.spanId, span]));
    for (const { span: id, parent } of slices) {
      const span = byId.get(String(id));
      if (span === undefined) throw new Error(`no span is ${id}`);
      if (parent !== null) expect(spanOfSlice.get(parent)).toBe(span.parentSpanId);
      else expect([id, standsApart(span, spans)]).toEqual([id, true]);
    }
  });

  test('counters that end at the tokens of the session', () => {
    const found = perfetto.query(COUNTERS);
    const counted = found.map(({ process, name, value }) => [`${process} ${name}`, value] as const);
    expect(new Map(counted)).toEqual(tokensOf(spans));
  });
});

test('all recordings in one trace: a slice for each span, a process for each session, no complaint', async () => {
  const spans = (await Promise.all((await recordings()).map(spansOf))).flat();
  const perfetto = await opened(spans);
  expect(perfetto.query(COMPLAINTS)).toEqual([]);
  expect(perfetto.query('select count(*) as slices from slice')).toEqual([{ slices: spans.length }]);
  const tops = spans.filter((span) => ancestors(span, spans).length === 0).map(({ sessionId }) => sessionId);
  expect(perfetto.query("select count(*) as sessions from process where name like 'session %'")).toEqual([
    { sessions: new Set(tops).size },
  ]);
});

test('names that try to break out stay names', async () => {
  const spans = hostile();
  const perfetto = await opened(spans);
  expect(
    perfetto
      .query('select name from slice')
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(presentable(spans).map(labelOf).toSorted());
});

/** By session and counter. */
function tokensOf(spans: readonly AgentSpan[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const span of spans) {
    if (span.kind !== 'api_call' && span.kind !== 'auxiliary_call') continue;
    if (span.usage === undefined) continue;
    const { inputTokens = 0, outputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = span.usage;
    const cached = cacheReadTokens + cacheWriteTokens;
    const { sessionId } = ancestors(span, spans).at(-1) ?? span;
    for (const [name, tokens] of Object.entries({ input: inputTokens, output: outputTokens, cached })) {
      const counter = `session ${sessionId} tokens ${name}`;
      sums.set(counter, (sums.get(counter) ?? 0) + tokens);
    }
  }
  return sums;
}

/** Its parent first. */
function ancestors(span: AgentSpan, spans: readonly AgentSpan[]): readonly AgentSpan[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent === undefined || span.kind === 'session' ? [] : [parent, ...ancestors(parent, spans)];
}

/** A session, a sub-agent, and what overlaps its siblings or outlives its parent. */
function standsApart(span: AgentSpan, spans: readonly AgentSpan[]): boolean {
  const [parent] = ancestors(span, spans);
  if (parent === undefined || span.kind === 'subagent') return true;
  if (span.startTime < parent.startTime || span.endTime > parent.endTime) return true;
  return spans.some(
    (other) =>
      other !== span &&
      other.parentSpanId === span.parentSpanId &&
      other.startTime < span.endTime &&
      other.endTime > span.startTime,
  );
}

async function recordings(): Promise<readonly string[]> {
  const files = await readdir(RECORDINGS, { recursive: true });
  return files.filter((file) => basename(file) === 'flat.ndjson').map(dirname);
}

function bySpan<T extends { readonly span: Row[string] | undefined }>(rows: readonly T[]): readonly T[] {
  return rows.toSorted((a, b) => (String(a.span) < String(b.span) ? -1 : 1));
}
