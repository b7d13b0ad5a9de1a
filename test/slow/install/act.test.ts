import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { cacheFolder, testWith } from '../node-of.ts';
import { checkout, machine } from './machine.ts';

// The workflow of docs/ci.md, run by `act`, which runs jobs for GitHub on this computer. The repository of the job has this one as
// a folder, as the page says, and the action packs and installs it.

/** The path of a program in Go, built on first use. */
function built(module: string, version: string): string {
  const name = module.split('/').at(-1) ?? '';
  const folder = cacheFolder(`${name}-${version}`);
  const program = join(folder, name);
  if (existsSync(program)) return program;
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '-p=2' };
  execFileSync('go', ['install', `${module}@${version}`], { env, stdio: 'ignore' });
  return program;
}

const computer = machine();
const home = join(computer.root, 'home');
const repository = join(computer.root, 'repository');

beforeAll(() => {
  mkdirSync(join(repository, '.github/workflows'), { recursive: true });
  mkdirSync(join(repository, 'logs'));
  mkdirSync(join(repository, 'baseline'));
  mkdirSync(home);
  const copied = checkout(computer);
  execFileSync('mv', [copied, join(repository, 'hermes-otel')]);
  rmSync(join(repository, 'hermes-otel/.gitignore'));
  copyFileSync('fixtures/recordings/0.19.0/simple/flat.ndjson', join(repository, 'baseline/session.ndjson'));
  copyFileSync('fixtures/recordings/0.19.0/tool-errors/flat.ndjson', join(repository, 'logs/session.ndjson'));
  const [, workflow = ''] =
    /^```yaml\n(name: Agent.*?)^```$/ms.exec(readFileSync('docs/ci.md', 'utf8')) ?? [];
  // An artifact needs a service, and this action is not on this computer.
  const [steps = ''] = workflow.split('      - if: always()');
  writeFileSync(join(repository, '.github/workflows/agent.yml'), steps);
  const git = (...words: readonly string[]) => execFileSync('git', words, { cwd: repository, stdio: 'pipe' });
  git('init', '--quiet');
  git('add', '--all');
  git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'logs');
});
afterAll(() => rmSync(computer.root, { recursive: true }));

testWith('go')('a job of the page fails with an annotation and a summary', () => {
  const words = ['pull_request', '--platform', 'ubuntu-latest=-self-hosted'];
  const { status, stdout } = spawnSync(built('github.com/nektos/act', 'v0.2.89'), words, {
    cwd: repository,
    encoding: 'utf8',
    maxBuffer: 1e9,
    env: { ...computer.env, HOME: home },
  });
  // Marked by act where it has understood the annotation.
  expect(stdout).toMatch(/❗ {2}::error.*budget errors>0 is broken by tool read_file/);
  expect(stdout).toContain('`baseline/session.ndjson` → `logs`');
  expect(stdout).not.toContain('budget turn_p95>60s is broken');
  expect(status).toBe(1);
});

testWith('go')('actionlint finds nothing in the workflows', () => {
  const actionlint = built('github.com/rhysd/actionlint/cmd/actionlint', 'v1.7.12');
  const page = join(repository, '.github/workflows/agent.yml');
  const { stdout } = spawnSync(actionlint, ['.github/workflows/publish.yml', page], { encoding: 'utf8' });
  expect(stdout).toBe('');
  const bad = spawnSync(actionlint, ['-'], {
    input: 'on: push\njobs: { a: { runs-on: x } }\n',
    encoding: 'utf8',
  });
  expect(bad.status).toBe(1);
});
