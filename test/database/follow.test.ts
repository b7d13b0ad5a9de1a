import { copyFileSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Diagnostic } from '../../src/model/diagnostic.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { followDatabases } from '../../src/replay/follow-database.ts';
import { sorted } from '../replayed.ts';
import { until } from '../until.ts';
import { grow, shrink, sql } from './growing.ts';
import { convertFile, databaseFile, replayLines } from './pairs.ts';

const directory = mkdtempSync(join(tmpdir(), 'follow-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test.each([
  ['0.19.0/multi-turn-new-exit', [1, 2, 4, 5, 6, 7, 9, 10, 11]],
  ['0.19.0/tools-parallel', [1, 2, 4, 5, 9, 10]],
  ['0.19.0/delegate-cli-background', [2, 4, 6, 7, 10]],
] as const)('%s, followed while it is written, gives the spans of the whole', async (pair, steps) => {
  const whole = databaseFile(pair);
  const database = join(directory, `${pair.replaceAll('/', '-')}.db`);
  copyFileSync(whole, database);
  shrink(database, 0);
  const end = new AbortController();
  const lines: string[] = [];
  let rows = 0;
  const following = (async () => {
    const reading = { content: false, known: new Map(), kept: new Map(), onDiagnostic: () => {} };
    for await (const batch of followDatabases([database], reading, { pollMillis: 20, signal: end.signal })) {
      for (const { text, line } of batch.lines) {
        lines.push(text);
        rows = Math.max(rows, line);
      }
    }
  })();
  for (const step of steps) {
    grow(database, whole, step);
    await until(() => rows >= step);
  }
  end.abort();
  await following;
  const followed = replayLines(lines);
  expect(followed.diagnostics).toEqual([]);
  expect(comparable(followed.spans)).toEqual(comparable(replayLines(await convertFile(whole)).spans));
});

test('a database that is replaced by another file is opened again', async () => {
  const database = join(directory, 'replaced.db');
  copyFileSync(databaseFile('0.19.0/multi-turn-new-exit'), database);
  const other = join(directory, 'other.db');
  copyFileSync(databaseFile('0.19.0/tools-parallel'), other);
  const end = new AbortController();
  const lines: string[] = [];
  const following = (async () => {
    const reading = { content: false, known: new Map(), kept: new Map(), onDiagnostic: () => {} };
    for await (const batch of followDatabases([database], reading, { pollMillis: 20, signal: end.signal }))
      lines.push(...batch.lines.map(({ text }) => text));
  })();
  const expected = [database, other].map((file) => convertFile(file));
  const [first = [], second = []] = await Promise.all(expected);
  await until(() => lines.length >= first.length);
  renameSync(other, database);
  await until(() => lines.length >= first.length + second.length);
  end.abort();
  await following;
  expect(lines.slice(first.length).length).toBe(second.length);
});

test('a look is whole with its last batch', async () => {
  const database = databaseFile('0.19.0/delegate-cli-background');
  const end = new AbortController();
  const reading = { content: false, known: new Map(), kept: new Map(), onDiagnostic: () => {} };
  const batches: (readonly [lines: number, isWhole: boolean])[] = [];
  for await (const { lines, isWhole } of followDatabases([database], reading, { signal: end.signal })) {
    batches.push([lines.length, isWhole]);
    if (isWhole) end.abort();
  }
  expect(batches.length).toBeGreaterThan(1);
  expect(batches.map(([lines]) => lines > 0)).toEqual(batches.map(([, isWhole]) => !isWhole));
});

test('a damaged row is reported once, however often its session goes on', async () => {
  const whole = join(directory, 'damaged-whole.db');
  copyFileSync(databaseFile('0.19.0/multi-turn-new-exit'), whole);
  sql(whole, `UPDATE messages SET tool_calls = '{' WHERE id = 2`);
  const database = join(directory, 'damaged.db');
  copyFileSync(whole, database);
  shrink(database, 2);
  const end = new AbortController();
  const codes: string[] = [];
  let rows = 0;
  const following = (async () => {
    const onDiagnostic = ({ code }: Diagnostic) => void codes.push(code);
    const reading = { content: false, known: new Map(), kept: new Map(), onDiagnostic };
    for await (const batch of followDatabases([database], reading, { pollMillis: 20, signal: end.signal }))
      rows = Math.max(rows, ...batch.lines.map(({ line }) => line));
  })();
  for (const step of [2, 4, 5]) {
    grow(database, whole, step);
    await until(() => rows >= step);
  }
  end.abort();
  await following;
  expect(codes).toEqual(['row-damaged']);
});

/** What a span is, wherever its times were known first. */
function comparable(spans: readonly AgentSpan[]): unknown[] {
  return sorted(spans).map(({ kind, traceId, spanId, parentSpanId, incomplete, startTime, endTime }) => ({
    ...{ kind, traceId, spanId, parentSpanId, incomplete, startTime, endTime },
  }));
}
