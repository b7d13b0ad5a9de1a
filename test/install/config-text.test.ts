import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { listAt, withItems, withoutItems } from '../../src/install/config-text.ts';
import { recordingHooks, shellHooks } from '../../src/install/hermes-home.ts';

const ENABLED = { outer: 'plugins', inner: 'enabled', value: 'ours' };
const HOOKS = shellHooks('hermes-otel record');

const added = (text: string, items: Parameters<typeof withItems>[1] = [ENABLED]) => withItems(text, items);
const removed = (text: string, items: Parameters<typeof withItems>[1] = [ENABLED]) =>
  withoutItems(text, items);

/** [what it looks like, before, after] */
const SHAPES: readonly (readonly [string, string, string])[] = [
  [
    'nothing',
    '',
    'plugins: # hermes-otel init\n  enabled: # hermes-otel init\n    - ours # hermes-otel init\n',
  ],
  [
    'comments only',
    '# mine\n',
    '# mine\nplugins: # hermes-otel init\n  enabled: # hermes-otel init\n    - ours # hermes-otel init\n',
  ],
  [
    'other keys, in a style of their own',
    'model:   {default: x,api_key: "k"}   # keep   this\n\n\n# end\n',
    'model:   {default: x,api_key: "k"}   # keep   this\n\n\n# end\nplugins: # hermes-otel init\n  enabled: # hermes-otel init\n    - ours # hermes-otel init\n',
  ],
  [
    'a list below its key',
    'plugins:   # why\n  # about a\n  enabled: # which\n    # first\n    - a # one\n  other: 1\nx: 1\n',
    'plugins:   # why\n  # about a\n  enabled: # which\n    - ours # hermes-otel init\n    # first\n    - a # one\n  other: 1\nx: 1\n',
  ],
  [
    "a list as deep as its key (as Python's YAML writes it)",
    'plugins:\n  enabled:\n  - a\n  - b\n',
    'plugins:\n  enabled:\n  - ours # hermes-otel init\n  - a\n  - b\n',
  ],
  ['a list in one line', 'plugins:\n  enabled: [a, b] # c\n', 'plugins:\n  enabled: [ours, a, b] # c\n'],
  ['an empty list', 'plugins:\n  enabled: []\n', 'plugins:\n  enabled: [ours]\n'],
  ['everything in one line', 'plugins: {enabled: [a]} # c\n', 'plugins: {enabled: [ours, a]} # c\n'],
  [
    'a key without a value',
    'plugins:\n  enabled:\nx: 1\n',
    'plugins:\n  enabled:\n    - ours # hermes-otel init\nx: 1\n',
  ],
  [
    'a mapping without the list',
    'plugins:\n    # four\n    other: 1\n',
    'plugins:\n    enabled: # hermes-otel init\n      - ours # hermes-otel init\n    # four\n    other: 1\n',
  ],
  [
    'line ends of Windows',
    'plugins:\r\n  enabled:\r\n    - a\r\n',
    'plugins:\r\n  enabled:\r\n    - ours # hermes-otel init\r\n    - a\r\n',
  ],
];

describe('an item set into config.yaml', () => {
  test.each(SHAPES)('touches no other line: %s', (_shape, before, after) => {
    expect(added(before)).toBe(after);
    expect(listAt(after, 'plugins', 'enabled')[0]).toBe('ours');
  });

  test.each(SHAPES)('set in twice is there once: %s', (_shape, before) => {
    expect(added(added(before))).toBe(added(before));
  });

  test.each(SHAPES)('taken out leaves what was there before, byte for byte: %s', (_shape, before) => {
    expect(removed(added(before))).toBe(before);
  });

  test('where no line can be set in, the meaning is right and every comment is kept', () => {
    const before = '# top\nplugins: {other: 1} # one\nlong: "a  b" # two\n# end\n';
    const after = added(before);
    expect(parse(after)).toEqual({ plugins: { other: 1, enabled: ['ours'] }, long: 'a  b' });
    for (const comment of ['# top', '# one', '# two', '# end']) expect(after).toContain(comment);
    expect(parse(removed(after))).toEqual({ plugins: { other: 1, enabled: [] }, long: 'a  b' });
  });

  test('a last line without an end gets one', () => {
    expect(added('x: 1')).toMatch(/^x: 1\nplugins:/);
  });

  test.each([
    ['x: [1\n', /line 2 is not valid YAML|line 1 is not valid YAML/],
    ['a: 1\n---\nb: 2\n', /line 2 is not valid YAML \(multiple docs\)/],
    ['- a\n', /it is not a mapping/],
    ['plugins: yes please\n', /"plugins" is not a mapping/],
    ['plugins:\n  enabled: a\n', /"plugins.enabled" is not a list/],
  ])('is refused by %j', (text, reason) => {
    expect(() => withItems(text, [ENABLED])).toThrow(reason);
  });
});

describe('an item taken out', () => {
  test('goes also when Hermes has written the file anew, without comments', () => {
    const rewritten = 'model:\n  default: x\nplugins:\n  enabled:\n  - a\n  - ours\n';
    expect(removed(rewritten)).toBe('model:\n  default: x\nplugins:\n  enabled:\n  - a\n');
  });

  test('that was the only one takes its list along', () => {
    expect(parse(removed('x: 1\nplugins:\n  enabled:\n  - ours\n  other: 1\n'))).toEqual({
      x: 1,
      plugins: { other: 1 },
    });
  });

  test('leaves what somebody has put below our own lines since', () => {
    const since = added('x: 1\n').replace('    - ours', '    - theirs\n    - ours');
    expect(parse(removed(since))).toEqual({ x: 1, plugins: { enabled: ['theirs'] } });
  });

  test('that is not there changes nothing', () => {
    expect(removed('plugins:\n  enabled: [a]\n')).toBe('plugins:\n  enabled: [a]\n');
  });
});

describe('shell hooks', () => {
  const BEFORE =
    'hooks: # mine\n  pre_tool_call:\n    - command: guard # first\n      timeout: 5\n  output_spill: {max: 1}\n';

  test('stand in order beside the hooks that were there', () => {
    const after = added(BEFORE, HOOKS);
    const { hooks } = parse(after);
    expect(Object.keys(hooks)).toHaveLength(HOOKS.length + 1);
    expect(Object.keys(hooks)[0]).toBe('on_session_start');
    expect(hooks.pre_tool_call).toEqual([
      { command: 'hermes-otel record', timeout: 10 },
      { command: 'guard', timeout: 5 },
    ]);
    expect(removed(after, recordingHooks(hooks))).toBe(BEFORE);
  });

  test.each([
    ['hermes-otel record', true],
    ['hermes-otel record --out ~/a b', true],
    ['/usr/bin/node "/opt/x y/bin/hermes-otel.js" record', true],
    ['~/bin/hermes-otel record', true],
    ['my-hermes-otel record', false],
    ['hermes-otel recorder', false],
    ['hermes-otel replay', false],
  ])('are known by their command: %s', (command, isOurs) => {
    expect(recordingHooks({ pre_llm_call: [{ command }] })).toHaveLength(isOurs ? 1 : 0);
  });

  test.each([[undefined], [null], ['x'], [{ a: null, b: 'x', c: ['y', {}, { command: 1 }] }]])(
    'are not seen in %j',
    (hooks) => {
      expect(recordingHooks(hooks)).toEqual([]);
    },
  );
});
