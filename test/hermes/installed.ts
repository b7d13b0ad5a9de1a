/** A genuine Hermes: the released package, in a virtual environment of its own outside the repository. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const INSTALL_TIMEOUT_MILLIS = 900_000;

/** The releases to test with: `HERMES_VERSION`, several separated by blanks or commas; the newest when it is not set. */
export const HERMES_VERSIONS: readonly string[] = (process.env.HERMES_VERSION ?? '0.19.0')
  .split(/[\s,]+/)
  .filter(Boolean);

/** The path of that release's `hermes`, installed first where it is not yet. Throws in plain words when it cannot be. */
export function installedHermes(version: string): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const directory = join(cache, 'hermes-otel', 'hermes', version);
  const complete = join(directory, 'installed-by-hermes-otel');
  const hermes = join(directory, 'bin', 'hermes');
  if (existsSync(complete) && existsSync(hermes)) return hermes;
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(join(directory, '..'), { recursive: true });
  run('python3', ['-m', 'venv', directory], 'These tests need python3 (3.11 or later) with its venv module.');
  const pip = ['install', '--quiet', '--disable-pip-version-check', `hermes-agent==${version}`];
  run(join(directory, 'bin', 'pip'), pip, `hermes-agent ${version} could not be installed with pip.`);
  writeFileSync(complete, '');
  return hermes;
}

function run(command: string, args: readonly string[], sentence: string): void {
  const done = spawnSync(command, args, { encoding: 'utf8', timeout: INSTALL_TIMEOUT_MILLIS });
  if (done.status !== 0) {
    throw new Error(`${sentence} Nothing was tested.\n${done.error?.message ?? done.stderr}`);
  }
}
