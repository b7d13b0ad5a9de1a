import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from '@jest/globals';

/** A folder that survives the run, for what is slow to get. */
export function cacheFolder(name: string): string {
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hermes-otel', name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** `test` where the command is there, and a skipped test elsewhere. */
export function testWith(command: string): typeof test | typeof test.skip {
  return spawnSync(command, ['--version']).error === undefined ? test : test.skip;
}

/** The path of a Node.js of this major version: this one, or npm's package `node` in the cache. */
export function nodeOf(major: number): string {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const cache = cacheFolder(`node-${major}`);
  const node = join(cache, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(node)) return node;
  writeFileSync(join(cache, 'package.json'), '{ "private": true }');
  const options = { cwd: cache, encoding: 'utf8' } as const;
  const done = spawnSync('npm', ['install', '--no-audit', '--no-fund', `node@${major}`], options);
  if (!existsSync(node)) throw new Error(`Node.js ${major} could not be installed: ${done.stderr}`);
  return node;
}
