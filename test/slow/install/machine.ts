/** A computer without hermes-otel: a prefix for `npm install -g`, and nothing of this one's environment. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';

export interface Machine {
  readonly root: string;
  /** The whole environment of a command, without `HOME`. `PATH` finds the prefix, then the given Node first. */
  readonly env: Readonly<Record<string, string>>;
}

/** @param node the Node.js that commands find, also npm's */
export function machine(node = process.execPath): Machine {
  const root = mkdtempSync(join(tmpdir(), 'machine-'));
  const prefix = join(root, 'prefix');
  const path = [join(prefix, 'bin'), dirname(node), ...(process.env.PATH ?? '').split(delimiter)];
  const PATH = path.filter((folder) => !folder.includes('node_modules/.bin')).join(delimiter);
  return { root, env: { PATH, LANG: 'C.UTF-8', npm_config_prefix: prefix, ...network() } };
}

/** What a clone does not have. */
const MADE = new Set(['node_modules', 'dist', '.git', '.bench', 'coverage', '__pycache__']);

/** Copies what a clone of the repository has. @returns the folder */
export function checkout({ root }: Machine): string {
  const folder = join(root, 'hermes-otel');
  cpSync(resolve('.'), folder, { recursive: true, filter: (path) => !MADE.has(basename(path)) });
  return folder;
}

/**
 * How npm reaches a registry here, which another prefix would take from it: its global settings lie there. Packages that were
 * downloaded before are not downloaded again.
 */
function network(): Readonly<Record<string, string>> {
  const { stdout } = spawnSync('npm', ['config', 'ls', '--long', '--json'], { encoding: 'utf8' });
  const settings: Readonly<Record<string, unknown>> = JSON.parse(stdout);
  const names = ['cache', 'cafile', 'proxy', 'https-proxy', 'noproxy', 'registry'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = settings[name];
      return typeof value === 'string' && value !== ''
        ? [[`npm_config_${name.replaceAll('-', '_')}`, value]]
        : [];
    }),
  );
}
