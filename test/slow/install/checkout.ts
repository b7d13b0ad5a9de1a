/** A copy of the checkout, as a clone has it, and a prefix for `npm install -g`. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';

export interface Machine {
  readonly checkout: string;
  /** Of `npm install -g`. */
  readonly prefix: string;
  /** The whole environment of a command. `PATH` finds the given Node first. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a clone does not have. */
const MADE = new Set(['node_modules', 'dist', '.git', '.bench', 'coverage', '__pycache__']);

/** @param node the Node.js that commands find, also npm's */
export function machine(node = process.execPath): Machine {
  const root = mkdtempSync(join(tmpdir(), 'machine-'));
  const [checkout, prefix] = [join(root, 'hermes-otel'), join(root, 'prefix')];
  const filter = (path: string) => !MADE.has(basename(path));
  cpSync(resolve('.'), checkout, { recursive: true, filter });
  const path = [join(prefix, 'bin'), dirname(node), ...(process.env.PATH ?? '').split(delimiter)];
  const env = {
    PATH: path.filter((folder) => !folder.includes('node_modules/.bin')).join(delimiter),
    LANG: 'C.UTF-8',
    npm_config_prefix: prefix,
    ...network(),
  };
  return { checkout, prefix, env };
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
