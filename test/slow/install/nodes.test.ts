import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeOf } from '../node-of.ts';
import { type Machine, machine } from './machine.ts';

// The packed program, installed and run by each Node.js that it is for.

const LOG = resolve('fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson');
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

let tarball: string;
let packed: string;
beforeAll(() => {
  packed = machine().root;
  execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', packed]);
  tarball = join(packed, `hermes-otel-${version}.tgz`);
});
afterAll(() => rmSync(packed, { recursive: true }));

function run({ env, root }: Machine, command: string, ...words: readonly string[]) {
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 1e9, env: { ...env, HOME: root } } as const;
  const { status, stdout, stderr } = spawnSync(command, words, options);
  return { status, stdout, stderr };
}

/** What the program of this checkout prints. */
const expected = (...words: readonly string[]) =>
  execFileSync(process.execPath, ['bin/hermes-otel.js', ...words], {
    encoding: 'utf8',
    maxBuffer: 1e9,
    stdio: 'pipe',
  });

describe.each([20, 22, 24])('Node.js %i', (major) => {
  const computer = machine(nodeOf(major));
  afterAll(() => rmSync(computer.root, { recursive: true }));

  test('is the one that runs', () => {
    expect(run(computer, 'node', '--version').stdout).toMatch(new RegExp(`^v${major}\\.`));
  });

  test('installs the tarball', () => {
    const { status, stderr } = run(computer, 'npm', 'install', '--global', tarball);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining('npm warn')]);
    expect(run(computer, 'hermes-otel', '--version')).toEqual({
      status: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });

  test.each([
    [['replay', LOG]],
    [['replay', LOG, '-e', 'otlp_file']],
    [['replay', LOG, '-e', 'openmetrics']],
    [['view', LOG, '--format', 'json']],
    [['view', LOG, '--html', '-']],
    [['diff', LOG, LOG, '--format', 'markdown']],
    [['validate', LOG]],
    [['replay', '--help']],
  ])('%j prints what it prints here', (words) => {
    const { status, stdout } = run(computer, 'hermes-otel', ...words);
    expect(status).toBe(0);
    expect(stdout).toBe(expected(...words));
  });

  test('init, stack and completion find the files that they bring', () => {
    const home = join(computer.root, 'hermes');
    mkdirSync(home);
    writeFileSync(join(home, 'config.yaml'), 'plugins:\n  enabled: []\n');
    expect(run(computer, 'hermes-otel', 'init', '--yes', '--home', home)).toMatchObject({ status: 0 });
    expect(readFileSync(join(home, 'plugins/hermes_otel_recorder/__init__.py'), 'utf8')).toContain(
      'def register',
    );
    expect(run(computer, 'hermes-otel', 'stack', 'init', 'viewing')).toMatchObject({ status: 0 });
    expect(run(computer, 'hermes-otel', 'completion', 'bash').stdout).toContain('hermes-otel');
  });

  test('gRPC without its packages says what to install, and works with them', () => {
    const { status, stderr } = run(computer, 'hermes-otel', 'replay', LOG, '-e', 'otlp_grpc');
    const [, packages = ''] = /npm install -g ([^\n]*?)\.?\n/.exec(stderr) ?? [];
    expect([status, packages]).toEqual([2, expect.stringContaining('otlp-grpc@')]);
    expect(run(computer, 'npm', 'install', '--global', ...packages.split(' '))).toMatchObject({ status: 0 });
    const quick = ['-e', 'otlp_grpc', '--endpoint', 'http://127.0.0.1:1', '--retry-for', '0s'];
    const after = run(computer, 'hermes-otel', 'replay', LOG, ...quick);
    expect([after.status, after.stderr]).toEqual([1, expect.stringContaining('13 failed')]);
  });

  test('is a library in a project', () => {
    const project = join(computer.root, 'project');
    mkdirSync(project);
    writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
    expect(run(computer, 'npm', 'install', '--prefix', project, tarball)).toMatchObject({ status: 0 });
    writeFileSync(
      join(project, 'count.js'),
      "import { spans } from 'hermes-otel';\nlet count = 0;\nfor await (const span of spans(process.argv[2])) count += span ? 1 : 0;\nconsole.log(count);\n",
    );
    expect(run(computer, 'node', join(project, 'count.js'), LOG)).toEqual({
      status: 0,
      stdout: '13\n',
      stderr: '',
    });
  });
});

test('npm publish --dry-run has nothing to say but that nobody is logged in', () => {
  const { status, stderr } = spawnSync('npm', ['publish', '--dry-run', '--ignore-scripts'], {
    encoding: 'utf8',
  });
  const warnings = stderr.split('\n').filter((line) => /npm (warn|error)/.test(line));
  expect(status).toBe(0);
  expect(warnings.filter((line) => !line.includes('requires you to be logged in'))).toEqual([]);
});
