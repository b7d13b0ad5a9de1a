import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { main } from '../../src/cli/main.ts';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { type MainResult, runMain, testIo, wordsAndVariables } from '../run-main.ts';
import { startBin, startBinOnSmallDisk } from '../start-bin.ts';
import { until } from '../until.ts';

const NOON = epochMicros(Date.UTC(2026, 10, 20, 12) * 1000);
const MINUTE = 60_000_000;
const SAMPLE = sampleLog('20261120_120000_abc123', NOON);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-follow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

const HEALTH = 'hermes-otel: lines=';

interface Following {
  /** Ends it as `signal` does. */
  stop(signal?: 'SIGINT' | 'SIGTERM'): Promise<MainResult>;
  /** Asks how it goes, until the answer begins so. */
  answers(words: string): Promise<void>;
  /** Waits until so many lines are read, and there are no more. */
  read(lines: number): Promise<void>;
  /** Waits until so many spans are in `out`. */
  spans(count: number): Promise<void>;
  /** Waits until standard error says it. */
  reported(words: string): Promise<void>;
  ask(): void;
}

/** `replay --follow` in this process, into the file `out`. */
function follow(...argv: readonly string[]): Following {
  const listeners = new Map<string, () => void>();
  const quick = [
    'HERMES_OTEL_POLL_INTERVAL=10ms',
    '--flush-interval',
    '10ms',
    '-e',
    'otlp_file',
    '-o',
    at('out'),
  ];
  const [words, env] = wordsAndVariables(['replay', '--follow', ...quick, ...argv]);
  const { io, out, err } = testIo({ env, onSignal: (name, listener) => listeners.set(name, listener) });
  const code = main(words, io);
  const ask = () => listeners.get('SIGUSR1')?.();
  const answers = (words: string) =>
    until(() => {
      ask();
      return err().slice(err().lastIndexOf(HEALTH)).startsWith(`hermes-otel: ${words}`);
    });
  return {
    ask,
    async stop(signal = 'SIGTERM') {
      listeners.get(signal)?.();
      return { code: await code, out: out(), err: err() };
    },
    answers,
    read: (lines) => answers(`lines=${lines} lag_bytes=0 `),
    spans: (count) => until(() => spansIn().length >= count),
    reported: (words) => until(() => err().includes(words)),
  };
}

interface Sent {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
}

function outLines(file = 'out') {
  try {
    return readFileSync(at(file), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

function spansIn(file = 'out'): readonly Sent[] {
  const requests = outLines(file).flatMap(({ resourceSpans = [] }) => resourceSpans);
  return requests.flatMap(({ scopeSpans }) => scopeSpans).flatMap(({ spans }) => spans);
}

const idsIn = (file = 'out') =>
  spansIn(file)
    .map(({ spanId }) => spanId)
    .toSorted();
const isIncomplete = ({ attributes }: Sent) => attributes.some(({ key }) => key === 'hermes.incomplete');

/** The last value of every series, summed up. */
function lastSum(name: string): number {
  const metrics = outLines()
    .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((scope) => scope.metrics);
  const points = metrics
    .filter((metric) => metric.name === name)
    .flatMap(({ sum, histogram }) => (sum ?? histogram).dataPoints);
  const last = new Map<string, number>(
    points.map((point) => [JSON.stringify(point.attributes), Number(point.asInt ?? point.sum)]),
  );
  return [...last.values()].reduce((sum, value) => sum + value, 0);
}

async function plainIds(log: string, ...flags: readonly string[]): Promise<readonly string[]> {
  writeFileSync(at('plain.ndjson'), log);
  await runMain(['replay', '-q', '-e', 'otlp_file', '-o', at('plain'), ...flags, at('plain.ndjson')]);
  return idsIn('plain');
}

describe('a followed log', () => {
  test('written slowly, in half lines, gives what the whole gives; SIGTERM drains and exits 0', async () => {
    writeFileSync(at('log'), '');
    const following = follow(at('log'));
    const bytes = Buffer.from(text(SAMPLE));
    for (let from = 0; from < bytes.length; from += 300) {
      appendFileSync(at('log'), bytes.subarray(from, from + 300));
      await pause(15);
    }
    await following.read(13);
    const { code, err } = await following.stop();
    expect(code).toBe(0);
    expect(idsIn()).toEqual(await plainIds(text(SAMPLE)));
    expect(err).toContain('replayed 13 events');
  });

  test('what is open at SIGINT is closed as incomplete without a checkpoint', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 4)));
    const following = follow(at('log'));
    await following.read(4);
    expect((await following.stop('SIGINT')).code).toBe(0);
    expect(
      spansIn()
        .filter(isIncomplete)
        .map(({ name }) => name),
    ).toContain('hermes.turn');
  });

  test('rotated by rename and by truncation, loses nothing', async () => {
    const others = [1, 2, 3].map((day) => sampleLog(`2026112${day}_120000_abc123`, NOON));
    const [first = [], second = [], third = []] = others;
    writeFileSync(at('log'), text([...first, ...SAMPLE.slice(0, 5)]));
    const following = follow(at('log'), '--no-metrics');
    await following.spans(6);
    renameSync(at('log'), at('log.1'));
    appendFileSync(at('log.1'), text(SAMPLE.slice(5)));
    writeFileSync(at('log'), text(second));
    await following.spans(18);
    truncateSync(at('log'));
    appendFileSync(at('log'), text(third));
    await following.spans(24);
    const { err } = await following.stop();
    expect(new Set(idsIn())).toEqual(new Set(await plainIds(text([...SAMPLE, ...others.flat()]))));
    expect(err).toContain('was truncated or written anew');
  });

  test('a missing one is reported, waited for, and read', async () => {
    const following = follow(at('log'));
    await following.reported('log does not exist; it is waited for');
    writeFileSync(at('log'), text(SAMPLE));
    await following.read(13);
    expect((await following.stop()).err).toContain('log does not exist; it is waited for');
    expect(spansIn()).toHaveLength(6);
  });

  test.each([
    ['half an hour of the log later', 31 * MINUTE, true],
    ['not a minute before', 29 * MINUTE, false],
  ])('a session that nobody ends is closed %s', async (_name, laterMicros, closed) => {
    const unended = SAMPLE.slice(0, -1);
    const other = sampleLog('20261120_130000_def456', epochMicros(NOON + laterMicros));
    writeFileSync(at('log'), text([...unended, ...other]));
    const following = follow(at('log'), '--no-metrics');
    // All but the open session's own span.
    await following.spans(closed ? 12 : 11);
    const sessions = spansIn().filter(({ name }) => name === 'hermes.session');
    expect(sessions).toHaveLength(closed ? 2 : 1);
    await following.stop();
  });

  test('a clock that jumps an hour ahead and back loses nothing', async () => {
    const jumped = sampleLog('20261120_130000_def456', epochMicros(NOON + 60 * MINUTE));
    const back = sampleLog('20261120_120100_fed456', epochMicros(NOON + MINUTE));
    const log = text([...SAMPLE.slice(0, 6), ...jumped, ...SAMPLE.slice(6), ...back]);
    writeFileSync(at('log'), log);
    const following = follow(at('log'));
    await following.read(39);
    expect((await following.stop()).code).toBe(0);
    const plain = await plainIds(log, '--idle-timeout', '30m');
    expect(new Set(idsIn())).toEqual(new Set(plain));
  });

  test('HERMES_OTEL_MAX_OPEN bounds the open turns', async () => {
    const opened = Array.from({ length: 50 }, (_, index) =>
      sampleLog(`20261120_1200${index + 10}_abc123`, epochMicros(NOON + index * 1000)).slice(0, 2),
    );
    writeFileSync(at('log'), text(opened.flat()));
    const following = follow(at('log'), 'HERMES_OTEL_MAX_OPEN=5', '--no-metrics');
    const turns = () => spansIn().filter(({ name }) => name === 'hermes.turn');
    await until(() => turns().length >= 45);
    following.ask();
    expect(turns()).toHaveLength(45);
    expect((await following.stop()).err).toContain('open_turns=5');
  });

  test('SIGUSR1 and --stats-interval report progress', async () => {
    writeFileSync(at('log'), text(SAMPLE));
    const health =
      'lines=13 lag_bytes=0 lag_seconds=0 open_sessions=0 open_turns=0 spans_accepted=6 spans_failed=0 spans_in_flight=0\n';
    const unasked = follow(at('log'), '--stats-interval', '50ms');
    await unasked.reported(`hermes-otel: ${health}`);
    expect((await unasked.stop()).code).toBe(0);
    const asked = follow(at('log'));
    await asked.answers(health);
    expect((await asked.stop()).code).toBe(0);
  });

  test('--open-spans send shows open ones at once, and again whole; metrics count them once', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 6)));
    const following = follow(at('log'), '--open-spans', 'send');
    const incomplete = () => spansIn().filter(isIncomplete);
    await until(() => incomplete().length >= 2);
    expect(
      incomplete()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['hermes.session', 'hermes.turn']);
    appendFileSync(at('log'), text(SAMPLE.slice(6)));
    await following.read(13);
    await following.stop();
    expect(new Set(idsIn())).toEqual(new Set(await plainIds(text(SAMPLE))));
    expect(lastSum('hermes.session.turn_count')).toBe(1);
  });
});

test('a named pipe and a device are refused with a sentence', async () => {
  spawnSync('mkfifo', [at('pipe')]);
  for (const [path, kind] of [
    [at('pipe'), 'a named pipe'],
    ['/dev/null', 'a device'],
  ] as const) {
    const { code, err } = await runMain(['replay', '--follow', path]);
    expect(code).toBe(2);
    expect(err).toContain(`${path}" is ${kind} and cannot be followed`);
  }
});

describe('with a checkpoint', () => {
  const tokens = () => lastSum('gen_ai.client.token.usage');
  const cp = () => [at('log'), '--checkpoint', at('cp')];

  /** Follows until so many lines were read, in this run and those before it. */
  async function followTo(lines: number): Promise<MainResult> {
    const following = follow(...cp());
    await following.read(lines);
    return following.stop();
  }

  test('a log cut yesterday and continued today gives one trace, each span once, and tokens once', async () => {
    await plainIds(text(SAMPLE));
    writeFileSync(at('log'), text(SAMPLE.slice(0, 7)));
    await followTo(7);
    expect(spansIn().some(isIncomplete)).toBe(false);
    appendFileSync(at('log'), text(SAMPLE.slice(7)));
    const { err } = await followTo(13);
    expect(idsIn()).toEqual(idsIn('plain'));
    expect(new Set(spansIn().map(({ traceId }) => traceId)).size).toBe(1);
    expect(err).toContain('replayed 13 events');
    expect(tokens()).toBe(2_900);
  });

  test('a log that lost its tail between two runs and grew again: every new session arrives', async () => {
    const sessions = Array.from({ length: 32 }, (_, index) =>
      text(sampleLog(`20261120_1200${index + 10}_abc123`, epochMicros(NOON + index * MINUTE))),
    );
    writeFileSync(at('log'), sessions.slice(0, 20).join(''));
    await followTo(260);
    writeFileSync(at('log'), [...sessions.slice(0, 12), ...sessions.slice(20)].join(''));
    const following = follow(...cp());
    await until(() => new Set(idsIn()).size === 32 * 6);
    const { err } = await following.stop();
    expect(err).toContain('it was cut or changed; it is read again from byte');
    expect(new Set(idsIn())).toEqual(new Set(await plainIds(sessions.join(''))));
  });

  test('no content of the log is in it', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 6)).replaceAll('README.md', 'very-private'));
    await followTo(6);
    expect(readFileSync(at('cp/checkpoint.json'), 'utf8')).not.toMatch(/very-private|A test of/);
  });

  test.each([
    [
      'other settings',
      ['--trace-per', 'turn'],
      (file: string) => file,
      'was made with --trace-per session, not turn',
    ],
    [
      'another profile',
      ['--profile', 'work'],
      (file: string) => file,
      'was made with --profile unset, not work',
    ],
    ['other redaction', ['--redact', 'ACME-[0-9]+'], (file: string) => file, 'was made with --redact unset'],
    [
      'another time zone',
      ['--timezone', 'Europe/Berlin'],
      (file: string) => file,
      'was made with --timezone unset',
    ],
    ['other logs', ['HERMES_OTEL_POLL_INTERVAL=10ms', 'other'], (file: string) => file, 'was made with log '],
    [
      'another version',
      [],
      (file: string) => file.replace(/"format":"[^"]*","program":"[^"]*"/, '"format":"9","program":"9.9.9"'),
      'was written by hermes-otel 9.9.9, in a format',
    ],
    [
      'the format before, whose journal is no JSON',
      [],
      (file: string) => file.replace('"format":"5 ', '"format":"4 '),
      'in a format that this version',
    ],
    ['a damaged file', [], (file: string) => file.replace('positions', 'position$'), 'is damaged; remove'],
  ])('%s: one sentence, nothing guessed', async (_name, flags, change, sentence) => {
    writeFileSync(at('log'), text(SAMPLE));
    await followTo(13);
    const file = at('cp/checkpoint.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    const { code, err } = await runMain(['replay', '--follow', ...cp(), ...flags]);
    expect({ code, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toContain(sentence);
  });

  test('two followers are kept apart, and a killed one is in nobody’s way', async () => {
    writeFileSync(at('log'), text(SAMPLE));
    const argv = ['replay', '--follow', ...cp(), '--stats-interval', '100ms'];
    const first = startBin(...argv);
    await first.untilReported('lines=13');
    const second = await startBin(...argv).ended;
    expect(second.code).toBe(2);
    expect(second.err).toContain(`is in use by process ${first.child.pid}`);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = startBin(...argv);
    await third.untilReported('lines=13');
    third.child.kill('SIGTERM');
    expect((await third.ended).code).toBe(0);
  });

  test('one whose lock was taken over while it was frozen ends with exit code 1, and sends nothing more', async () => {
    writeFileSync(at('log'), text(SAMPLE));
    const follower = startBin(
      'replay',
      '--follow',
      ...cp(),
      '-e',
      'otlp_file',
      '-o',
      at('out'),
      '--stats-interval',
      '100ms',
    );
    await follower.untilReported('lines=13');
    follower.child.kill('SIGSTOP');
    const other = JSON.stringify({ host: 'elsewhere', pid: 1, began: '' });
    writeFileSync(at('fresh'), other);
    renameSync(at('fresh'), at('cp/lock'));
    follower.child.kill('SIGCONT');
    appendFileSync(at('log'), text(sampleLog('20261120_130000_def456', NOON)));
    const { code, err } = await follower.ended;
    expect(code).toBe(1);
    expect(err).toContain(`Another follower has taken over the checkpoint`);
    expect(readFileSync(at('cp/lock'), 'utf8')).toBe(other);
    expect(readFileSync(at('cp/checkpoint.json'), 'utf8')).not.toContain('"lines":26');
  });

  test('a directory that is removed is created again, and the next run resumes from it', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 7)));
    const following = follow(...cp());
    await following.read(7);
    rmSync(at('cp'), { recursive: true });
    appendFileSync(at('log'), text(SAMPLE.slice(7)));
    await following.read(13);
    await following.reported('was removed and is created again');
    expect((await following.stop()).code).toBe(0);
    const { err } = await followTo(13);
    expect(err).toContain('replayed 13 events');
    expect(idsIn()).toEqual(await plainIds(text(SAMPLE)));
  });

  test('a strange line of the journal is reported, and following goes on', async () => {
    writeFileSync(at('log'), text(SAMPLE));
    await followTo(13);
    const journal = readdirSync(at('cp')).find((name) => name.startsWith('sent-')) ?? '';
    appendFileSync(at(`cp/${journal}`), '\nnull\n{"kind":"points"}\n');
    const { code, err } = await followTo(13);
    expect(code).toBe(0);
    expect(err).toContain('2 damaged lines of the journal in');
  });

  test('on a full disk is reported, and following goes on; so is the dead letter', async () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      sampleLog(`20261120_1200${index + 10}_abc123`, NOON),
    );
    writeFileSync(at('log'), text(many.flat()));
    const delivery = ['-e', 'otlp', '--endpoint', 'http://127.0.0.1:9', '--retry-for', '0'];
    const files = ['--dead-letter', at('dead'), '--stats-interval', '100ms'];
    const follower = startBinOnSmallDisk(2, 'replay', '--follow', ...cp(), ...delivery, ...files);
    await follower.untilReported('the checkpoint could not be written: ');
    appendFileSync(at('log'), text(SAMPLE));
    await follower.untilReported('lines=533 ');
    follower.child.kill('SIGTERM');
    const { code, err } = await follower.ended;
    expect(err).toContain('the dead-letter file');
    expect(err).toContain('the journal of the checkpoint cannot be written: EFBIG');
    expect(err).toContain('replayed 533 events');
    expect(code).toBe(1);
  });
});
