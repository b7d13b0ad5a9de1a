import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { widthOf } from '../../src/view/columns.ts';
import { runMain } from '../run-main.ts';

const RECORDINGS = 'fixtures/recordings/0.19.0';
const ERRORS = `${RECORDINGS}/tool-errors/flat.ndjson`;
const UNICODE = `${RECORDINGS}/big-and-unicode/flat.ndjson`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-view-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('in the terminal', () => {
  test('a waterfall on standard output, the account on standard error', async () => {
    const { code, out, err } = await runMain(['view', ERRORS]);
    expect(code).toBe(0);
    expect(out).toMatch(/^session 20261123_081458_f10d9f .*\n├─ turn 1 .*0ms +1\.98s +3\.97s/);
    expect(out).toContain('✗ tool_error: File not found: does/not/exist.txt');
    expect(err).toBe('replayed 36 events from 1 file: 1 session, 1 turn, 7 calls, 5 tools → 14 spans\n');
  });

  test.each([60, 100, 160])('as wide as the terminal, %i columns, and in colour there', async (columns) => {
    const { out } = await runMain(['view', UNICODE, '--capture-content'], {
      columns,
      env: { TERM: 'xterm' },
    });
    expect(out).toContain('\u001b[');
    for (const line of out.split('\n'))
      expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns);
  });

  test.each([
    ['a pipe', {}, [], false],
    ['NO_COLOR', { columns: 100, env: { TERM: 'xterm', NO_COLOR: '1' } }, [], false],
    ['--no-color', { columns: 100, env: { TERM: 'xterm' } }, ['--no-color'], false],
    ['--color in a pipe', {}, ['--color'], true],
  ])('colour with %s: %#', async (_, options, flags, coloured) => {
    const { out } = await runMain(['view', ERRORS, ...flags], options);
    expect(out.includes('\u001b')).toBe(coloured);
  });

  test.each([
    ['--depth 0: sessions alone', ['--depth', '0'], 2],
    ['--depth 1: turns too', ['--depth', '1'], 4],
    ['--only errors', ['--only', 'errors'], 7],
    ['--slow 2s, which means only those', ['--slow', '2s'], 4],
  ])('%s', async (_, flags, lines) => {
    const { out } = await runMain(['view', ERRORS, ...flags]);
    const [tree = ''] = out.split('\n\n');
    expect(tree.split('\n')).toHaveLength(lines);
  });

  test('--only errors and --slow exclude each other', async () => {
    const { code, err } = await runMain(['view', ERRORS, '--only', 'errors', '--slow', '5s']);
    expect(code).toBe(2);
    expect(err).toBe('hermes-otel: --only errors and --slow exclude each other.\n');
  });

  test.each([
    [{ slow: '5s' }, ['--only', 'errors'], 7],
    [{ only: 'errors' }, ['--slow', '2s'], 4],
  ])('a configuration file with %j gives way to %j', async (view, flags, lines) => {
    const file = join(folder, 'settings.json');
    writeFileSync(file, JSON.stringify({ view }));
    const { code, out } = await runMain(['view', ERRORS, ...flags], { env: { HERMES_OTEL_CONFIG: file } });
    const [tree = ''] = out.split('\n\n');
    expect([code, tree.split('\n').length]).toEqual([0, lines]);
  });
});

describe('into files', () => {
  test('a page and a trace, and what was written is reported', async () => {
    const [page, trace] = [join(folder, 'page.html'), join(folder, 'trace.json')];
    const { code, out, err } = await runMain(['view', ERRORS, '--html', page, '--perfetto', trace]);
    expect([code, out]).toEqual([0, '']);
    expect(err).toMatch(new RegExp(`^wrote ${page}, \\d+ kB\nwrote ${trace}, \\d+ kB\nreplayed 36 events`));
    expect(readFileSync(page, 'utf8')).toContain('<title>flat.ndjson</title>');
    expect(JSON.parse(readFileSync(trace, 'utf8')).traceEvents.length).toBeGreaterThan(28);
  });

  test.each([
    ['--html', /^<!doctype html>/],
    ['--perfetto', /^\{"traceEvents":\[/],
  ])('%s - is standard output', async (flag, begins) => {
    const { out } = await runMain(['view', ERRORS, flag, '-']);
    expect(out).toMatch(begins);
    expect(existsSync('-')).toBe(false);
  });

  test.each(['--html', '--perfetto'])('%s into a directory that is not there: a sentence', async (flag) => {
    const file = join(folder, 'nowhere', 'x');
    const { code, err } = await runMain(['view', ERRORS, flag, file]);
    expect(code).toBe(2);
    expect(err).toBe(`hermes-otel: ${flag}: ${file} cannot be written: no such file or directory.\n`);
  });
});

test('an interrupted look over files ends as a shell expects; over a pipe it is how it ends', async () => {
  const interrupted = {
    onSignal: (name: string, listener: () => void) => {
      if (name === 'SIGTERM') setImmediate(listener);
    },
  };
  expect((await runMain(['view', ERRORS], interrupted)).code).toBe(143);
  const stdin = readFileSync(ERRORS, 'utf8');
  expect((await runMain(['view', '-'], { ...interrupted, stdin })).code).toBe(0);
});

test('no log, at a terminal: the sentence names this command', async () => {
  const stdin = Object.assign(Readable.from([]), { isTTY: true });
  const { code, err } = await runMain(['view'], { stdin });
  expect(code).toBe(2);
  expect(err).toContain('("hermes-otel view --help" shows how)');
});

describe('what was said', () => {
  const APPROVAL = `${RECORDINGS}/approval/flat.ndjson`;

  test('--conversation reads content without --capture-content', async () => {
    const { code, out } = await runMain(['view', APPROVAL, '--conversation']);
    expect(code).toBe(0);
    expect(out).toContain('❯ delete the build dir\n\n  $ rm -rf src/../build_dir  1.87s\n');
    expect(out).toContain('? approval of rm -rf src/../build_dir: once\n\n● Removed.');
  });

  test('without it, no content is shown', async () => {
    const { out } = await runMain(['view', APPROVAL]);
    expect(out).not.toContain('build_dir');
  });

  test('--grep and --tool find calls', async () => {
    const rows = async (...flags: string[]) =>
      (await runMain(['view', APPROVAL, ...flags])).out.match(/^.*─ (tool|turn) .*$/gm)?.slice(0, 2) ?? [];
    expect((await rows('--grep', 'harmless')).join('\n')).toMatch(/turn 2.*\n.*echo harmless/);
    expect((await runMain(['view', APPROVAL, '--tool', 'read_file'])).out).toContain('no calls of read_file');
  });
});
