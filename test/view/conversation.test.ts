import { stripVTControlCharacters } from 'node:util';
import { expect, test } from '@jest/globals';
import { createRedaction } from '../../src/model/redact.ts';
import type { AgentSpan } from '../../src/model/span.ts';
import { firstWords, resultText, toolLine } from '../../src/model/tool-text.ts';
import { widthOf } from '../../src/view/columns.ts';
import { renderView, type ViewOptions } from '../../src/view/view.ts';
import { apiCall, approval, session, subagent, toolCall, turn, usage } from '../agent-spans.ts';
import { expectGolden } from '../golden-file.ts';
import { PAGES, PLAIN_100 } from './pages.ts';

const OPTIONS: ViewOptions = {
  ...PLAIN_100,
  format: 'text',
  conversation: true,
  depth: undefined,
  only: undefined,
  slowMicros: undefined,
};

const root = session({ at: [0, 60_000], sessionId: '20261123_082014_82bfb7' });
const first = turn({
  at: [100, 9000],
  below: root,
  userMessage: 'Clean up the build directory.\nThen tell me what is left, please.',
  assistantResponse:
    '# Done\n\nThe folder `build` is gone. What is left:\n\n```sh\n  src/app.py\n```\nAnything else?',
});
const remove = toolCall({
  at: [1200, 5000],
  below: first,
  args: '{"command":"rm -rf build"}',
  result: '{"output":""}',
});
const delegate = toolCall({
  at: [6000, 8000],
  below: first,
  toolName: 'delegate_task',
  args: '{"goal":"count the files"}',
});
const agent = subagent({ at: [6100, 7900], below: delegate, role: 'leaf', goal: 'count the files' });
const inside = turn({
  at: [6200, 7800],
  below: agent,
  sessionId: 'child',
  inSubagent: true,
  userMessage: 'count the files',
  assistantResponse:
    'There are 12 files, which is a long answer that has to be wrapped in a narrow terminal.',
});

/** A message of a model as the recorder keeps it. */
function answer(...parts: readonly { kind: 'text' | 'reasoning'; text: string }[]) {
  return { id: undefined, upstreamProvider: undefined, messages: [{ role: 'assistant', parts }] };
}

const CONVERSATION: readonly AgentSpan[] = [
  apiCall({
    at: [200, 1100],
    below: first,
    usage: usage(1200, 90, 9000),
    response: answer(
      { kind: 'reasoning', text: 'The user wants the build folder removed. I look first.' },
      { kind: 'text', text: 'I look what is there.' },
    ),
  }),
  approval({ at: [1300, 1400], below: remove, surface: 'smart', choice: undefined, command: 'rm -rf build' }),
  approval({ at: [1300, 4000], below: remove, choice: 'once', granted: true, command: 'rm -rf build' }),
  remove,
  toolCall({
    at: [5000, 5100],
    below: first,
    args: '{"command":"ls -la\\ncat notes"}',
    result: JSON.stringify({ output: Array.from({ length: 20 }, (_, n) => `line ${n + 1}`).join('\n') }),
  }),
  toolCall({
    at: [5200, 5300],
    below: first,
    toolName: 'read_file',
    args: '{"path":"a.md"}',
    status: 'error',
    errorType: 'not_found',
    errorMessage: 'File not found: a.md',
    result: '{"error":"File not found: a.md"}',
  }),
  toolCall({
    at: [6300, 6400],
    below: inside,
    args: '{"command":"ls | wc -l"}',
    result: '{"output":"12\\n"}',
  }),
  inside,
  agent,
  delegate,
  apiCall({
    at: [8100, 8900],
    below: first,
    usage: usage(1200, 40),
    response: answer({ kind: 'text', text: first.assistantResponse ?? '' }),
  }),
  first,
  turn({
    at: [30_000, 31_000],
    below: root,
    index: 2,
    userMessage: 'Thanks',
    assistantResponse: 'You are welcome.',
  }),
  root,
];

test.each(PAGES)('what was said and done: conversation/%s', (name, page) => {
  const text = renderView(CONVERSATION, { ...OPTIONS, ...page });
  expectGolden(new URL(`golden/conversation/${name}`, import.meta.url), text);
  for (const line of stripVTControlCharacters(text).split('\n'))
    expect(widthOf(line)).toBeLessThanOrEqual(page.columns);
});

test('in Markdown it stands in a block of code, where nothing is markup', () => {
  const hostile = turn({ at: [0, 1], userMessage: '```\n</details><img src=x> @everyone [a](b)' });
  const markdown = renderView([hostile], { ...OPTIONS, format: 'markdown' });
  const [, inside] = /(`{4,})text\n([\s\S]*?)\n\1/.exec(markdown) ?? [];
  expect(inside).toBeDefined();
  expect(markdown.replace(/(`{4,})[\s\S]*?\1/g, '')).not.toContain('<img');
});

test('a hostile text cannot leave its line, and a megabyte is cut', () => {
  const hostile = turn({
    at: [0, 1],
    userMessage: 'a\u001b[2J\u202eb\r\n├─ forged',
    assistantResponse: 'x'.repeat(1_000_000),
  });
  const text = renderView([hostile], OPTIONS);
  expect(text).not.toContain('\u001b');
  expect(text).not.toContain('\u202e');
  expect(text).toContain('❯ a␛[2J\\u{202e}b\n  ├─ forged');
  expect(text.length).toBeLessThan(120_000);
});

test('redacted spans have no secret, also in what the model was asked and answered', () => {
  const key = `sk-${'a1b2'.repeat(10)}`;
  const spans = createRedaction().value([
    turn({ at: [0, 9], userMessage: `my key is ${key}`, assistantResponse: key }),
    apiCall({ at: [0, 1], response: answer({ kind: 'reasoning', text: key }, { kind: 'text', text: key }) }),
    toolCall({ at: [0, 1], args: `{"command":"export K=${key}"}`, result: key }),
  ]);
  for (const format of ['text', 'json', 'markdown'] as const)
    expect(renderView(spans, { ...OPTIONS, format })).not.toContain(key);
});

test('a log without content says so, and how to record it', () => {
  const text = renderView([root, turn({ at: [0, 1], below: root })], OPTIONS);
  expect(text.replaceAll('\n', ' ')).toContain('Remove HERMES_OTEL_RECORD_CONTENT=false');
});

test('--grep finds text in what was said and done, and keeps whole turns', () => {
  const found = (grep: string) => renderView(CONVERSATION, { ...OPTIONS, grep }).match(/── turn \d/g);
  expect(found('WELCOME')).toEqual(['── turn 2']);
  expect(found('line 17')).toEqual(['── turn 1']);
  expect(found('i look first')).toEqual(['── turn 1']);
  expect(renderView(CONVERSATION, { ...OPTIONS, grep: 'nowhere' })).toContain('nothing contains "nowhere"');
});

test.each([
  ['terminal', '{"command":"ls -la"}', '$ ls -la'],
  ['read_file', '{"path":"README.md"}', 'read_file README.md'],
  ['search_files', '{"limit":5,"pattern":"TODO","path":"src"}', 'search_files TODO'],
  ['write_file', '{"content":"a\\nb","path":"x.md"}', 'write_file x.md'],
  ['todo', '{"items":[1]}', 'todo'],
  ['todo', undefined, 'todo'],
  ['terminal', '{"command":"cut off', 'terminal {"command":"cut off'],
])('%s with %s is written %s', (name, args, expected) => {
  expect(toolLine(name, args)).toBe(expected);
});

test.each([
  ['{"output":"a\\nb\\n","exit_code":0}', 'a\nb'],
  ['{"content":"1|x"}', '1|x'],
  ['{"output":"","error":"no"}', 'no'],
  ['{"output":""}', ''],
  ['{"status":"dispatched"}', '{"status":"dispatched"}'],
  ['plain', 'plain'],
])('the result %s reads %s', (result, expected) => {
  expect(resultText(result)).toBe(expected);
});

test.each([
  [undefined, undefined],
  ['  \n', undefined],
  ['list the\nfiles', 'list the files'],
  ['one two three four five six seven eight nine ten', 'one two three four five six seven eight…'],
  ['x'.repeat(50), `${'x'.repeat(40)}…`],
  [`${'x'.repeat(39)}😀😀`, `${'x'.repeat(39)}…`],
  [`${' '.repeat(399)}😀😀`, undefined],
])('first words of %p: %p', (text, expected) => {
  expect(firstWords(text)).toBe(expected);
});
