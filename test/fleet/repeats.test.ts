import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { otlpFile } from '../../src/replay/exporters.ts';
import { replay } from '../../src/replay/replay.ts';
import { decode } from '../e2e/otlp.ts';
import { sessions } from '../reconstruct/hermes-log.ts';
import { recorded, redelivered, restarts, telemetryOf } from './shipped.ts';

const RUNS = { numRuns: Number(process.env.LAW_RUNS ?? 30) };

const events = sessions({ min: 1, max: 2 }).map((made) => made.flatMap((session) => session.events));

test('law: blocks that a shipper sends twice change no span and no point, and are counted', async () => {
  await fc.assert(
    fc.asyncProperty(events, restarts, async (made, blocks) => {
      const lines = recorded(made);
      const twice = redelivered(lines, blocks);
      const [once, again] = [await telemetryOf(lines), await telemetryOf(twice)];
      expect([again.spans, again.points]).toEqual([once.spans, once.points]);
      const doubles = twice.length - lines.length;
      expect(again.report.account.merged - once.report.account.merged).toBe(doubles);
      expect(again.report.diagnosticCounts['delivered-twice']).toBe(doubles);
    }),
    RUNS,
  );
});

const at = 1_795_000_000;
const turn = (session: string, ts: number) => [
  { ts, event: 'pre_llm_call', session_id: session, turn_id: `${session}-t`, model: 'm' },
  { ts: ts + 1, event: 'pre_tool_call', session_id: session, turn_id: `${session}-t`, tool_name: 'terminal' },
  {
    ts: ts + 2,
    event: 'post_tool_call',
    session_id: session,
    turn_id: `${session}-t`,
    tool_name: 'terminal',
  },
  { ts: ts + 3, event: 'post_llm_call', session_id: session, turn_id: `${session}-t`, model: 'm' },
  { ts: ts + 4, event: 'on_session_finalize', session_id: session, reason: 'shutdown' },
];

test('logs of two containers in one file have equal process numbers, and no line of them is left out', async () => {
  const joined = [...recorded(turn('a', at)), ...recorded(turn('b', at)), ...recorded(turn('c', at - 60))];
  const { spans, report } = await telemetryOf(joined);
  expect([spans.length, report.account.merged]).toEqual([9, 0]);
});

test('shell hooks have no number, but a process of their own: a line that comes again counts once', async () => {
  const hook = (ts: number, pid: number, body: object) => JSON.stringify({ ts, pid, ...body });
  const body = (name: string, more: object = {}) => ({
    hook_event_name: name,
    session_id: 's',
    extra: { turn_id: 't', task_id: 'x', telemetry_schema_version: '1', ...more },
  });
  const lines = [
    hook(at + 0.25, 11, body('pre_llm_call')),
    hook(at + 1.25, 12, body('pre_tool_call', { tool_call_id: 'c' })),
    hook(at + 2.25, 13, body('post_tool_call', { tool_call_id: 'c' })),
  ];
  const once = await telemetryOf(lines);
  const again = await telemetryOf([...lines, ...lines.slice(1)]);
  expect([again.spans, again.points]).toEqual([once.spans, once.points]);
  expect(again.report.diagnosticCounts['delivered-twice']).toBe(2);
});

test('equal lines of a recorder that writes no process may be two calls: none is left out', async () => {
  const lines = [...turn('s', at), ...turn('s', at)].map((event) => JSON.stringify(event));
  const { report } = await telemetryOf(lines);
  expect(report.diagnosticCounts['delivered-twice']).toBeUndefined();
});

test('a follower knows the lines of the run before, by its checkpoint', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-repeats-'));
  const [log, out] = [join(folder, 'hooks.ndjson'), join(folder, 'out.jsonl')];
  const lines = recorded([...turn('a', at), ...turn('b', at + 30)]);
  const run = async () => {
    const stop = new AbortController();
    const read = await replay(log, {
      destinations: [otlpFile(out)],
      signal: stop.signal,
      follow: { pollMillis: 20, checkpoint: { directory: join(folder, 'checkpoint') } },
      on: { progress: (now) => (now.report.lines > 0 && now.lagBytes() === 0 ? stop.abort() : undefined) },
    });
    return read.account.merged;
  };
  writeFileSync(
    log,
    lines
      .slice(0, 7)
      .map((line) => `${line}\n`)
      .join(''),
  );
  const before = await run();
  appendFileSync(
    log,
    lines
      .slice(3)
      .map((line) => `${line}\n`)
      .join(''),
  );
  let merged = before;
  for (let runs = 0; merged === before && runs < 20; runs++) merged = await run();
  expect(merged - before).toBe(4);
  const { spans } = decode(readFileSync(out, 'utf8').split('\n'));
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(6);
  rmSync(folder, { recursive: true });
});
