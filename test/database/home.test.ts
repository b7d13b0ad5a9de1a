import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { databaseFacts } from '../../src/cli/doctor/facts.ts';
import { checkDatabase } from '../../src/doctor/machine.ts';
import { runMain } from '../run-main.ts';
import { databaseFile, fixture } from './pairs.ts';

// A Hermes home with two profiles: one was recorded, one has Hermes's text log.

const home = mkdtempSync(join(tmpdir(), 'home-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
beforeAll(() => {
  for (const [directory, pair] of [
    ['.', '0.19.0/multi-turn-new-exit'],
    ['profiles/old', '0.14.0/multi-turn-new-exit'],
    ['profiles/recorded', '0.19.0/tools-sequential'],
  ] as const) {
    mkdirSync(join(home, directory, 'logs'), { recursive: true });
    copyFileSync(databaseFile(pair), join(home, directory, 'state.db'));
  }
  const log = fixture('0.14.0/multi-turn-new-exit', 'agent.log').toString().split('\n');
  // Rotated in the middle of a turn.
  writeFileSync(join(home, 'profiles/old/logs/agent.log.1'), `${log.slice(0, 6).join('\n')}\n`);
  writeFileSync(join(home, 'profiles/old/logs/agent.log'), log.slice(6).join('\n'));
  mkdirSync(join(home, 'profiles/recorded/hermes-otel'));
  const hooks = fixture('0.19.0/tools-sequential', 'hooks.ndjson');
  writeFileSync(join(home, 'profiles/recorded/hermes-otel/hooks.ndjson'), hooks);
});

test('--hermes-home reads all databases, their logs, and what was recorded', async () => {
  const { code, out, err } = await runMain(['view', '--hermes-home', home]);
  expect(code).toBe(0);
  expect(err).toMatch(/from 4 files: 5 sessions, 9 turns, /);
  // From the log: rows of 0.14 have no times of their own.
  expect(out).toMatch(/turn 1 .* 12\.6k→4/);
});

test('--agent-log none leaves only the order of old rows', async () => {
  const old = join(home, 'profiles/old/state.db');
  const { out } = await runMain(['replay', old, '--agent-log', 'none', '-e', 'otlp_file']);
  expect(out).toContain('"hermes.time.source","value":{"stringValue":"order"}');
  expect(out).not.toContain('gen_ai.client.operation.duration');
  expect(out).not.toContain('hermes.tool.duration');
  const timed = await runMain(['replay', old, '-e', 'otlp_file']);
  expect(timed.out).toContain('"hermes.time.source","value":{"stringValue":"log"}');
  expect(timed.out).toContain('gen_ai.client.operation.duration');
});

test('a home without any log is refused', async () => {
  const { code, err } = await runMain(['view', '--hermes-home', join(home, 'profiles')]);
  expect(code).toBe(2);
  expect(err).toContain('--hermes-home: ');
});

test('doctor reports what is there, since when, and since when with times', async () => {
  const found = (await databaseFacts(home)).map((facts) => checkDatabase(facts, false));
  expect(found.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok']);
  expect(found[0]?.found).toContain('2 sessions since 2026-11-30, with times inside a turn since 2026-11-30');
  expect(found[1]?.found).toContain('without times inside a turn');
});
