/** A newcomer: a home folder with a Hermes in it, a folder with logs, and nothing of this machine's environment. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

export interface Newcomer {
  readonly home: string;
  /** Where the commands of the pages run. */
  readonly folder: string;
}

export interface Ran {
  /** 124 when the command had to be interrupted. */
  readonly code: number | null;
  /** Standard output and standard error as they came. */
  readonly output: string;
}

const RECORDINGS = resolve('fixtures/recordings/0.19.0');
const DATABASE = resolve('fixtures/database/0.19.0/multi-turn-new-exit/state.db.gz');
const LOG = join(RECORDINGS, 'multi-turn-new-exit/flat.ndjson');
const SPANS = resolve('fixtures/seed/six-spans/expected.otlp.json');

/** Sets up the folders, with the logs that the pages name. */
export function newcomer(): Newcomer {
  const home = mkdtempSync(join(tmpdir(), 'newcomer-'));
  const [folder, hermes] = [join(home, 'work'), join(home, '.hermes')];
  const logs = join(folder, 'logs');
  for (const path of [logs, join(hermes, 'hermes-otel'), join(home, '.config/fish/completions')]) {
    mkdirSync(path, { recursive: true });
  }
  const log = readFileSync(LOG, 'utf8');
  writeFileSync(join(hermes, 'config.yaml'), '# Hermes\nplugins:\n  enabled: []\n');
  writeFileSync(join(hermes, 'state.db'), gunzipSync(readFileSync(DATABASE)));
  writeFileSync(join(hermes, 'hermes-otel/hooks.ndjson'), recorded(log, Date.now() / 1000 - 60));
  for (const name of ['session', 'today', 'main', 'branch', 'baseline'])
    writeFileSync(join(folder, `${name}.ndjson`), log);
  const other = readFileSync(join(RECORDINGS, 'tool-errors/flat.ndjson'), 'utf8');
  writeFileSync(join(folder, 'yesterday.ndjson'), other);
  const next = recorded(other, firstTime(other) + 86_400).replaceAll('20261123_0814', '20261124_0914');
  writeFileSync(join(folder, 'hooks.ndjson'), log + next);
  writeFileSync(join(folder, 'event.json'), log.slice(0, log.indexOf('\n')));
  writeFileSync(
    join(folder, 'failed.jsonl'),
    `${JSON.stringify(JSON.parse(readFileSync(SPANS, 'utf8'))[0])}\n`,
  );
  for (const name of ['simple', 'tools-parallel']) {
    const text = readFileSync(join(RECORDINGS, name, 'flat.ndjson'), 'utf8');
    writeFileSync(join(logs, `${name}.ndjson`), text);
    writeFileSync(join(logs, `${name}.ndjson.gz`), gzipSync(text));
  }
  return { home, folder };
}

/** The log with its times moved, so that it begins at `start`, in epoch seconds. */
function recorded(log: string, start: number): string {
  const shift = start - firstTime(log);
  return log.replaceAll(/\b179\d{7}\.\d+/g, (time) => String(Number(time) + shift));
}

function firstTime(log: string): number {
  return Number(/\b179\d{7}\.\d+/.exec(log)?.[0]);
}

/** Commands that end only when they are interrupted: Ctrl-C comes after this many seconds. */
const ENDLESS = /--follow|tail -f/;
const INTERRUPT_AFTER = 3;

/** Runs one command in a shell. `env` is all that it has beside `HOME`. */
export function run(command: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  const shell = ['bash', '--noprofile', '--norc', '-o', 'pipefail', '-c', command];
  const [program = '', ...words] = ENDLESS.test(command)
    ? ['timeout', '-s', 'INT', '-k', '20', String(INTERRUPT_AFTER), ...shell]
    : shell;
  const child = spawn(program, words, { cwd, env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
    });
  }
  return new Promise((done) => child.on('close', (code) => done({ code, output })));
}
