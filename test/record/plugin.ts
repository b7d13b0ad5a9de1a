import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe } from '@jest/globals';
import type { JsonObject, JsonValue } from '../../src/model/json.ts';
import { PYTHON } from '../python.ts';

const DRIVER = fileURLToPath(new URL('drive.py', import.meta.url));

type Env = Readonly<Record<string, string>>;
/** A hook and its arguments. */
export type Fired = readonly [hook: string, kwargs: JsonObject];

/** `describe` for tests of the recorder plugin: they are skipped where there is no python3 to run it. */
export const describeWithPython = PYTHON === undefined ? describe.skip : describe;

/** The recorder wants nothing but Python itself (-S: no packages besides), and leaves nothing behind (-B). */
const argumentsOf = (...words: readonly string[]) => ['-S', '-B', DRIVER, ...words];

/** Runs one scenario of `drive.py` in a Python of its own. @returns what the scenario printed. */
export function drive(scenario: string, env: Env, events: readonly Fired[] = []): JsonObject {
  const run = spawnSync(PYTHON ?? 'python3', argumentsOf(scenario), {
    env,
    input: events.map((event) => `${JSON.stringify(event)}\n`).join(''),
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) throw new Error(`drive.py ${scenario}: exit ${run.status}\n${run.stderr}`);
  const reported: JsonValue = JSON.parse(run.stdout);
  return reported as JsonObject;
}

/** Runs a scenario in several processes at once. */
export async function driveMany(scenario: string, env: Env, count: number): Promise<void> {
  const runs = Array.from({ length: count }, (_, number) => {
    const child = spawn(PYTHON ?? 'python3', argumentsOf(scenario, String(number)), { env, stdio: 'ignore' });
    return new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) =>
        code === 0 ? resolve() : reject(new Error(`process ${number}: ${code}`)),
      );
    });
  });
  await Promise.all(runs);
}
