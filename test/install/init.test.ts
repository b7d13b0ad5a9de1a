import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { main } from '../../src/cli/main.ts';
import { temporaryDirectory } from '../record/log-directory.ts';

const RECORDER = fileURLToPath(new URL('../../src/recorder', import.meta.url));
const CONFIG =
  '# mine\nmodel: {default: x, api_key: sk-secret}   # keep\nplugins:\n  enabled:\n    - theirs # first\n';
const directory = temporaryDirectory();

let home = '';
const plugin = (name = '') => join(home, 'plugins/hermes_otel_recorder', name);
const config = () => readFileSync(join(home, 'config.yaml'), 'utf8');
const backups = () => readdirSync(home).filter((name) => name.endsWith('.bak'));

beforeEach(() => {
  home = directory();
  writeFileSync(join(home, 'config.yaml'), CONFIG, { mode: 0o640 });
});

/** Runs `hermes-otel init …` as `main` does. `answer` undefined: there is no terminal. */
async function init(
  words: string | readonly string[],
  { answer, env = {} }: { readonly answer?: string; readonly env?: Readonly<Record<string, string>> } = {},
) {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  stdin.end(answer ?? '');
  const io = {
    env: { HERMES_HOME: home, ...env },
    stdin: Object.assign(stdin, { isTTY: answer !== undefined }),
    stdout,
    stderr,
    pid: 0,
    kill: () => undefined,
    cwd: () => home,
    on: () => undefined,
    off: () => undefined,
  };
  const code = await main(
    ['init', ...(typeof words === 'string' ? words.split(' ').filter(Boolean) : words)],
    io,
  );
  stdout.end();
  stderr.end();
  return { code, out: await text(stdout), err: await text(stderr) };
}

/** Every file of the home with its text. */
function contents(): Readonly<Record<string, string>> {
  const names = readdirSync(home, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => lstatSync(join(home, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(home, name), 'utf8')]));
}

describe('hermes-otel init', () => {
  test('installs the plugin, enables it, and keeps a copy of config.yaml', async () => {
    const { code, out } = await init('--yes');
    expect(code).toBe(0);
    expect(parse(config()).plugins.enabled).toEqual(['hermes_otel_recorder', 'theirs']);
    expect(config().replace(/.*# hermes-otel init\n/g, '')).toBe(CONFIG);
    expect(statSync(join(home, 'config.yaml')).mode & 0o777).toBe(0o640);
    expect(backups().map((name) => readFileSync(join(home, name), 'utf8'))).toEqual([CONFIG]);
    for (const name of ['__init__.py', 'plugin.yaml']) {
      const shipped = readFileSync(join(RECORDER, name), 'utf8');
      expect(readFileSync(plugin(name), 'utf8').replace(/^.*\n/, '')).toBe(shipped);
    }
    expect(parse(readFileSync(plugin('plugin.yaml'), 'utf8')).name).toBe('hermes_otel_recorder');
    expect(out).toContain(join(home, 'hermes-otel/hooks.ndjson'));
  });

  test('says the same plan before it does it, and never a line of the user', async () => {
    const { code, out } = await init('--dry-run');
    expect(code).toBe(0);
    expect(contents()).toEqual({ 'config.yaml': CONFIG });
    expect(out).toContain(`create   ${plugin('__init__.py')}`);
    expect(out).toContain('+     - hermes_otel_recorder # hermes-otel init');
    expect(out).not.toContain('sk-secret');
    expect((await init('--yes')).out).toContain(out.split('\n').slice(1).join('\n').trimEnd());
  });

  test('done twice does nothing the second time', async () => {
    await init('--yes');
    const once = contents();
    const { code, out } = await init('--yes');
    expect([code, out]).toEqual([0, expect.stringContaining('Nothing to do')]);
    expect(contents()).toEqual(once);
  });

  test.each([
    ['y\n', 0],
    ['YES\n', 0],
    ['n\n', 1],
    ['\n', 1],
    ['', 1],
  ])('asks at a terminal: %j means exit %d', async (answer, expected) => {
    const { code, err } = await init('', { answer });
    expect(err).toContain('[y/N]');
    expect(code).toBe(expected);
    expect(existsSync(plugin('__init__.py'))).toBe(expected === 0);
  });

  test('does nothing without a terminal and without --yes, and says so', async () => {
    const { code, err, out } = await init('');
    expect([code, err]).toEqual([2, expect.stringContaining('--yes')]);
    expect(out).toContain('create');
    expect(contents()).toEqual({ 'config.yaml': CONFIG });
  });

  test('begins a config.yaml where there is none, for its owner alone', async () => {
    rmSync(join(home, 'config.yaml'));
    await init('--yes');
    expect(parse(config())).toEqual({ plugins: { enabled: ['hermes_otel_recorder'] } });
    expect(statSync(join(home, 'config.yaml')).mode & 0o777).toBe(0o600);
    expect(backups()).toEqual([]);
  });

  test('follows a link to config.yaml and leaves the link', async () => {
    const real = join(directory(), 'dotfiles.yaml');
    rmSync(join(home, 'config.yaml'));
    writeFileSync(real, CONFIG);
    symlinkSync(real, join(home, 'config.yaml'));
    await init('--yes');
    expect(lstatSync(join(home, 'config.yaml')).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('hermes_otel_recorder');
  });

  test('creates the file behind a dangling link to config.yaml', async () => {
    const real = join(directory(), 'dotfiles.yaml');
    rmSync(join(home, 'config.yaml'));
    symlinkSync(real, join(home, 'config.yaml'));
    await init('--yes');
    expect(lstatSync(join(home, 'config.yaml')).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('hermes_otel_recorder');
  });

  test('refuses a config.yaml that links to itself', async () => {
    rmSync(join(home, 'config.yaml'));
    symlinkSync('config.yaml', join(home, 'config.yaml'));
    const { code, err } = await init('--yes');
    expect([code, err]).toEqual([2, expect.stringContaining('ELOOP')]);
  });

  (process.getuid?.() === 0 ? test : test.skip)(
    'run as root, leaves every file to the owner of the home',
    async () => {
      chownSync(home, 1234, 1235);
      chownSync(join(home, 'config.yaml'), 1234, 1235);
      await init('--yes');
      const made = [
        'config.yaml',
        ...backups(),
        'plugins',
        plugin(),
        plugin('__init__.py'),
        plugin('plugin.yaml'),
      ];
      const owners = made.map((name) => statSync(resolve(home, name))).map(({ uid, gid }) => [uid, gid]);
      expect(backups()).toHaveLength(1);
      expect(owners).toEqual(made.map(() => [1234, 1235]));
    },
  );

  test('replaces a plugin of an earlier release', async () => {
    const earlier = (await import('../../src/install/plan.ts')).signed('# an earlier release\n');
    mkdirSync(plugin(), { recursive: true });
    writeFileSync(plugin('__init__.py'), earlier);
    const { code, out } = await init('--yes');
    expect([code, out]).toEqual([0, expect.stringContaining(`replace  ${plugin('__init__.py')}`)]);
    expect(readFileSync(plugin('__init__.py'), 'utf8')).toContain('def register(ctx)');
  });

  test.each([
    ['a file that is not ours', 'def register(ctx): pass\n'],
    ['a file of ours with changes', undefined],
  ])('never overwrites %s', async (_claim, foreign) => {
    await init('--yes');
    const changed = foreign ?? `${readFileSync(plugin('__init__.py'), 'utf8')}# mine\n`;
    writeFileSync(plugin('__init__.py'), changed);
    const { code, err } = await init('--yes');
    expect([code, err]).toEqual([2, expect.stringContaining(plugin('__init__.py'))]);
    expect(readFileSync(plugin('__init__.py'), 'utf8')).toBe(changed);
    await init('--uninstall --yes');
    expect(readFileSync(plugin('__init__.py'), 'utf8')).toBe(changed);
    expect(existsSync(plugin('plugin.yaml'))).toBe(false);
  });

  test('names plugins that Hermes will not load', async () => {
    writeFileSync(join(home, 'config.yaml'), '');
    mkdirSync(join(home, 'plugins/other'), { recursive: true });
    writeFileSync(join(home, 'plugins/other/plugin.yaml'), 'name: other\n');
    expect((await init('--dry-run')).out).toContain('not listed: other');
  });

  test.each([
    ['a config.yaml that is no YAML', 'a: [\n', /line 2 is not valid YAML/],
    ['a plugin that is disabled', 'plugins: {disabled: [hermes_otel_recorder]}\n', /hermes plugins enable/],
    [
      'shell hooks that record already',
      'hooks: {pre_llm_call: [{command: hermes-otel record}]}\n',
      /twice.*--uninstall/,
    ],
  ])('stops at %s and changes nothing', async (_claim, before, reason) => {
    writeFileSync(join(home, 'config.yaml'), before);
    const { code, err } = await init('--yes');
    expect([code, err]).toEqual([2, expect.stringMatching(reason)]);
    expect(contents()).toEqual({ 'config.yaml': before });
  });

  test('names the home that is not there', async () => {
    const { code, err } = await init(`--yes --home ${join(home, 'nowhere')}`);
    expect([code, err]).toEqual([2, expect.stringContaining(join(home, 'nowhere'))]);
  });

  test('says which file could not be written', async () => {
    writeFileSync(join(home, 'plugins'), 'a file where a directory should be');
    const { code, err } = await init('--yes');
    expect([code, err]).toEqual([2, expect.stringContaining(join(home, 'plugins'))]);
    expect(config()).toBe(CONFIG);
  });
});

describe('hermes-otel init --uninstall', () => {
  test('leaves config.yaml as it was, byte for byte, and what was recorded', async () => {
    await init('--yes');
    mkdirSync(join(home, 'hermes-otel'));
    writeFileSync(join(home, 'hermes-otel/hooks.ndjson'), '{}\n');
    mkdirSync(plugin('__pycache__'));
    writeFileSync(plugin('__pycache__/__init__.cpython-312.pyc'), '');
    const { code } = await init('--uninstall --yes');
    expect(code).toBe(0);
    expect(config()).toBe(CONFIG);
    expect(existsSync(plugin())).toBe(false);
    expect(existsSync(join(home, 'hermes-otel/hooks.ndjson'))).toBe(true);
    expect((await init('--uninstall --yes')).out).toContain('Nothing to do');
  });

  test('leaves what others have put beside the plugin', async () => {
    await init('--yes');
    writeFileSync(plugin('notes.txt'), 'mine');
    await init('--uninstall --yes');
    expect(readdirSync(plugin())).toEqual(['notes.txt']);
  });

  test('leaves another plugin of that name, and its line', async () => {
    mkdirSync(plugin(), { recursive: true });
    writeFileSync(plugin('__init__.py'), 'def register(ctx): pass\n');
    writeFileSync(join(home, 'config.yaml'), 'plugins: {enabled: [hermes_otel_recorder]}\n');
    const before = contents();
    expect((await init('--uninstall --yes')).out).toContain(`${plugin('__init__.py')} stays`);
    expect(contents()).toEqual(before);
  });
});

describe('hermes-otel init --shell-hooks', () => {
  test('prints the lines alone on standard output, and how consent works beside them', async () => {
    const { code, out, err } = await init('--shell-hooks');
    expect(code).toBe(0);
    expect(Object.values(parse(out).hooks)).toContainEqual([{ command: 'hermes-otel record', timeout: 10 }]);
    expect(err).toMatch(/consent/);
    expect(contents()).toEqual({ 'config.yaml': CONFIG });
  });

  test.each([
    ['hermes-otel record --out ~/a.ndjson', 0],
    ['/opt/node /opt/hermes-otel/bin/hermes-otel.js record', 0],
    ['my-script', 2],
  ])('runs %s when asked to', async (command, expected) => {
    const { code, out } = await init(['--shell-hooks', '--command', command]);
    expect(code).toBe(expected);
    expect(out === '' ? [] : Object.values(parse(out).hooks)).toHaveLength(expected === 0 ? 19 : 0);
  });

  test('sets them in with --yes, and never answers for the user', async () => {
    const { code, out } = await init('--shell-hooks --yes');
    expect([code, out]).toEqual([0, expect.stringContaining('--accept-hooks')]);
    const { hooks, ...rest } = parse(config());
    expect(Object.keys(hooks)).toHaveLength(19);
    expect(rest).toEqual(parse(CONFIG));
    expect(Object.keys(contents()).filter((name) => name.includes('allowlist'))).toEqual([]);
    expect((await init('--shell-hooks --yes')).out).toContain('Nothing to do');
    await init('--uninstall --yes');
    expect(config()).toBe(CONFIG);
  });

  test('shows with --dry-run what --yes would do', async () => {
    expect((await init('--shell-hooks --dry-run')).out).toContain('+   pre_tool_call: # hermes-otel init');
    expect(contents()).toEqual({ 'config.yaml': CONFIG });
  });

  test('replaces a recording hook with another command', async () => {
    await init('--shell-hooks --yes');
    writeFileSync(
      join(home, 'config.yaml'),
      config().replaceAll('hermes-otel record,', 'hermes-otel record --out /a,'),
    );
    await init('--shell-hooks --yes');
    expect(parse(config()).hooks.pre_llm_call).toEqual([{ command: 'hermes-otel record', timeout: 10 }]);
  });

  test('is refused beside the plugin', async () => {
    await init('--yes');
    const { code, err } = await init('--shell-hooks --yes');
    expect([code, err]).toEqual([2, expect.stringMatching(/twice.*--uninstall/)]);
  });
});
