/** One Hermes with a home of its own: its configuration, its runs, its database. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '../../src/model/json.ts';

const RUN_TIMEOUT_MILLIS = 240_000;
/** The program as it is installed: the tests of this folder drive it from outside, as a user does. */
export const PROGRAM = fileURLToPath(new URL('../../bin/hermes-otel.js', import.meta.url));

type Env = Readonly<Record<string, string>>;

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Agent {
  readonly home: string;
  /** Where the recorders write by default. */
  readonly log: string;
  /** Runs `hermes …`. */
  hermes(args: readonly string[], env?: Env): Promise<Ran>;
  /** Runs `hermes-otel …`. */
  hermesOtel(...args: readonly string[]): Promise<Ran>;
  /** What Hermes itself counted, by session. */
  sessions(): Promise<readonly JsonObject[]>;
  remove(): void;
}

const CONFIG = (baseUrl: string) => `# A comment that must survive.
model: {default: scripted-1, provider: custom, base_url: "${baseUrl}", api_key: sk-test, context_length: 131072}
security: {allow_lazy_installs: false}   # otherwise its start is spent on attempts to install things
`;

const SESSIONS = `
import json, sqlite3, sys
db = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
db.row_factory = sqlite3.Row
columns = [row["name"] for row in db.execute("pragma table_info(sessions)")]
wanted = [c for c in columns if c.endswith("_tokens") or c.endswith("_call_count") or c == "id"]
print(json.dumps([dict(row) for row in db.execute("select " + ", ".join(wanted) + " from sessions order by id")]))
`;

export function newAgent(hermes: string, baseUrl: string): Agent {
  const root = mkdtempSync(join(tmpdir(), 'genuine-hermes-'));
  const [home, work] = [join(root, 'home'), join(root, 'work')];
  for (const directory of [home, work]) mkdirSync(directory);
  writeFileSync(join(home, 'config.yaml'), CONFIG(baseUrl));
  // Nothing of the machine's own settings: neither keys nor proxies, nor another Hermes home.
  const env = { PATH: process.env.PATH ?? '', HOME: root, HERMES_HOME: home, LANG: 'C.UTF-8' };
  return {
    home,
    log: join(home, 'hermes-otel', 'hooks.ndjson'),
    hermes: (args, more = {}) => run(hermes, args, { ...env, ...more }, work),
    hermesOtel: (...args) => run(process.execPath, [PROGRAM, ...args], env, work),
    sessions: async () => {
      const { out, err } = await run('python3', ['-c', SESSIONS, join(home, 'state.db')], env, work);
      if (out === '') throw new Error(`state.db could not be read: ${err}`);
      return JSON.parse(out);
    },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

async function run(command: string, args: readonly string[], env: Env, cwd: string): Promise<Ran> {
  const child = spawn(command, args, {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_TIMEOUT_MILLIS,
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}
