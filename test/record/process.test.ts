/** `hermes-otel record` as the agent runs it: a process of its own, whose end is waited for. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import { BIN } from '../start-bin.ts';
import { readLog, temporaryDirectory } from './log-directory.ts';
import { shellBody } from './shell.ts';

// Each starts processes, and machines are busy.
jest.setTimeout(60_000);

const directory = temporaryDirectory();
const BODY = shellBody(['post_tool_call', { tool_name: 'terminal', result: 'x'.repeat(300_000) }]);

const BUILT = join(dirname(BIN), '../dist');
const PROGRAM = [BIN, 'record'];

describe('the process of hermes-otel record', () => {
  test.each([
    ['a body', BODY, {}, 1],
    ['no JSON', 'hello', {}, 0],
    ['a full disk', BODY, { HERMES_OTEL_RECORD_FILE: '/dev/full' }, 0],
  ])('prints nothing and exits 0: %s', (_claim, input, env, lines) => {
    const path = join(directory(), 'hooks.ndjson');
    const run = spawnSync(process.execPath, PROGRAM, {
      input,
      env: { HERMES_OTEL_RECORD_FILE: path, ...env },
      encoding: 'utf8',
    });
    expect([run.status, run.stdout, run.stderr]).toEqual([0, '', '']);
    if (lines > 0) expect(readLog(path)).toHaveLength(lines);
  });

  test('does not wait at a terminal, or for input that is none', () => {
    const run = spawnSync(process.execPath, PROGRAM, {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 20_000,
    });
    expect([run.status, String(run.stdout), String(run.stderr)]).toEqual([0, '', '']);
  });

  test('twenty at once write twenty whole lines', async () => {
    const path = join(directory(), 'hooks.ndjson');
    const runs = Array.from({ length: 20 }, () => {
      const child = spawn(process.execPath, [...PROGRAM, '--out', path], {
        stdio: ['pipe', 'ignore', 'ignore'],
        env: {},
      });
      child.stdin.end(BODY);
      return new Promise((resolve) => child.once('exit', resolve));
    });
    expect(await Promise.all(runs)).toEqual(Array.from({ length: 20 }, () => 0));
    expect(new Set(readLog(path).map(({ pid }) => pid)).size).toBe(20);
  }, 60_000);

  test('loads nothing but what it needs: the agent waits for it', () => {
    const seen = new Set<string>();
    const visit = (path: string) => {
      // In the bundle, of which every file is one line.
      const imports = /\b(?:import|export)\b[^"';()]*"([^"]+)"/g;
      for (const [, name = ''] of readFileSync(path, 'utf8').matchAll(imports)) {
        const found = name.startsWith('.') ? join(dirname(path), name) : name;
        if (!seen.has(found) && name.startsWith('.')) visit(found);
        seen.add(found);
      }
    };
    visit(join(BUILT, 'cli/record.js'));
    const outside = [...seen].filter((name) => !name.startsWith(BUILT));
    expect(outside.sort()).toEqual(['node:fs', 'node:path']);
    expect(seen.size - outside.length).toBeLessThanOrEqual(8);
  });
});
