import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { readLog, temporaryDirectory } from './log-directory.ts';
import { recordBody, shellBody } from './shell.ts';

const directory = temporaryDirectory();
const newLog = () => join(directory(), 'deeper', 'hooks.ndjson');
const to = (path: string) => ({ HERMES_OTEL_RECORD_FILE: path });

describe('hermes-otel record', () => {
  test('writes the body with the time at which it was started and its process, for its owner alone', async () => {
    const path = newLog();
    await recordBody(
      shellBody(['pre_tool_call', { tool_name: 'terminal', args: { command: 'ls' }, task_id: 't' }]),
      to(path),
    );
    expect(readLog(path)).toEqual([
      {
        ts: expect.any(Number),
        pid: 4711,
        hook_event_name: 'pre_tool_call',
        tool_name: 'terminal',
        tool_input: { command: 'ls' },
        session_id: '',
        cwd: '/home/me/secret-project',
        extra: { task_id: 't' },
      },
    ]);
    expect(Math.abs(Number(readLog(path)[0]?.ts) - performance.timeOrigin / 1000)).toBeLessThan(0.001);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
  });

  test('drops the heavy fields wherever they stand, but not from what a tool was given', async () => {
    const path = newLog();
    const body = {
      hook_event_name: 'pre_tool_call',
      request: 'r',
      tool_input: { request: 'kept' },
      extra: {
        request_messages: [],
        conversation_history: [],
        response: {},
        assistant_message: '',
        system_prompt: '',
        n: 1,
      },
    };
    await recordBody(JSON.stringify(body), to(path));
    const [line] = readLog(path);
    expect(line).not.toHaveProperty('request');
    expect(line).toMatchObject({ tool_input: { request: 'kept' }, extra: { n: 1 } });
    expect(Object.keys(Object(line?.extra))).toEqual(['n']);
  });

  test.each([
    [
      'NaN and Infinity, as Python writes them',
      '{"a":NaN,"b":[Infinity,-Infinity],"c":"NaN \\" Infinity"}',
      { a: null, b: [null, null], c: 'NaN " Infinity' },
    ],
    ['a lone surrogate', '{"a":"x\\ud800y"}', { a: 'x\ud800y' }],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
      { a: '\ufffd' },
    ],
    ['line separators', '{"a":"x\u2028y\\nz"}', { a: 'x\u2028y\nz' }],
    ['white space around it', ' \n{"a":1}\n', { a: 1 }],
    ['a name that objects have already', '{"tool_input":{"__proto__":{"a":1}}}', {}],
    [
      'a string that is too long',
      JSON.stringify({ a: 'x'.repeat(5000) }),
      { a: `${'x'.repeat(4096)}... [904 more]` },
    ],
    [
      'a character at the cut',
      JSON.stringify({ a: `${'x'.repeat(4095)}😀` }),
      { a: `${'x'.repeat(4095)}... [1 more]` },
    ],
    ['an id of any sane length', JSON.stringify({ turn_id: 'x'.repeat(900) }), { turn_id: 'x'.repeat(900) }],
    [
      'an address with secrets',
      '{"extra":{"base_url":"https://a:b@h/v1?k=s"}}',
      { extra: { base_url: 'https://h/v1' } },
    ],
  ])('records %s', async (_claim, body, expected) => {
    const path = newLog();
    expect(await recordBody(body, to(path))).toBe(0);
    expect(readLog(path)[0]).toMatchObject(expected);
  });

  test('keeps a line within bounds whatever a tool is given', async () => {
    const path = newLog();
    const wide = Array.from({ length: 100_000 }, (_, n) => n);
    let deep: unknown = 'bottom';
    for (let depth = 0; depth < 1000; depth += 1) deep = { deep };
    const many = Object.fromEntries(wide.map((n) => [`k${n}`, n]));
    const strings = Array.from({ length: 500 }, () => 'x'.repeat(4096));
    await recordBody(JSON.stringify({ tool_input: { deep, strings, wide, many } }), to(path));
    expect(statSync(path).size).toBeLessThan(100_000);
    const text = readFileSync(path, 'utf8');
    expect(text).toContain('<nested too deep>');
    expect(text).toMatch(/"<\d+ more>"/);
  });

  test.each([
    ['--out FILE', ['--out', '{dir}/a'], {}, 'a'],
    ['--out=FILE', ['--out=~/b'], { HOME: '{dir}' }, 'b'],
    [
      '--out before the variable',
      ['--out', '~/c'],
      { HOME: '{dir}', HERMES_OTEL_RECORD_FILE: '{dir}/no' },
      'c',
    ],
    ['the variable', [], { HOME: '{dir}', HERMES_OTEL_RECORD_FILE: '~/d' }, 'd'],
    ['HERMES_HOME', [], { HOME: '/nowhere', HERMES_HOME: '{dir}/h' }, 'h/hermes-otel/hooks.ndjson'],
    ['the home directory', [], { HOME: '{dir}' }, '.hermes/hermes-otel/hooks.ndjson'],
    ['the home directory of Windows', [], { USERPROFILE: '{dir}' }, '.hermes/hermes-otel/hooks.ndjson'],
    [
      'the default for an --out without a file',
      ['--out'],
      { HOME: '{dir}' },
      '.hermes/hermes-otel/hooks.ndjson',
    ],
    [
      'the default for words it does not know',
      ['--no-such', 'x'],
      { HOME: '{dir}' },
      '.hermes/hermes-otel/hooks.ndjson',
    ],
  ])('writes where it is asked to: %s', async (_claim, argv, env, expected) => {
    const dir = directory();
    const here = (text: string) => text.replace('{dir}', dir);
    const set = Object.entries(env).map(([name, value]) => [name, here(value)]);
    expect(await recordBody('{"a":1}', Object.fromEntries(set), argv.map(here))).toBe(0);
    expect(readLog(join(dir, expected))).toMatchObject([{ a: 1 }]);
  });

  test.each([
    ['no JSON', 'hello', {}],
    ['half a body', '{"hook_event_name":"pre_to', {}],
    ['no object', '[1]', {}],
    ['nothing', '', {}],
    ['a full disk', '{}', to('/dev/full')],
    ['a directory that cannot be made', '{}', to('/proc/nowhere/log')],
    ['a directory in place of the log', '{}', to('/')],
    ['no home at all', '{}', {}],
    ['a switch that is off', '{}', { ...to('/nowhere'), HERMES_OTEL_ENABLED: 'FALSE' }],
  ])('answers 0 to %s', async (_claim, body, env) => {
    expect(await recordBody(body, env)).toBe(0);
  });

  test('half a line of a full disk does not spoil the next one', async () => {
    const path = join(directory(), 'hooks.ndjson');
    writeFileSync(path, '{"ts":1');
    await recordBody('{"a":1}', to(path));
    expect(readFileSync(path, 'utf8')).toMatch(/^\{"ts":1\n\{.*"a":1\}\n$/);
  });
});

describe('rotation', () => {
  const small = (path: string) => ({
    ...to(path),
    HERMES_OTEL_RECORD_MAX_BYTES: '150',
    HERMES_OTEL_RECORD_KEEP: '2',
  });
  const body = (n: number) => JSON.stringify({ n, text: 'x'.repeat(60) });

  test('keeps as many logs as was asked, the newest', async () => {
    const path = newLog();
    for (let n = 1; n <= 6; n += 1) await recordBody(body(n), small(path));
    expect(readdirSync(join(path, '..')).sort()).toEqual([
      'hooks.ndjson',
      'hooks.ndjson.1',
      'hooks.ndjson.2',
    ]);
    expect(['.2', '.1', ''].map((end) => readLog(path + end)[0]?.n)).toEqual([4, 5, 6]);
  });

  test('keeps none when asked to', async () => {
    const path = newLog();
    for (let n = 1; n <= 3; n += 1)
      await recordBody(body(n), { ...small(path), HERMES_OTEL_RECORD_KEEP: '0' });
    expect(readdirSync(join(path, '..'))).toEqual(['hooks.ndjson']);
    expect(readLog(path)).toMatchObject([{ n: 3 }]);
  });

  test('is off with a bound of 0', async () => {
    const path = newLog();
    for (let n = 1; n <= 3; n += 1)
      await recordBody(body(n), { ...small(path), HERMES_OTEL_RECORD_MAX_BYTES: '0' });
    expect(readLog(path)).toHaveLength(3);
  });

  test('waits for nobody: the log grows while another process rotates, or seems to', async () => {
    const path = newLog();
    mkdirSync(join(path, '..'));
    writeFileSync(`${path}.lock`, '');
    for (let n = 1; n <= 3; n += 1) await recordBody(body(n), small(path));
    expect(readLog(path)).toHaveLength(3);
    const longAgo = Date.now() / 1000 - 120;
    utimesSync(`${path}.lock`, longAgo, longAgo);
    for (let n = 4; n <= 5; n += 1) await recordBody(body(n), small(path));
    expect(existsSync(`${path}.lock`)).toBe(false);
    expect(readLog(path)).toMatchObject([{ n: 5 }]);
    expect(readLog(`${path}.1`)).toHaveLength(4);
  });
});
