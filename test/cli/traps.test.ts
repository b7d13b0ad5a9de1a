import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type Receiver, startReceiver } from '../export/receiver.ts';
import { runMain } from '../run-main.ts';
import { startBinIn } from '../start-bin.ts';
import { until } from '../until.ts';

const SIMPLE = 'fixtures/recordings/0.19.0/simple/flat.ndjson';

let folder: string;
let receiver: Receiver | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-traps-'));
});
afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
  rmSync(folder, { recursive: true, force: true });
});

describe('--endpoint', () => {
  test.each([['--endpoint'], ['--header']])('%s implies -e otlp', async (flag) => {
    receiver = await startReceiver();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url };
    const value = flag === '--header' ? 'x-key=1' : receiver.url;
    const { code, out } = await runMain(['replay', SIMPLE, flag, value], { env });
    expect([code, out]).toEqual([0, '']);
    expect(receiver.requests.length).toBeGreaterThan(0);
  });

  test('beside an exporter that sends nothing it is refused', async () => {
    const { code, err } = await runMain([
      'replay',
      SIMPLE,
      '-e',
      'console',
      '--endpoint',
      'http://127.0.0.1:9',
    ]);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('--endpoint is for a receiver, but -e console sends to none: add -e otlp.'),
    ]);
  });
});

test('--strict never fails without a word', async () => {
  const log = join(folder, 'log');
  writeFileSync(log, `${readFileSync(SIMPLE, 'utf8')}no JSON\n`);
  const { code, err } = await runMain(['replay', log, '--strict', '-q']);
  expect([code, err]).toEqual([1, 'hermes-otel: --strict: 1 line was lost.\n']);
});

describe('--summary markdown', () => {
  const summary = expect.stringMatching(/^### Hermes: 1 session, 1 turn/);

  test('goes to $GITHUB_STEP_SUMMARY when an exporter prints on standard output', async () => {
    const page = join(folder, 'page');
    writeFileSync(page, 'before\n');
    const options = { env: { GITHUB_STEP_SUMMARY: page } };
    const { out } = await runMain(['replay', SIMPLE, '--summary', 'markdown'], options);
    expect(out).not.toContain('###');
    expect(readFileSync(page, 'utf8')).toMatch(/^before\n### Hermes: 1 session/);
  });

  test('goes to standard output when nothing else does', async () => {
    const file = join(folder, 'spans');
    const options = { env: { GITHUB_STEP_SUMMARY: join(folder, 'page') } };
    const argv = ['replay', SIMPLE, '--summary', 'markdown', '-e', 'otlp_file', '-o', file];
    expect((await runMain(argv, options)).out).toEqual(summary);
  });

  test('goes to --summary-file, which asks for it too', async () => {
    const file = join(folder, 'summary.md');
    const { code, out } = await runMain(['replay', SIMPLE, '--summary-file', file]);
    expect([code, readFileSync(file, 'utf8')]).toEqual([0, summary]);
    expect(out).not.toContain('###');
  });

  test('--summary-file in a directory that is not there: a sentence', async () => {
    const { code, err } = await runMain(['replay', SIMPLE, '--summary-file', join(folder, 'no', 'x')]);
    expect([code, err]).toEqual([2, expect.stringContaining('--summary-file: ')]);
  });

  test('$GITHUB_STEP_SUMMARY in a directory that is not there: a sentence', async () => {
    const options = { env: { GITHUB_STEP_SUMMARY: join(folder, 'no', 'page') } };
    const { code, err } = await runMain(['replay', SIMPLE, '--summary', 'markdown'], options);
    expect([code, err]).toEqual([2, expect.stringContaining('GITHUB_STEP_SUMMARY: ')]);
  });
});

test.each(['2026-11-23 08:10', '2026-11-23T08:10', '2026-11-23 08:10:00.0Z'])(
  '--until %s is UTC wherever it runs',
  async (moment) => {
    const zone = { env: { TZ: 'America/New_York' } };
    const { code, err } = await startBinIn(zone, 'replay', SIMPLE, '--until', moment).ended;
    // The log begins at 08:14 UTC.
    expect([code, err]).toEqual([1, expect.stringContaining('the filters leave out all of the log')]);
  },
);

describe('--follow', () => {
  /** Follows until standard error has the text, and returns all of it. */
  async function follow(log: string, wanted: string, ...flags: string[]): Promise<string> {
    let stop = () => {};
    const errors: string[] = [];
    const running = runMain(
      ['replay', '--follow', log, '-e', 'otlp_file', '-o', join(folder, 'out'), ...flags],
      {
        onSignal: (name, listener) => {
          if (name === 'SIGINT') stop = listener;
        },
        onError: (text) => errors.push(text),
      },
    );
    await until(() => errors.join('').includes(wanted));
    stop();
    return (await running).err;
  }

  test('says what it follows, and from where', async () => {
    const log = join(folder, 'log');
    writeFileSync(log, readFileSync(SIMPLE));
    const checkpoint = ['--checkpoint', join(folder, 'cp')];
    expect(await follow(log, 'Following', ...checkpoint)).toContain(`Following ${log} from the beginning.`);
    expect(await follow(log, 'Following', ...checkpoint)).toContain(
      `Following ${log} from where the last run stopped.`,
    );
  });

  test('the first lines are no events: it warns at once', async () => {
    const log = join(folder, 'agent.log');
    writeFileSync(log, '2026-11-23 INFO started\n');
    expect(await follow(log, 'no hook events')).toContain('The first lines are no hook events');
    appendFileSync(log, 'more\n');
  });

  test('a default that is written out equals the default of a checkpoint', async () => {
    const log = join(folder, 'log');
    writeFileSync(log, readFileSync(SIMPLE));
    const checkpoint = ['--checkpoint', join(folder, 'cp')];
    await follow(log, 'Following', ...checkpoint);
    const flags = ['--idle-timeout', '30m', '--reorder-window', '250ms', '--time-shift', '0'];
    expect(await follow(log, 'Following', ...checkpoint, ...flags)).not.toContain('was made with');
    const other = await runMain(['replay', '--follow', log, ...checkpoint, '--idle-timeout', '31m']);
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('was made with --idle-timeout')]);
  });
});

describe('JSON that is broken inside content', () => {
  const broken = () => {
    const log = join(folder, 'log');
    const line = readFileSync(SIMPLE, 'utf8').split('\n')[2] ?? '';
    const content = `"request_messages": [{"role" "user", "content": "${'x'.repeat(3000)}"}],`;
    writeFileSync(log, `${line.replace('{', `{${content}`)}\n`);
    return log;
  };
  test('costs no event where content is not kept', async () => {
    expect(await runMain(['replay', broken(), '--strict'])).toMatchObject({ code: 0 });
  });
  test.each([[['replay', '--capture-content']], [['validate']]])('%j reports it', async (argv) => {
    const { code, out, err } = await runMain([...argv, broken(), '--strict']);
    expect([code, out + err]).toEqual([1, expect.stringContaining('not JSON')]);
  });
});
