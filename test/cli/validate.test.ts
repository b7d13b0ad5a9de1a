import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expectGolden } from '../golden-file.ts';
import { runMain } from '../run-main.ts';

const LOG = 'fixtures/recordings/0.19.0/simple/flat.ndjson';
const EVENT = '{"ts": 1795000000, "event": "on_session_start", "session_id": "s"}';
const ODD = '{"ts": 1795000001, "event": "on_new_thing", "session_id": "s"}';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-validate-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

describe('what is reported of a genuine log', () => {
  test.each([
    ['0.14.0/tools-parallel', 'text', 'txt'],
    ['0.19.0/kill9-tool', 'text', 'txt'],
    ['0.19.0/hooks-test', 'text', 'txt'],
    ['0.19.0/approval-smart', 'json', 'json.golden'],
  ])('%s as %s', async (name, format, extension) => {
    const log = `fixtures/recordings/${name}/${name.includes('hooks-test') ? 'shell' : 'flat'}.ndjson`;
    const { code, out, err } = await runMain(['validate', log, '--format', format]);
    expect([code, err]).toEqual([0, '']);
    const golden = `./golden/validate/${name.replaceAll('/', '-')}.${extension}`;
    expectGolden(new URL(golden, import.meta.url), out);
  });
});

describe('the exit code', () => {
  test.each([
    ['a clean log', `${EVENT}\n`, 0],
    ['odd, but nothing lost', `${EVENT}\n${ODD}\n`, 0],
    ['a line that is no event', `${EVENT}\noops\n`, 1],
    ['a line without a time', `${EVENT}\n{"event": "pre_llm_call", "session_id": "s"}\n`, 1],
  ])('%s: --strict', async (_name, text, expected) => {
    const log = await file('log.ndjson', text);
    expect((await runMain(['validate', log, '--strict'])).code).toBe(expected);
    expect((await runMain(['validate', log])).code).toBe(0);
  });

  test('a file that breaks off is reported, and fails --strict', async () => {
    const whole = gzipSync(`${EVENT}\n`.repeat(2000));
    const log = await file('log.ndjson.gz', whole.subarray(0, whole.length - 12));
    const { code, out, err } = await runMain(['validate', log, '--strict']);
    expect([code, out.startsWith('lines ')]).toEqual([1, true]);
    expect(err).toMatch(/^hermes-otel: .*log\.ndjson\.gz: .*\.\n$/);
  });

  test('a file that is not there could not be looked at', async () => {
    const { code, err } = await runMain(['validate', join(folder, 'none.ndjson')]);
    expect([code, err]).toEqual([2, expect.stringContaining('none.ndjson')]);
  });

  test('no log and a terminal: a sentence instead of waiting', async () => {
    const stdin = Object.assign(Readable.from([]), { isTTY: true });
    const { code, err } = await runMain(['validate'], { stdin });
    expect([code, err]).toEqual([2, expect.stringContaining('hermes-otel validate --help')]);
  });
});

test('standard input is a log too, and is named -', async () => {
  const { out } = await runMain(['validate', '--format', 'json'], { stdin: await readFile(LOG, 'utf8') });
  const { sources, lost, events } = JSON.parse(out);
  expect({ sources, lost, events }).toEqual({ sources: ['-'], lost: 0, events: 7 });
});

test('several files are one report, each place named by its file', async () => {
  const logs = [await file('a.ndjson', `${EVENT}\noops\n`), await file('b.ndjson', `oops\n`)];
  const { out } = await runMain(['validate', ...logs]);
  expect(out).toContain(`${logs[0]}:2, ${logs[1]}:1`);
});

test('every fixture of the catalogue can be looked over, and nothing in it is lost', async () => {
  const files = readdirSync('fixtures/catalogue', { recursive: true, encoding: 'utf8' });
  const logs = files
    .filter((file) => file.endsWith('input.ndjson'))
    .map((file) => `fixtures/catalogue/${file}`);
  const { code, out } = await runMain(['validate', '--strict', ...logs]);
  expect([code, out]).toEqual([0, expect.stringMatching(/ 0 lost/)]);
});

test('text from a log cannot act on the terminal', async () => {
  const hostile = ODD.replace('on_new_thing', 'x\\u001b[2J\\u202e');
  const { out } = await runMain(['validate', await file('evil.ndjson', `${hostile}\n`)]);
  expect(out).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
  expect(out).toContain('x\\u{1b}[2J');
});
