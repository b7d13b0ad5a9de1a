import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { runMain } from '../run-main.ts';
import { startBinIn } from '../start-bin.ts';

const LOG = new URL('../../fixtures/recordings/0.19.0/simple/flat.ndjson', import.meta.url).pathname;

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'config-'));
  folder = join(home, 'project/below');
  mkdirSync(folder, { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(home, 'project', name);
  writeFileSync(path, text);
  return path;
}

const run = (...argv: readonly string[]) => runMain(argv, { cwd: folder, env: { HOME: home } });

/** The setting as `hermes-otel config` prints it: value and source. */
async function setting(name: string, ...argv: readonly string[]) {
  const { out, err, code } = await run('config', '--json', ...argv);
  if (code !== 0) throw new Error(err);
  const { settings } = JSON.parse(out);
  const { value, source } = settings.find((one: { name: string }) => one.name === name);
  return [value, source];
}

describe('flags beat variables beat the file beat defaults', () => {
  test('one by one', async () => {
    expect(await setting('retryFor')).toEqual(['60s', 'default']);
    const path = write('hermes-otel.config.json', '{ "retryFor": "5s" }');
    expect(await setting('retryFor')).toEqual(['5s', `retryFor in ${path}`]);
    expect(await setting('retryFor', 'HERMES_OTEL_RETRY_FOR=6s')).toEqual([
      '6s',
      'variable HERMES_OTEL_RETRY_FOR',
    ]);
    const both = ['HERMES_OTEL_RETRY_FOR=6s', '--retry-for', '7s'];
    expect(await setting('retryFor', ...both)).toEqual(['7s', 'flag --retry-for']);
  });

  test('a setting under the name of a command beats one at the top', async () => {
    write('hermes-otel.config.yaml', 'tracePer: turn\nreplay: { tracePer: session }\nexporter: otlp_file\n');
    expect((await setting('tracePer'))[0]).toBe('session');
    const { out } = await run('replay', LOG);
    const lines = out.trim().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toHaveProperty('resourceSpans');
  });

  test('what --for and --endpoint imply is no default', async () => {
    write('hermes-otel.config.yaml', 'for: phoenix\n');
    expect(await setting('conventions')).toEqual(['openinference', 'implied']);
    expect(await setting('conventions', '--conventions', 'hermes')).toEqual(['hermes', 'flag --conventions']);
  });
});

describe('the file', () => {
  test('is a YAML file too, is found from a folder below, and is named on standard error', async () => {
    const path = write('hermes-otel.config.yml', 'view: { format: json }\ncost: false\n');
    const { out, err } = await run('view', LOG);
    expect(JSON.parse(out).sessions).toHaveLength(1);
    expect(err).toContain(`hermes-otel: settings from ${path}.\n`);
  });

  test('is not used when HERMES_OTEL_CONFIG is none, and another when it names it', async () => {
    write('hermes-otel.config.json', '{ "retryFor": "5s" }');
    expect(await setting('retryFor', 'HERMES_OTEL_CONFIG=none')).toEqual(['60s', 'default']);
    const other = write('other.yaml', 'retryFor: 8s');
    expect((await setting('retryFor', `HERMES_OTEL_CONFIG=${other}`))[0]).toBe('8s');
  });

  test('a program is run only when it is named', async () => {
    const path = write('hermes-otel.config.mjs', 'export default { retryFor: [4 + 5, "s"].join("") };\n');
    const refused = await startBinIn({ cwd: folder, env: { HOME: home } }, 'config').ended;
    expect([refused.code, refused.err]).toEqual([2, expect.stringContaining(`HERMES_OTEL_CONFIG=${path}`)]);
    const env = { HOME: home, HERMES_OTEL_CONFIG: path };
    const { out } = await startBinIn({ cwd: folder, env }, 'config').ended;
    expect(out).toMatch(/^retryFor +9s +retryFor in/m);
  });

  test('its relative paths begin at its folder', async () => {
    write('hermes-otel.config.json', '{ "deadLetter": "failed.jsonl", "output": "-" }');
    expect((await setting('deadLetter'))[0]).toBe(join(home, 'project/failed.jsonl'));
    expect((await setting('output'))[0]).toBe('-');
  });

  test('send and convert leave out what is about replay', async () => {
    write('hermes-otel.config.json', '{ "exporter": "console", "output": "spans.jsonl" }');
    const { code, out } = await run('convert', LOG);
    expect([code, out.trim().split('\n')]).toEqual([0, readFileSync(LOG, 'utf8').trim().split('\n')]);
  });

  test.each([
    ['{ broken', 'cannot be read: SyntaxError'],
    ['[]', 'must hold settings'],
    ['{ "endpiont": "x" }', 'has an unknown setting "endpiont"'],
    ['{ "retryFor": "soon" }', 'retryFor in '],
    ['{ "header": { "a": "b" } }', 'header in '],
    ['{ "replay": 5 }', 'replay in '],
    ['{ "replay": { "depth": 5 } }', 'has an unknown setting "depth"'],
    ['{ "replay": { "retryFor": "5s", "help": true } }', 'has an unknown setting "help"'],
  ])('%s is refused with its path', async (text, message) => {
    const path = write('hermes-otel.config.json', text);
    const { code, err } = await run('replay', LOG);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(err).toContain(path);
  });
});

test('secrets are not printed', async () => {
  const settings = {
    endpoint: 'http://user:hidden1@localhost:4318',
    header: ['authorization=hidden2'],
    resource: ['token=hidden3'],
    redact: ['hidden4'],
  };
  write('hermes-otel.config.json', JSON.stringify(settings));
  for (const format of [[], ['--json']]) {
    const variables = ['HERMES_OTEL_TOKEN=hidden5', 'OTEL_EXPORTER_OTLP_HEADERS=x=hidden6,hidden7'];
    const { out } = await run('config', ...format, ...variables);
    expect(out).toContain('authorization=[redacted]');
    expect(out).not.toContain('hidden');
  }
});

describe('docs/configuration.md', () => {
  const schema = JSON.parse(readFileSync('docs/schema/config.schema.json', 'utf8'));
  const valid = new Ajv({ allowUnionTypes: true }).compile(schema);
  const page = readFileSync('docs/configuration.md', 'utf8');
  const examples = Array.from(page.matchAll(/^```yaml\n(.*?)^```$/gms), ([, text = '']) => parse(text));

  test.each(examples)('an example fits the schema, and the program takes it', async (example) => {
    expect([valid(example), valid.errors]).toEqual([true, null]);
    write('hermes-otel.config.json', JSON.stringify(example));
    for (const command of ['config', 'view', 'validate', 'sessions'])
      expect((await run(command, ...(command === 'config' ? [] : [LOG]))).code).toBe(0);
  });

  test('has examples, and the schema finds mistakes', () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(valid({ endpiont: 'x' })).toBe(false);
    expect(valid({ view: { tracePer: 'hour' } })).toBe(false);
    expect(valid({ replay: { cost: 'no' } })).toBe(false);
  });
});
