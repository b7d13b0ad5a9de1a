import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';

// docs/action/: the steps of the composite action and the lines of the GitLab job, run by bash. Only `npm` is ours: it installs the
// built program. `npm run test:install` runs the action by `act`.

const ACTION = resolve('docs/action');
const BIN = resolve('bin/hermes-otel.js');
const RECORDINGS = resolve('fixtures/recordings/0.19.0');

const action = parse(readFileSync(join(ACTION, 'action.yml'), 'utf8'));
const gitlab = parse(readFileSync(join(ACTION, 'gitlab.yml'), 'utf8'))['.hermes-otel'];

let folder: string;
const at = (name: string) => join(folder, name);
const file = (name: string) => readFileSync(at(name), 'utf8');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'action-'));
  for (const name of ['bin', 'temp', 'logs']) mkdirSync(at(name));
  copyFileSync(join(RECORDINGS, 'tool-errors/flat.ndjson'), at('logs/a.ndjson'));
  copyFileSync(join(RECORDINGS, 'simple/flat.ndjson'), at('before.ndjson'));
  writeFileSync(at('path'), '');
  writeFileSync(
    at('bin/npm'),
    `#!/bin/bash\n[ "$1 $2" = 'install --global' ] || exit 64\n[ "$3" = --prefix ] && to="$4/bin" || to='${at('bin')}'\nmkdir -p "$to"\nln -sf '${BIN}' "$to/hermes-otel"\n`,
    { mode: 0o755 },
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

function bash(script: string, env: Readonly<Record<string, string>>) {
  const paths = [...file('path').split('\n').filter(Boolean), at('bin'), process.env.PATH];
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
    {
      cwd: folder,
      encoding: 'utf8',
      env: { ...env, PATH: paths.join(':') },
    },
  );
  return { status, output: stdout + stderr };
}

/** Runs the steps of the action as a runner does, with its variables and expressions. */
function runAction(inputs: Readonly<Record<string, string>>) {
  const values: Record<string, string> = { 'github.action_path': ACTION };
  for (const [name, input] of Object.entries<{ default?: string }>(action.inputs)) {
    values[`inputs.${name}`] = inputs[name] ?? input.default ?? '';
  }
  const evaluated = (text: string) =>
    text.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => values[name] ?? '');
  let output = '';
  for (const { run, env, shell } of action.runs.steps) {
    expect(shell).toBe('bash');
    const own = Object.entries<string>(env).map(([name, text]) => [name, evaluated(text)]);
    const step = bash(run, {
      ...Object.fromEntries(own),
      RUNNER_TEMP: at('temp'),
      GITHUB_PATH: at('path'),
      GITHUB_STEP_SUMMARY: at('summary.md'),
    });
    output += step.output;
    if (step.status !== 0) return { code: step.status, output };
  }
  return { code: 0, output };
}

const PACKAGE = { package: './hermes-otel-0.1.0.tgz', logs: 'logs' };

describe('the action', () => {
  test('passes, with a summary and a page', () => {
    const { code, output } = runAction({ ...PACKAGE, budgets: 'tokens>1000000\n\n' });
    expect([code, output]).toEqual([0, expect.not.stringContaining('::error')]);
    expect(file('summary.md')).toContain('1 session, 1 turn, 7 calls, 5 tools');
    expect(file('hermes-otel.html')).toContain('<!doctype html>');
  });

  test('compares with another log', () => {
    expect(runAction({ ...PACKAGE, before: 'before.ndjson', page: 'other.html' }).code).toBe(0);
    expect(file('summary.md')).toContain('`before.ndjson` → `logs`');
    expect(file('other.html')).toContain('<!doctype html>');
  });

  test('fails with an annotation for a broken budget, and still writes summary and page', () => {
    const { code, output } = runAction({ ...PACKAGE, budgets: 'errors>0\nturn_p95>1h' });
    expect(code).toBe(1);
    expect(output).toMatch(/^::error::budget errors>0 is broken by tool read_file of session 2026/m);
    expect(output).not.toContain('::budget turn_p95');
    expect(file('summary.md')).toContain('**broken**');
    expect(file('hermes-otel.html')).toContain('<!doctype html>');
  });

  test('fails with an annotation at the line that would be lost, unless it is not strict', () => {
    writeFileSync(at('logs/b,c.ndjson'), '{broken\n');
    const { code, output } = runAction(PACKAGE);
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('::error file=logs/b%2Cc.ndjson,line=1::not JSON'),
    ]);
    expect(runAction({ ...PACKAGE, strict: 'false' }).code).toBe(0);
  });

  test('could not run without logs', () => {
    rmSync(at('logs'), { recursive: true });
    expect(runAction(PACKAGE).code).toBe(2);
  });

  test('text of its inputs is no code', () => {
    const { code } = runAction({
      ...PACKAGE,
      logs: '$(touch pwned)',
      before: '`touch pwned`',
      budgets: '$(touch pwned)',
    });
    expect(code).toBe(2);
    expect(() => file('pwned')).toThrow();
  });
});

describe('the job for GitLab', () => {
  const run = (variables: Readonly<Record<string, string>>) =>
    bash(gitlab.script.join('\n'), { ...gitlab.variables, ...variables });

  test('passes, with what its artifacts name', () => {
    expect(run({ BEFORE: 'before.ndjson', BUDGETS: '--fail-on tokens>1000000' })).toMatchObject({
      status: 0,
    });
    for (const path of gitlab.artifacts.paths) expect(file(path).length).toBeGreaterThan(0);
  });

  test('fails for a broken budget, and for a lost line', () => {
    expect(run({ BUDGETS: '--fail-on errors>0 --fail-on turn_p95>1h' }).status).toBe(1);
    writeFileSync(at('logs/b.ndjson'), '{broken\n');
    expect(run({}).status).toBe(1);
  });
});

test('docs/ci.md gives the action inputs that it has', () => {
  const page = readFileSync('docs/ci.md', 'utf8');
  const [, workflow = ''] = /^```yaml\n(name: Agent.*?)^```$/ms.exec(page) ?? [];
  const { steps } = parse(workflow).jobs.logs;
  const step = steps.find(({ uses }: { uses?: string }) => uses?.endsWith('docs/action'));
  for (const name of Object.keys(step.with)) expect(Object.keys(action.inputs)).toContain(name);
});
