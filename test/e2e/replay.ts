import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { globSync } from 'tinyglobby';

const bin = fileURLToPath(new URL('../../bin/hermes-otel.js', import.meta.url));
const fixtures = new URL('../../fixtures/', import.meta.url);

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built program with an environment of its own, so that nothing of the developer's leads it elsewhere. */
export async function hermesOtel(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin = '',
): Promise<Ran> {
  const child = spawn(process.execPath, [bin, ...args], { env: { PATH: process.env.PATH ?? '', ...env } });
  child.stdin.end(stdin);
  const exit = once(child, 'exit');
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await exit;
  return { code, stdout, stderr };
}

/** As `hermesOtel`, for runs that must succeed. @throws with what the program said. */
export async function replayed(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  stdin = '',
): Promise<Ran> {
  const ran = await hermesOtel(['replay', ...args], env, stdin);
  if (ran.code !== 0) throw new Error(`exit code ${ran.code}: ${ran.stderr}`);
  return ran;
}

/** What `-e otlp_file` writes of a log: the lines. */
export async function fileOf(...args: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await replayed([...args, '-e', 'otlp_file']);
  return stdout.split('\n').filter((line) => line !== '');
}

/** A genuine recording of Hermes 0.19.0. */
export function recording(scenario: string): string {
  return fileURLToPath(new URL(`recordings/0.19.0/${scenario}/flat.ndjson`, fixtures));
}

/** Every genuine recording of every version of Hermes: one replay takes them all, merged by time. */
export function recordings(): readonly string[] {
  return globSync('recordings/*/*/flat.ndjson', { cwd: fixtures, absolute: true }).sort();
}
