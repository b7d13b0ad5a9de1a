import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { runMain } from '../run-main.ts';
import { grow, shrink, sql } from './growing.ts';
import { databaseFile } from './pairs.ts';

const directory = mkdtempSync(join(tmpdir(), 'incremental-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const whole = databaseFile('0.19.0/multi-turn-new-exit');
const FIRST = '20261130_123043_13fce3';

interface Replayed {
  readonly sessions: ReadonlySet<string>;
  readonly turns: number;
  readonly tokens: number;
}

test('only what changed is replayed, and metrics count everything once', async () => {
  const database = join(directory, 'state.db');
  copyFileSync(whole, database);
  shrink(database, 8);
  const tokens = (input: number) =>
    sql(
      database,
      `UPDATE sessions SET input_tokens = ${input}, output_tokens = 0 WHERE id = '${FIRST}';
       UPDATE session_model_usage SET input_tokens = ${input}, output_tokens = 0 WHERE session_id = '${FIRST}' AND task = '';`,
    );
  tokens(40_000);

  const first = await replay(database);
  // The other session has no rows yet.
  expect(first.sessions).toEqual(new Set([FIRST]));
  expect(first.turns).toBe(3);

  expect(await replay(database)).toEqual({ sessions: new Set(), turns: 0, tokens: 0 });

  grow(database, whole, 9);
  tokens(62_991);
  const second = await replay(database);
  expect(second.sessions).toEqual(new Set([FIRST]));
  // The turn of row 8 has ended only now.
  expect(second.turns).toBe(1);

  grow(database, whole, 11);
  const third = await replay(database);
  expect([...third.sessions]).toEqual(['20261130_123110_dbea3c']);

  const all = await replay(database, 'another');
  expect(first.tokens + second.tokens + third.tokens).toBe(all.tokens);
  expect(all.turns).toBe(4);
});

test('a session that goes on is left for a later run', async () => {
  const database = join(directory, 'running.db');
  copyFileSync(whole, database);
  const now = `${Date.now() / 1000} - 1796041870`;
  sql(
    database,
    `UPDATE sessions SET ended_at = NULL, started_at = started_at + ${now} WHERE id = '20261130_123110_dbea3c';
     UPDATE messages SET timestamp = timestamp + ${now} WHERE session_id = '20261130_123110_dbea3c';`,
  );
  const run = await replay(database, 'running', '1h');
  expect([...run.sessions]).toEqual([FIRST]);
  sql(database, `UPDATE sessions SET ended_at = started_at + 10 WHERE ended_at IS NULL;`);
  const later = await replay(database, 'running', '1h');
  expect([...later.sessions]).toEqual(['20261130_123110_dbea3c']);
});

test('a checkpoint that cannot be written is one sentence, and nothing else is lost', async () => {
  mkdirSync(join(directory, 'unwritable', 'checkpoint.json.new'), { recursive: true });
  const { code, out, err } = await runMain([
    ...['replay', whole, '-e', 'otlp_file', '--checkpoint', join(directory, 'unwritable'), '--settle', '0s'],
  ]);
  expect([code, out.includes(FIRST)]).toEqual([0, true]);
  expect(err).toContain('the checkpoint could not be written: ');
});

test('a log that is no database is refused', async () => {
  const log = join(directory, 'hooks.ndjson');
  const { code, err } = await runMain(['replay', log, '--checkpoint', directory]);
  expect(code).toBe(2);
  expect(err).toContain('--checkpoint goes with --follow, with databases, or with s3:');
});

async function replay(database: string, name = 'one', settle = '0s'): Promise<Replayed> {
  const checkpoint = join(directory, name);
  const { code, out, err } = await runMain([
    ...['replay', database, '-e', 'otlp_file', '--checkpoint', checkpoint, '--settle', settle],
  ]);
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  const lines = out.split('\n').filter((line) => line !== '');
  const sessions = [...out.matchAll(/"hermes.session.id","value":\{"stringValue":"([^"]+)"/g)].map(
    ([, id = '']) => id,
  );
  const last = lines.findLast((line) => line.includes('resourceMetrics')) ?? '{}';
  return {
    sessions: new Set(sessions),
    turns: sumOf(last, 'hermes.session.turn_count'),
    tokens: sumOf(last, 'gen_ai.client.token.usage'),
  };
}

interface Point {
  readonly asInt?: string;
  readonly sum?: number;
}

interface Metrics {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string;
        readonly sum?: { readonly dataPoints: readonly Point[] };
        readonly histogram?: { readonly dataPoints: readonly Point[] };
      }[];
    }[];
  }[];
}

/** The sum of all series of a metric at the end of the run. */
function sumOf(line: string, metric: string): number {
  const { resourceMetrics = [] }: Metrics = JSON.parse(line);
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics),
  );
  const latest = metrics.findLast(({ name }) => name === metric);
  const points = [...(latest?.sum?.dataPoints ?? []), ...(latest?.histogram?.dataPoints ?? [])];
  return points.reduce((total, { asInt = 0, sum = 0 }) => total + Number(asInt) + sum, 0);
}
