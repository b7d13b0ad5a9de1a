import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { type MainResult, runMain } from '../run-main.ts';
import { BIN, startBin } from '../start-bin.ts';

jest.setTimeout(60_000);

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

interface Following {
  stop(): Promise<MainResult>;
  signal(name: string): void;
  /** Until so many spans have come, or the time is over. */
  spans(count: number): Promise<void>;
}

/** `replay --follow` in this process, into the file `out`. */
function follow(...argv: readonly string[]): Following {
  const listeners = new Map<string, () => void>();
  const quick = ['--poll-interval', '10ms', '--flush-interval', '10ms', '-e', 'otlp_file', '-o', at('out')];
  const result = runMain(['replay', '--follow', ...quick, ...argv], {
    onSignal: (name, listener) => listeners.set(name, listener),
  });
  const signal = (name: string) => listeners.get(name)?.();
  return {
    signal,
    async stop() {
      await pause(600);
      signal('SIGTERM');
      return await result;
    },
    async spans(count) {
      for (let wait = 0; wait < 200 && spansIn().length < count; wait += 1) await pause(20);
    },
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
    const { code, err } = await following.stop();
    expect(code).toBe(0);
    expect(idsIn()).toEqual(await plainIds(text(SAMPLE)));
    expect(err).toContain('replayed 13 events');
  });

  test('what is open at SIGINT is closed as incomplete without a checkpoint', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 4)));
    const following = follow(at('log'));
    await pause(600);
    following.signal('SIGINT');
    expect((await following.stop()).code).toBe(0);
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

  test('a missing one is told, waited for, and read', async () => {
    const following = follow(at('log'));
    await pause(1500);
    writeFileSync(at('log'), text(SAMPLE));
    const { err } = await following.stop();
    expect(err).toContain('log does not exist; it is waited for');
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
    await following.spans(1);
    await pause(400);
    const sessions = spansIn().filter(({ name }) => name === 'hermes.session');
    expect(sessions).toHaveLength(closed ? 2 : 1);
    await following.stop();
  });

  test('a clock that jumps an hour ahead and back loses nothing', async () => {
    const jumped = sampleLog('20261120_130000_def456', epochMicros(NOON + 60 * MINUTE));
    const back = sampleLog('20261120_120100_fed456', epochMicros(NOON + MINUTE));
    const log = text([...SAMPLE.slice(0, 6), ...jumped, ...SAMPLE.slice(6), ...back]);
    writeFileSync(at('log'), log);
    expect((await follow(at('log')).stop()).code).toBe(0);
    const plain = await plainIds(log, '--idle-timeout', '30m');
    expect(new Set(idsIn())).toEqual(new Set(plain));
  });

  test('--max-open bounds the open turns', async () => {
    const opened = Array.from({ length: 50 }, (_, index) =>
      sampleLog(`20261120_1200${index + 10}_abc123`, epochMicros(NOON + index * 1000)).slice(0, 2),
    );
    writeFileSync(at('log'), text(opened.flat()));
    const following = follow(at('log'), '--max-open', '5', '--no-metrics');
    await pause(600);
    following.signal('SIGUSR1');
    expect(spansIn().filter(({ name }) => name === 'hermes.turn').length).toBe(45);
    expect((await following.stop()).err).toContain('open_turns=5');
  });

  test('SIGUSR1 and --stats-interval tell how it goes', async () => {
    writeFileSync(at('log'), text(SAMPLE));
    const following = follow(at('log'), '--stats-interval', '200ms');
    const { err } = await following.stop();
    expect(err).toMatch(
      /hermes-otel: lines=13 lag_bytes=0 lag_seconds=0 open_sessions=0 open_turns=0 spans_accepted=6 spans_failed=0 spans_under_way=0\n/,
    );
  });

  test('--open-spans send shows open ones at once, and again whole; metrics count them once', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 6)));
    const following = follow(at('log'), '--open-spans', 'send');
    await following.spans(1);
    await pause(600);
    expect(
      spansIn()
        .filter(isIncomplete)
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['hermes.session', 'hermes.turn']);
    appendFileSync(at('log'), text(SAMPLE.slice(6)));
    await following.stop();
    expect(new Set(idsIn())).toEqual(new Set(await plainIds(text(SAMPLE))));
    expect(lastSum('hermes.session.turn_count')).toBe(1);
  });
});

describe('with a checkpoint', () => {
  const tokens = () => lastSum('gen_ai.client.token.usage');

  test('a log cut yesterday and continued today gives one trace, each span once, and tokens once', async () => {
    await plainIds(text(SAMPLE));
    const cp = ['--checkpoint', at('cp')];
    writeFileSync(at('log'), text(SAMPLE.slice(0, 7)));
    await follow(at('log'), ...cp).stop();
    expect(spansIn().some(isIncomplete)).toBe(false);
    appendFileSync(at('log'), text(SAMPLE.slice(7)));
    const { err } = await follow(at('log'), ...cp).stop();
    expect(idsIn()).toEqual(idsIn('plain'));
    expect(new Set(spansIn().map(({ traceId }) => traceId)).size).toBe(1);
    expect(err).toContain('replayed 13 events');
    expect(tokens()).toBe(2_900);
  });

  test('no content of the log is in it', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 6)).replaceAll('README.md', 'very-private'));
    await follow(at('log'), '--checkpoint', at('cp')).stop();
    expect(readFileSync(at('cp/checkpoint.json'), 'utf8')).not.toMatch(/very-private|A test of/);
  });

  test.each([
    [
      'other settings',
      ['--trace-per', 'turn'],
      (file: string) => file,
      'was made with --trace-per session, not turn',
    ],
    ['other logs', ['--poll-interval', '10ms', 'other'], (file: string) => file, 'was made with log '],
    [
      'another version',
      [],
      (file: string) => file.replace(/"format":"[^"]*","program":"[^"]*"/, '"format":"9","program":"9.9.9"'),
      'was written by hermes-otel 9.9.9, in a format',
    ],
    ['a damaged file', [], (file: string) => file.replace('positions', 'position$'), 'is damaged; remove'],
  ])('%s: one sentence, nothing guessed', async (_name, flags, change, sentence) => {
    writeFileSync(at('log'), text(SAMPLE));
    const run = [at('log'), '--checkpoint', at('cp')];
    await follow(...run).stop();
    const file = at('cp/checkpoint.json');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    const { code, err } = await runMain(['replay', '--follow', ...run, ...flags]);
    expect({ code, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, lines: 1 });
    expect(err).toContain(sentence);
  });

  test('two followers are kept apart, and a killed one is in nobody’s way', async () => {
    writeFileSync(at('log'), text(SAMPLE));
    const argv = ['replay', '--follow', at('log'), '--checkpoint', at('cp'), '--stats-interval', '100ms'];
    const first = startBin(...argv);
    await first.untilTold('lines=13');
    const second = await startBin(...argv).ended;
    expect(second.code).toBe(2);
    expect(second.err).toContain(`is in use by process ${first.child.pid}`);
    first.child.kill('SIGKILL');
    await first.ended;
    const third = startBin(...argv);
    await third.untilTold('lines=13');
    third.child.kill('SIGTERM');
    expect((await third.ended).code).toBe(0);
  });

  test('on a full disk is told, and following goes on; so is the dead letter', () => {
    const many = Array.from({ length: 40 }, (_, index) =>
      sampleLog(`20261120_1200${index + 10}_abc123`, NOON),
    );
    writeFileSync(at('log'), text(many.flat()));
    const follows = `${process.execPath} ${BIN} replay --follow ${at('log')} --checkpoint ${at('cp')}`;
    const delivery = `-e otlp --endpoint http://127.0.0.1:9 --retry-for 0 --dead-letter ${at('dead')}`;
    // A file may hold no more than 4 KiB: as a full disk, but of this process alone.
    const { status, stderr } = spawnSync(
      'bash',
      ['-c', `ulimit -f 4; timeout -s TERM 10 ${follows} ${delivery}`],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toContain('the checkpoint could not be written: ');
    expect(stderr).toContain('the dead-letter file');
    expect(stderr).toContain('what is sent cannot be noted beside the checkpoint: EFBIG');
    expect(stderr).toContain('replayed 520 events');
    expect(status).not.toBe(0);
  });
});
