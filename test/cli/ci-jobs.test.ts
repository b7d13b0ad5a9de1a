import { spawn } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { type Behaviour, type Receiver, startReceiver } from '../export/receiver.ts';

// The jobs of docs/ci.md, their shell lines run by a real bash. Only `npm` is ours: it installs the built program instead of a
// tarball. What the services themselves do (variables, artifacts, conditions) is not run.

const RECORDINGS = 'fixtures/recordings/0.19.0';
const LOG = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';
const BIN = resolve('bin/hermes-otel.js');
const PAGE = await readFile('docs/ci.md', 'utf8');
const [, BACKFILL = ''] = PAGE.split('## A backfill');
const [github, gitlab] = [...BACKFILL.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) =>
  parse(text),
);

interface Step {
  readonly run?: string;
}

const steps = (job: { readonly steps: readonly Step[] }) => job.steps.flatMap(({ run }) => run ?? []);

const JOBS: readonly (readonly [
  service: string,
  backfill: readonly string[],
  resend: readonly string[],
  summary: string,
])[] = [
  ['GitHub Actions', steps(github.jobs.backfill), steps(github.jobs.resend), 'step-summary.md'],
  ['GitLab', gitlab.backfill.script, gitlab.resend.script, 'summary.md'],
];

let folder: string;
let receiver: Receiver | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-ci-'));
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'logs'));
  await copyFile(LOG, join(folder, 'logs/session.ndjson'));
  const npm = join(folder, 'bin/npm');
  await writeFile(
    npm,
    `#!/bin/sh\n[ "$*" = 'install -g ./hermes-otel-0.1.0.tgz' ] || exit 64\nln -sf '${BIN}' '${folder}/bin/hermes-otel'\n`,
  );
  await chmod(npm, 0o755);
});
afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
  await rm(folder, { recursive: true });
});

const accepts: Behaviour = ({ accept }) => accept();
const refuses: Behaviour = ({ response }) => {
  response.writeHead(400).end();
};

/** Runs the lines as the services do: one bash, which ends at the first failure. */
async function run(lines: readonly string[], behave: Behaviour) {
  await receiver?.stop();
  receiver = await startReceiver({ behave });
  const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', lines.join('\n')], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'bin')}:${process.env.PATH}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret',
      GITHUB_STEP_SUMMARY: join(folder, 'step-summary.md'),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += part));
  const code = await new Promise((done) => child.on('close', done));
  return { code, said, spans: new Set(receiver.spanIds).size, requests: receiver.requests };
}

const file = (name: string) => readFile(join(folder, name), 'utf8');

describe.each(JOBS)('%s', (_, backfill, resend, summary) => {
  test('delivers all, with the credentials, and leaves the account and a summary', async () => {
    const { code, said, spans, requests } = await run(backfill, accepts);
    expect([code, spans]).toEqual([0, 13]);
    expect(said).toContain('13 accepted, 0 rejected, 0 failed');
    expect(requests[0]?.headers.authorization).toBe('Bearer secret');
    expect(said).not.toContain('secret');
    expect(JSON.parse(await file('report.json')).lines).toBe(38);
    expect(await file('diagnostics.ndjson')).toBe('');
    expect(await file(summary)).toContain('turn_p95>10m');
  });

  test('fails when the receiver refuses, and sends the same spans later', async () => {
    const first = await run(backfill, refuses);
    expect([first.code, first.spans]).toEqual([1, 0]);
    const { accounts } = JSON.parse(await file('report.json'));
    expect(accounts[0]).toMatchObject({ made: 13, failed: 13, deadLettered: 13 });
    const later = await run(resend, accepts);
    expect([later.code, later.spans]).toEqual([0, 13]);
  });

  test('is green on a realistic folder: retries, failures, interrupts, sub-agents', async () => {
    for (const name of await readdir(RECORDINGS)) {
      await copyFile(join(RECORDINGS, name, 'flat.ndjson'), join(folder, `logs/${name}.ndjson`)).catch(
        () => {},
      );
    }
    const { code, said } = await run(backfill, accepts);
    expect([code, JSON.parse(await file('report.json')).figures.errors > 5]).toEqual([0, true]);
    expect(said).not.toContain('is broken');
  });

  test('fails when a line is lost', async () => {
    await writeFile(join(folder, 'logs/broken.ndjson'), '{broken\n');
    const { code, spans } = await run(backfill, accepts);
    expect([code, spans]).toEqual([1, 13]);
    expect(await file('diagnostics.ndjson')).toContain('broken.ndjson');
  });

  test('fails when a budget is broken', async () => {
    const strict = backfill.map((line) => line.replace('cost>50', 'tokens>1'));
    const { code, said } = await run(strict, accepts);
    expect(code).toBe(1);
    expect(said).toContain('hermes-otel: budget tokens>1 is broken');
  });

  test('could not run without logs', async () => {
    await rm(join(folder, 'logs/session.ndjson'));
    expect((await run(backfill, accepts)).code).toBe(2);
  });
});

test('the page describes every field of the report', async () => {
  const schema = JSON.parse(await readFile('docs/schema/report.schema.json', 'utf8'));
  const { delivery, diagnostic, budget } = schema.$defs;
  const parts = [schema, schema.properties.account, delivery, diagnostic, budget, budget.properties.span];
  const reported = PAGE.slice(PAGE.indexOf('## The report'));
  for (const field of parts.flatMap(({ properties }) => Object.keys(properties))) {
    expect(reported).toMatch(new RegExp(`\`[^\`]*\\b${field}\\b[^\`]*\``));
  }
});
