import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runMain } from '../run-main.ts';
import { until } from '../until.ts';

const RECORDINGS = 'fixtures/recordings/0.19.0';
const SIMPLE = `${RECORDINGS}/simple/flat.ndjson`;
const APPROVAL = `${RECORDINGS}/approval/flat.ndjson`;

let folder: string;
let home: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-find-'));
  home = join(folder, '.hermes');
  mkdirSync(join(home, 'hermes-otel'), { recursive: true });
  copyFileSync(APPROVAL, join(home, 'hermes-otel', 'hooks.ndjson'));
  copyFileSync(SIMPLE, join(home, 'hermes-otel', 'hooks.ndjson.1'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const terminal = () => Object.assign(Readable.from([]), { isTTY: true });
/** As a service or a job has it. */
const devNull = () => Object.assign(Readable.from([]), { fd: openSync('/dev/null', 'r') });

describe('without a log', () => {
  test.each([
    ['at a terminal', terminal],
    ['with nothing on standard input', devNull],
  ])('the log of the recorder is read, with what was rotated: %s', async (_, stdin) => {
    for (const command of ['view', 'replay', 'sessions']) {
      const { code, out, err } = await runMain([command], { env: { HERMES_HOME: home }, stdin: stdin() });
      expect(code).toBe(0);
      expect(err).toContain("reading the recorder's log: 2 files, the first is");
      expect(out).toContain('20261123_082014_82bfb7');
      expect(out).toContain('20261123_081442_04901a');
    }
  });

  test('a page is named for the log that was found', async () => {
    const found = { env: { HERMES_HOME: home }, stdin: terminal() };
    const { out } = await runMain(['view', '--html', '-'], found);
    expect(out).toContain('<title>hooks.ndjson and 1 more</title>');
  });

  test('the recorder has another file', async () => {
    const file = join(folder, 'elsewhere.ndjson');
    copyFileSync(SIMPLE, file);
    const env = { HERMES_OTEL_RECORD_FILE: file, HERMES_HOME: home };
    const { out, err } = await runMain(['view'], { env, stdin: terminal() });
    expect(err).toContain(`reading the recorder's log: ${file}`);
    expect(out).not.toContain('20261123_082014_82bfb7');
  });

  test('a pipe is read, as ever', async () => {
    const options = { env: { HERMES_HOME: home }, stdin: readFileSync(SIMPLE, 'utf8') };
    const { out, err } = await runMain(['view'], options);
    expect(err).not.toContain('reading');
    expect(out).not.toContain('20261123_082014_82bfb7');
  });

  test('nothing is found: a sentence, and how to record', async () => {
    const { code, err } = await runMain(['view'], { env: { HERMES_HOME: folder }, stdin: terminal() });
    expect(code).toBe(2);
    expect(err).toContain('No log was named');
    expect(err).toContain('hermes-otel init');
  });

  test('-q: not even that', async () => {
    const { err } = await runMain(['replay', '-q'], { env: { HERMES_HOME: home }, stdin: terminal() });
    expect(err).toBe('');
  });
});

describe('directories and quoted globs', () => {
  test.each([['directory'], ['glob']])('a %s is its files', async (kind) => {
    const directory = join(home, 'hermes-otel');
    const named = kind === 'glob' ? `${directory}/hooks.*` : directory;
    const { code, err } = await runMain(['view', named]);
    expect([code, err]).toEqual([0, expect.stringContaining('from 2 files: 2 sessions')]);
  });

  test('one that matches nothing is refused', async () => {
    const { code, err } = await runMain(['view', join(folder, '*.nothing')]);
    expect(code).toBe(2);
    expect(err).toContain('There is no file in');
  });
});

describe('sessions', () => {
  const sessions = (...flags: string[]) =>
    runMain(['sessions', ...flags], {
      env: { HERMES_HOME: home, NO_COLOR: '1' },
      stdin: terminal(),
      columns: 160,
    });

  test('newest first, with first words and the headline', async () => {
    const { out } = await sessions();
    const [heading, first, second] = out.split('\n');
    expect(heading?.trim().split(/ {2,}/)).toEqual([
      'session',
      'started',
      'first words',
      'duration',
      'turns',
      'tokens',
      'errors',
    ]);
    expect(first).toMatch(
      /^20261123_082014_82bfb7 +2026-11-23 08:20:20Z {2}delete the build dir +13\.4s +2 +63\.1k→45 +1$/,
    );
    expect(second).toMatch(/say hello/);
    expect(out).toContain('2 sessions, 3 turns');
  });

  test('--grep, --last, --json', async () => {
    expect((await sessions('--grep', 'HARMLESS')).out).not.toContain('say hello');
    expect((await sessions('--grep', 'nowhere')).out).toBe('no session contains "nowhere"\n');
    expect((await sessions('--last')).out).not.toContain('say hello');
    const json = JSON.parse((await sessions('--json', '--last', '2')).out);
    expect(json).toEqual([
      expect.objectContaining({
        sessionId: '20261123_082014_82bfb7',
        title: 'delete the build dir',
        turns: 2,
      }),
      expect.objectContaining({ sessionId: '20261123_081442_04901a', title: 'say hello' }),
    ]);
  });
});

describe('view', () => {
  test('--last: the latest session, in every form', async () => {
    const { out } = await runMain(['view', join(home, 'hermes-otel'), '--last']);
    expect(out).toMatch(/^session 20261123_082014_82bfb7/);
    expect(out).not.toContain('20261123_081442_04901a');
    expect(out).toContain('1 session, 2 turns');
    expect((await runMain(['view', '--last', 'x.ndjson'])).err).toContain('name a log before --last');
  });

  test('--open writes a page and opens it', async () => {
    const browser = join(folder, 'browser');
    const opened = join(folder, 'opened');
    writeFileSync(browser, `#!/bin/sh\necho "$1" > ${opened}.tmp && mv ${opened}.tmp ${opened}\n`);
    chmodSync(browser, 0o755);
    const { code, out } = await runMain(['view', SIMPLE, '--open'], { env: { BROWSER: browser } });
    expect([code, out]).toEqual([0, '']);
    await until(() => existsSync(opened));
    const page = readFileSync(opened, 'utf8').trim();
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
    rmSync(page, { force: true });
  });

  test('--open without a browser says where the page is', async () => {
    const { code, err } = await runMain(['view', SIMPLE, '--open'], { env: { BROWSER: '/does/not/exist' } });
    expect(code).toBe(0);
    const [, page = ''] = /Open (.*\.html) in a browser/.exec(err) ?? [];
    expect(existsSync(page)).toBe(true);
    rmSync(page);
  });
});
