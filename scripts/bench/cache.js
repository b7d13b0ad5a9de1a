/** What the benchmark keeps between runs, outside the repository: logs, and a virtual environment with the live plugin. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeLog, writeRawLog, writeWideTurn } from './log.js';

const run = promisify(execFile);
const PLUGIN = 'hermes-plugin-otel-tracing==0.1.1';
/** Changes with the generator: logs of another version are written anew. */
const LOGS_VERSION = 2;

const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hermes-otel', 'bench');

const WRITERS = { log: writeLog, raw: writeRawLog, wide: writeWideTurn };

/** @returns `{path, events, spans}` of a log of about `size` events (`wide`: of so many tools in one turn). */
export async function logOf(size, kind = 'log') {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${kind}-${LOGS_VERSION}-${size}.ndjson`);
  const facts = `${path}.json`;
  if (!existsSync(facts)) {
    const part = `${path}.${process.pid}`;
    const counts = await WRITERS[kind](part, size);
    renameSync(part, path);
    writeFileSync(facts, JSON.stringify(counts));
  }
  return { path, ...JSON.parse(readFileSync(facts, 'utf8')) };
}

/** @returns the path of the first ten lines of a log. */
export async function tenLines() {
  const { path } = await logOf(100);
  const ten = join(folder, 'ten-lines.ndjson');
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, 10);
  writeFileSync(ten, `${lines.join('\n')}\n`);
  return ten;
}

/** @returns the Python of an environment that has the live plugin, or a sentence that says why there is none. */
export async function seedPython() {
  const python = join(folder, 'venv', 'bin', 'python');
  try {
    if (!existsSync(python)) await run('python3', ['-m', 'venv', join(folder, 'venv')]);
    await run(python, ['-m', 'pip', 'install', '--quiet', PLUGIN], { timeout: 300_000 });
    return { python, missing: undefined };
  } catch (error) {
    const [why] = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .slice(-1);
    return { python: undefined, missing: `not measured: no Python with ${PLUGIN} could be had (${why})` };
  }
}
