/** Runs a program once and says what it took: wall time by us, CPU time (user and system) and peak memory by itself. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const USAGE = new URL('usage.js', import.meta.url).href;

/** A Node program, of which the usage is taken as it exits. @returns see `measure`. */
export function measureNode(script, words, env = {}) {
  return measure(process.execPath, ['--import', USAGE, pathOf(script), ...words], env);
}

/**
 * A program that writes `{cpuMillis, rssMb}` to file descriptor 3 at its end.
 * @returns `{wallMillis, cpuMillis, rssMb, stdout}`. Throws when it fails, with what it said.
 */
export async function measure(program, words, env) {
  const start = performance.now();
  const child = spawn(program, words, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, usage] = child.stdio.map((stream) => stream && textOf(stream));
  const [code] = await once(child, 'exit');
  const wallMillis = performance.now() - start;
  if (code !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${code}: ${await stderr}`);
  return { wallMillis, ...JSON.parse(await usage), stdout: await stdout };
}

async function textOf(stream) {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

export function pathOf(script) {
  return fileURLToPath(new URL(script, import.meta.url));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
