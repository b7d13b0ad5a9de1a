import { PassThrough } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { guardedOutput } from '../../src/cli/guarded-output.ts';
import { runMain } from '../run-main.ts';

/** What a runner obeys. */
const OBEYED = new RegExp(
  `##(?:vso)?\\[|(?:^|[\\n\\r\\v\\f\\u0085\\u2028\\u2029])(?:\\s|${'\u001b'}\\[[\\d;]*m)*::`,
  'i',
);

function written(chunks: readonly (string | Uint8Array)[]): string {
  const stream = new PassThrough();
  const output = guardedOutput(stream);
  for (const chunk of chunks) output.write(chunk);
  return String(stream.read() ?? '');
}

const COMMANDS = [
  '::error file=a.js::forged',
  'a table\n::set-output name=x::y',
  '\r::add-mask::e',
  ' \t ::stop-commands::x',
  '\u00a0::warning::x',
  '\u001b[31m::error::red',
  '\u001b[1m \u001b[31m::error::red',
  'a\u2028::error::x',
  'a\u2029::error::x',
  'a\u0085::error::x',
  'x ##vso[task.setvariable variable=A]b',
  'x ##VSO[task.complete]',
  'x ##[error]y',
  '##[group]z',
];

describe.each([
  ['in one write', (text: string) => [text]],
  ['character by character', (text: string) => [...text]],
  ['as bytes', (text: string) => [Buffer.from(text)]],
])('a command written %s', (_how, chunksOf) => {
  test.each(COMMANDS)('%j is broken up, and nothing else changes', (command) => {
    const text = written(chunksOf(`first line\n${command}\nlast: ä :: [x]\n`));
    expect(text).not.toMatch(OBEYED);
    expect(text.replaceAll('\u200d', '')).toBe(`first line\n${command}\nlast: ä :: [x]\n`);
  });
});

test('bytes are broken up byte by byte too', () => {
  const bytes = [...Buffer.from('ä\n::error::x ##[group]')].map((byte) => Uint8Array.of(byte));
  const text = written(bytes);
  expect(text).not.toMatch(OBEYED);
  expect(text.replaceAll('\u200d', '')).toBe('ä\n::error::x ##[group]');
});

test('JSON keeps its values', () => {
  const values = { a: '##[error]', b: ['##vso[x]'], c: 'x\u2028::error::y' };
  const text = written([`${JSON.stringify(values)}\n`, Buffer.from(JSON.stringify(values))]);
  expect(text).not.toMatch(OBEYED);
  expect(text.split('\n').map((line) => JSON.parse(line))).toEqual([values, values]);
});

test.each(['a::b', 'std::vector', 'x ## [y]', '# [link](x)', '10:20::30', '  a ::', 'ä'.repeat(100)])(
  '%j is written as it is',
  (text) => {
    expect(written([text, '::', text])).toBe(`${text}::${text}`);
  },
);

/** Names and texts that are commands, in all fields that an output shows. */
const LOG = ['::error::x', '##vso[task.setvariable variable=A]b', '##[error]y'].flatMap((command, index) => {
  const ids = { session_id: `${command}${index}`, turn_id: `t${index}`, model: command, platform: command };
  const error = { error: { type: command, message: `${command}\n${command}` } };
  return [
    ['pre_llm_call', { user_message: command }],
    ['pre_api_request', { api_request_id: `a${index}`, provider: command }],
    ['api_request_error', { api_request_id: `a${index}`, ...error }],
    ['pre_tool_call', { tool_name: command, tool_call_id: `c${index}`, args: { x: command } }],
    [
      'post_tool_call',
      {
        tool_name: command,
        tool_call_id: `c${index}`,
        result: command,
        status: 'error',
        error_message: command,
      },
    ],
    [command, {}],
    ['on_session_end', { completed: false, turn_exit_reason: command }],
  ].map(([event, fields], at) =>
    JSON.stringify({ ts: 1_796_040_000 + 10 * index + at, event, ...ids, ...Object(fields) }),
  );
});

test.each([
  ['replay'],
  ['replay', '--fail-on', 'errors>0', '--summary', 'markdown'],
  ['replay', '-e', 'otlp_file', '--capture-content'],
  ['replay', '-e', 'openmetrics'],
  ['replay', '--session', '::nothing', '--strict'],
  ['view', '--capture-content'],
  ['view', '--conversation'],
  ['view', '--format', 'markdown'],
  ['view', '--format', 'json'],
  ['view', '--html', '-'],
  ['view', '--perfetto', '-'],
  ['validate'],
  ['validate', '--format', 'json'],
])('hermes-otel %s', async (...argv) => {
  const { out, err } = await runMain([...argv, '-'], { stdin: `${LOG.join('\n')}\n::no json\n` });
  expect(out.length + err.length).toBeGreaterThan(50);
  expect([OBEYED.exec(out), OBEYED.exec(err)]).toEqual([null, null]);
});
