import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { epochMicros, shift } from '../../src/model/time.ts';
import { readState } from '../../src/replay/checkpoint/journal.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { grow, shrink, sql } from '../database/growing.ts';
import { databaseFile } from '../database/pairs.ts';
import { partial } from '../export/behaviours.ts';
import { type DecodedSpan, type Json, type MetricsRequest, metricsIn, spansIn } from '../export/decode.ts';
import { type Behaviour, type Receiver, startReceiver } from '../export/receiver.ts';
import { type MainResult, runMain } from '../run-main.ts';

// What a killed follower leaves is what stands in its checkpoint's directory at that moment: a copy of it.

jest.setTimeout(60_000);

const NOON = epochMicros(Date.UTC(2026, 10, 20, 12) * 1000);
const MINUTE = 60_000_000;
const SAMPLE = sampleLog('20261120_120000_abc123', NOON);
const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

let folder: string;
let receiver: Receiver;
/** The requests beyond this many are not answered. */
let answered = 0;
let behave: Behaviour;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-resume-'));
  answered = Number.POSITIVE_INFINITY;
  behave = ({ accept }) => accept();
  receiver = await startReceiver({
    behave: (exchange) => (exchange.index < answered ? behave(exchange) : undefined),
  });
});
afterEach(async () => {
  await receiver.stop();
  rmSync(folder, { recursive: true, force: true });
});
const at = (name: string) => join(folder, name);

interface Life {
  readonly signal: () => Promise<void>;
  readonly ended: Promise<MainResult>;
}

/** A follower of `log`, with the checkpoint `cp`: to the receiver in small requests, one at a time, by default. */
function live(
  cp: string,
  argv: readonly string[] = TO_RECEIVER(),
  env: Readonly<Record<string, string>> = {},
): Life {
  const listeners = new Map<string, () => void>();
  const quick = ['HERMES_OTEL_POLL_INTERVAL=10ms', '--flush-interval', '10ms'];
  // All of the log leaves at once, when it has fallen silent: no checkpoint comes between its spans.
  const atOnce = ['--reorder-window', '5s'];
  const ended = runMain(
    ['replay', '--follow', at('log'), '--checkpoint', at(cp), ...quick, ...atOnce, ...argv],
    {
      env,
      onSignal: (name, listener) => listeners.set(name, listener),
    },
  );
  const signal = async () => {
    await until(() => listeners.has('SIGTERM'));
    listeners.get('SIGTERM')?.();
  };
  return { ended, signal };
}

const TO_RECEIVER = () => [
  ...[
    '-e',
    'otlp',
    '--endpoint',
    receiver.url,
    'HERMES_OTEL_CONCURRENCY=1',
    'HERMES_OTEL_MAX_REQUEST_BYTES=2500b',
  ],
];

/** What is under way is not waited for: the one it belongs to is dead. */
const GIVES_UP = ['HERMES_OTEL_SHUTDOWN_TIMEOUT=1ms'];

async function until(holds: () => boolean): Promise<void> {
  for (let wait = 0; wait < 1000 && !holds(); wait += 1) await pause(10);
  expect(holds()).toBe(true);
}

/** Kills it: what it does from now on is not known to the next one. */
async function kill(life: Life, cp: string, left: string): Promise<void> {
  cpSync(at(cp), at(left), { recursive: true });
  rmSync(join(at(left), 'lock'), { force: true });
  await life.signal();
  await life.ended;
}

/** Lets it do all that there is to do, and stops it. */
async function whole(life: Life, isDone: () => boolean): Promise<MainResult> {
  await until(isDone);
  await pause(700);
  await life.signal();
  return await life.ended;
}

/** '' for a file that is not there yet. */
function read(name: string): string {
  return existsSync(at(name)) ? readFileSync(at(name), 'utf8') : '';
}

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
const journal = (cp: string) =>
  readdirSync(at(cp))
    .filter((name) => name.startsWith('sent-'))
    .map((name) => readFileSync(join(at(cp), name), 'utf8'))
    .join('');
const spanIds = (from = 0) =>
  receiver.requests
    .slice(from)
    .flatMap(({ traces }) => (traces ? spansIn(traces) : []))
    .map(({ spanId }) => spanId);

async function plainIds(log: string): Promise<readonly string[]> {
  writeFileSync(at('plain'), log);
  const { out } = await runMain(['replay', '-q', '-e', 'otlp_file', '--no-metrics', at('plain')]);
  return idsIn(out);
}

function idsIn(lines: string): readonly string[] {
  const requests = lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return requests
    .filter(({ resourceSpans }) => resourceSpans !== undefined)
    .flatMap((request) => spansIn(request))
    .map(({ spanId }) => spanId);
}

describe('a follower killed between two answers', () => {
  /** Leaves `killed`: the first request was answered, the next ones are in flight. */
  async function cutShort(
    argv = ['--no-metrics', ...TO_RECEIVER()],
    isNoted = (noted: string) => noted.includes('}'),
  ): Promise<readonly string[]> {
    writeFileSync(at('log'), text(SAMPLE));
    answered = 1;
    const life = live('cp', [...argv, ...GIVES_UP]);
    await until(() => receiver.requests.length === 2 && isNoted(journal('cp')));
    const accepted = [...receiver.spanIds];
    await kill(life, 'cp', 'killed');
    answered = Number.POSITIVE_INFINITY;
    return accepted;
  }

  test('is gone on with: what was accepted is not sent again, and counted; the rest is', async () => {
    const accepted = await cutShort();
    const before = receiver.requests.length;
    const next = live('killed', ['--no-metrics', ...TO_RECEIVER()]);
    const { code, err } = await whole(next, () => spanIds(before).length >= 6 - accepted.length);
    expect(accepted.length).toBeGreaterThan(0);
    expect([...accepted, ...spanIds(before)].toSorted()).toEqual((await plainIds(text(SAMPLE))).toSorted());
    expect(err).toContain('6 accepted, 0 rejected, 0 failed');
    expect(code).toBe(0);
  });

  test('what was refused is counted as refused', async () => {
    behave = partial(1, 'no');
    await cutShort();
    behave = ({ accept }) => accept();
    const before = receiver.requests.length;
    const next = live('killed', ['--no-metrics', ...TO_RECEIVER()]);
    const { code, err } = await whole(next, () => spanIds(before).length > 0);
    expect(err).toContain('5 accepted, 1 rejected, 0 failed');
    expect(code).toBe(1);
  });

  test('of two destinations each is sent what it lacks', async () => {
    const both = ['--no-metrics', ...TO_RECEIVER(), '-e', 'otlp_file', '-o', at('out')];
    const allIn = (noted: string) =>
      acceptedBy(at('out'), noted) === 6 && acceptedBy(receiver.url, noted) > 0;
    const accepted = await cutShort(both, allIn);
    const before = receiver.requests.length;
    await whole(live('killed', both), () => spanIds(before).length >= 6 - accepted.length);
    const all = (await plainIds(text(SAMPLE))).toSorted();
    expect(idsIn(readFileSync(at('out'), 'utf8')).toSorted()).toEqual(all);
    expect([...accepted, ...spanIds(before)].toSorted()).toEqual(all);
  });

  test('another receiver is sent all of it', async () => {
    await cutShort();
    const file = ['--no-metrics', '-e', 'otlp_file', '-o', at('out')];
    await whole(live('killed', file), () => read('out') !== '');
    expect(idsIn(readFileSync(at('out'), 'utf8'))).toHaveLength(6);
  });

  test('and stopped before it has caught up, leaves everything as it was', async () => {
    const accepted = await cutShort();
    const left = readFileSync(at('killed/checkpoint.json'), 'utf8');
    const stopped = live('killed', ['--no-metrics', ...TO_RECEIVER()]);
    await stopped.signal();
    expect((await stopped.ended).code).toBe(0);
    expect(readFileSync(at('killed/checkpoint.json'), 'utf8')).toBe(left);
    const before = receiver.requests.length;
    await whole(
      live('killed', ['--no-metrics', ...TO_RECEIVER()]),
      () => spanIds(before).length >= 6 - accepted.length,
    );
    expect([...accepted, ...spanIds(before)].toSorted()).toEqual((await plainIds(text(SAMPLE))).toSorted());
  });

  test('a turn that was shown in the terminal is not shown again', async () => {
    const both = ['--no-metrics', ...TO_RECEIVER(), '-e', 'console'];
    await cutShort(both);
    const before = receiver.requests.length;
    const { out } = await whole(live('killed', both), () => receiver.requests.length > before);
    expect(out).toBe('');
  });

  test.each(['cumulative', 'delta'])('%s points add up to what they are', async (temporality) => {
    const env = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality };
    const turns = [0, 1, 2, 3].map((minute) =>
      sampleLog(`20261120_12000${minute}_abc123`, epochMicros(NOON + minute * MINUTE)),
    );
    writeFileSync(at('log'), text(turns.flat()));
    const toReceiver = ['--no-traces', ...TO_RECEIVER()];
    answered = 2;
    const life = live('cp', [...toReceiver, ...GIVES_UP], env);
    await until(() => receiver.requests.length === 3);
    await kill(life, 'cp', 'killed');
    answered = Number.POSITIVE_INFINITY;
    const accepted = receiver.requests.slice(0, 2);
    const before = receiver.requests.length;
    await whole(live('killed', toReceiver, env), () => receiver.requests.length > before);
    const points = [...accepted, ...receiver.requests.slice(before)].flatMap(({ metrics }) =>
      pointsOf(metrics),
    );
    const keys = points.map(({ name, attributes, timeUnixNano }) =>
      JSON.stringify([name, attributes, timeUnixNano]),
    );
    expect(new Set(keys).size).toBe(keys.length);
    const tokens = points.filter(({ name }) => name === 'gen_ai.client.token.usage');
    const series = new Map(tokens.map((point) => [JSON.stringify(point.attributes), Number(point.sum)]));
    const sums = temporality === 'delta' ? tokens.map(({ sum }) => Number(sum)) : [...series.values()];
    // A pause sends no part of a delta interval: the turn of the last minute waits for the next run.
    const expected = { cumulative: 4 * 2900, delta: 3 * 2900 }[temporality];
    expect(sums.reduce((sum, count) => sum + count, 0)).toBe(expected);
  });

  function pointsOf(metrics: MetricsRequest | undefined): readonly Json[] {
    const all = metrics === undefined ? [] : metricsIn(metrics);
    return all.flatMap(({ name, sum, histogram }) =>
      ((histogram ?? sum)?.dataPoints ?? []).map((point) => ({ ...point, name })),
    );
  }
});

/** How many spans are noted as accepted by destinations whose name begins so. */
function acceptedBy(name: string, noted: string): number {
  return [...readState(noted.split('\n')).spans]
    .filter(([to]) => to.startsWith(name))
    .flatMap(([, spans]) => [...spans.values()])
    .reduce((sum, { accepted }) => sum + accepted, 0);
}

describe('a follower killed in the middle of a turn', () => {
  test('shows the whole turn in the next terminal', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 9)));
    const life = live('cp', ['-e', 'console', '--no-metrics']);
    await until(() => read('cp/checkpoint.json').includes('"lines":9'));
    await kill(life, 'cp', 'killed');
    writeFileSync(at('log'), text(SAMPLE));
    const next = live('killed', ['-e', 'console', '--no-metrics']);
    await pause(1000);
    await next.signal();
    const { out } = await next.ended;
    const plain = await runMain(['replay', at('log'), '--no-metrics']);
    expect(out).toBe(plain.out);
  });

  test('has shown what is open, and shows it again only when it has changed', async () => {
    writeFileSync(at('log'), text(SAMPLE.slice(0, 9)));
    const send = ['--open-spans', 'send', '--no-metrics', '-e', 'otlp', '--endpoint', receiver.url];
    const life = live('cp', send);
    await until(() => receiver.spanCount() > 0);
    await pause(800);
    await kill(life, 'cp', 'killed');
    const before = receiver.spanCount();
    const same = live('killed', send);
    await pause(1000);
    expect(receiver.spanCount()).toBe(before);
    writeFileSync(at('log'), text(SAMPLE));
    await whole(same, () => receiver.spanCount() > before);
    expect(new Set(receiver.spanIds)).toEqual(new Set(await plainIds(text(SAMPLE))));
  });
});

describe('a database', () => {
  async function wholeIds(file: string): Promise<readonly string[]> {
    const { out } = await runMain(['replay', '-q', '-e', 'otlp_file', '--no-metrics', file]);
    return idsIn(out).toSorted();
  }

  const replayed = (err: string) => /^replayed .*$/m.exec(err)?.[0];

  test('that grows between two runs is gone on with: nothing is read twice, and each token counts once', async () => {
    const file = databaseFile('0.19.0/multi-turn-new-exit');
    cpSync(file, at('log'));
    shrink(at('log'), 0);
    const summaries: (string | undefined)[] = [];
    const sent: number[] = [];
    for (const row of [4, 7, 11, 11, 11]) {
      grow(at('log'), file, row);
      const { code, err } = await whole(live('cp'), () => true);
      summaries.push(replayed(err));
      sent.push(receiver.spanCount());
      expect(code).toBe(0);
    }
    const ids = await wholeIds(file);
    // The span of the session is sent when a run pauses, and again when it has gone on.
    expect([...new Set(spanIds())].toSorted()).toEqual(ids);
    expect(sent.slice(3)).toEqual([sent[2], sent[2]]);
    const [, , third, fourth, fifth] = summaries;
    expect(third).toContain(`→ ${ids.length} spans`);
    expect(third).not.toContain('warning');
    expect([fourth, fifth]).toEqual([third, third]);
    const latest = (requests: readonly { readonly metrics?: MetricsRequest | undefined }[]) =>
      new Map(
        requests
          .flatMap(({ metrics }) => (metrics ? metricsIn(metrics) : []))
          .filter(({ name }) => name === 'gen_ai.client.token.usage')
          .flatMap(({ histogram }) => histogram?.dataPoints ?? [])
          .map(({ attributes, sum, count }) => [JSON.stringify(attributes), [sum, count]]),
      );
    const followed = latest(receiver.requests);
    const before = receiver.requests.length;
    await runMain(['replay', '-q', file, '-e', 'otlp', '--endpoint', receiver.url]);
    expect(followed.size).toBeGreaterThan(0);
    expect(followed).toEqual(latest(receiver.requests.slice(before)));
  });

  test('of which no cost is wanted has none in the spans of a pause either', async () => {
    cpSync(databaseFile('0.19.0/multi-turn-new-exit'), at('log'));
    sql(
      at('log'),
      `UPDATE sessions SET estimated_cost_usd = 0.5, cost_status = 'estimated', ended_at = NULL`,
    );
    const costs = async (directory: string, flags: readonly string[]) => {
      const before = receiver.requests.length;
      await whole(live(directory, [...TO_RECEIVER(), ...flags]), () => receiver.requests.length > before);
      return JSON.stringify(receiver.requests.slice(before)).includes('hermes.cost');
    };
    expect([await costs('with', []), await costs('without', ['--no-cost'])]).toEqual([true, false]);
  });

  test('whose follower was killed between two answers is gone on with', async () => {
    const file = databaseFile('0.19.0/delegate-cli-background');
    cpSync(file, at('log'));
    const toReceiver = ['--no-metrics', ...TO_RECEIVER()];
    answered = 1;
    const life = live('cp', [...toReceiver, ...GIVES_UP]);
    await until(() => receiver.requests.length === 2 && journal('cp').includes('}'));
    const accepted = [...receiver.spanIds];
    await kill(life, 'cp', 'killed');
    answered = Number.POSITIVE_INFINITY;
    const before = receiver.requests.length;
    const ids = await wholeIds(file);
    const next = live('killed', toReceiver);
    const { code, err } = await whole(next, () => spanIds(before).length >= ids.length - accepted.length);
    expect(accepted.length).toBeGreaterThan(0);
    expect([...accepted, ...spanIds(before)].toSorted()).toEqual(ids);
    expect(err).toContain(`${ids.length} accepted, 0 rejected, 0 failed`);
    expect(code).toBe(0);
  });
});

test('a log cut yesterday and replayed whole today, without a checkpoint, is one trace; what was incomplete is whole', async () => {
  const spansOf = async (lines: readonly string[]) => {
    writeFileSync(at('log'), text(lines));
    const { out } = await runMain(['replay', '-q', '-e', 'otlp_file', '--no-metrics', at('log')]);
    return out
      .split('\n')
      .filter(Boolean)
      .flatMap((line) => spansIn(JSON.parse(line)));
  };
  const isIncomplete = (span: DecodedSpan) => span.attributes?.some(({ key }) => key === 'hermes.incomplete');
  const cut = await spansOf(SAMPLE.slice(0, 9));
  const whole = await spansOf(SAMPLE);
  expect(cut.filter(isIncomplete).length).toBeGreaterThan(0);
  expect(whole.filter(isIncomplete)).toEqual([]);
  expect(new Set([...cut, ...whole].map(({ traceId }) => traceId)).size).toBe(1);
  const ids = new Set(whole.map(({ spanId }) => spanId));
  expect(cut.filter(({ spanId }) => !ids.has(spanId))).toEqual([]);
});

test.each([
  [['--time-shift', 'now'], '--time-shift now begins anew with each run'],
  [['--since', '2h'], '--since and --until before now move from run to run'],
])('%j does not go with a checkpoint', async (flags, sentence) => {
  writeFileSync(at('log'), '');
  const { code, err } = await runMain(['replay', '--follow', at('log'), '--checkpoint', at('cp'), ...flags]);
  expect({ code, says: err.includes(sentence) }).toEqual({ code: 2, says: true });
});

describe('a wrong answer for a while, with a checkpoint', () => {
  const wrong: Behaviour = ({ response }) => response.writeHead(404).end();
  const ALL = () => ['--no-metrics', ...TO_RECEIVER(), '--retry-for', '1h'];

  test('costs nothing after an accepted request of this run', async () => {
    behave = (exchange) => ([1, 2].includes(exchange.index) ? wrong(exchange) : exchange.accept());
    writeFileSync(at('log'), text(SAMPLE));
    const { code, err } = await whole(live('cp', ALL()), () => receiver.spanIds.length >= 6);
    expect([code, err]).toEqual([0, expect.stringContaining('6 accepted, 0 rejected, 0 failed')]);
    expect(err).toContain('answered 404');
  });

  test('costs nothing after an accepted request of an earlier run', async () => {
    const half = SAMPLE.length / 2;
    writeFileSync(at('log'), text(SAMPLE.slice(0, half)));
    await whole(live('cp', ALL()), () => receiver.spanIds.length > 0);
    const before = receiver.requests.length;
    behave = (exchange) => (exchange.index === before ? wrong(exchange) : exchange.accept());
    writeFileSync(at('log'), text(SAMPLE));
    const { code, err } = await whole(live('cp', ALL()), () => new Set(receiver.spanIds).size >= 6);
    expect([code, err]).toEqual([0, expect.not.stringMatching(/[1-9] failed/)]);
  });
});

describe('a receiver that is down for longer, beside a file', () => {
  const down: Behaviour = ({ response }) => response.writeHead(503).end();
  const BOTH = () => [
    '--no-metrics',
    ...TO_RECEIVER(),
    '--retry-for',
    '1d',
    '-e',
    'otlp_file',
    '-o',
    at('out'),
  ];
  const spills = () => readdirSync(at('cp')).filter((name) => name.startsWith('spill-'));

  test('stops nobody: the file is complete, and the receiver gets its spans once when it returns', async () => {
    behave = down;
    const sessions = Array.from({ length: 40 }, (_, at) =>
      sampleLog(`20261120_120000_${at}`, shift(NOON, at * MINUTE)),
    );
    const all = await plainIds(text(sessions.flat()));
    writeFileSync(at('log'), text(sessions.flat()));
    const first = live('cp', BOTH());
    await until(() => idsIn(read('out')).length >= all.length);
    await pause(700);
    await first.signal();
    const { code, err } = await first.ended;
    expect(idsIn(read('out')).toSorted()).toEqual(all.toSorted());
    // Nothing was lost: what the receiver lacks waits for the next run.
    expect([code, spills().length > 0]).toEqual([0, true]);
    expect(err).toMatch(
      new RegExp(`0 accepted, 0 rejected, 0 failed; .*${all.length} more wait on disk for the next run`),
    );
    behave = ({ accept }) => accept();
    const { code: codeThen, err: errThen } = await whole(
      live('cp', BOTH()),
      () => receiver.spanIds.length >= all.length,
    );
    expect([codeThen, errThen]).toEqual([
      0,
      expect.stringContaining(`${all.length} accepted, 0 rejected, 0 failed`),
    ]);
    expect(receiver.spanIds.toSorted()).toEqual(all.toSorted());
    expect([idsIn(read('out')).length, spills()]).toEqual([all.length, []]);
  });

  test('and a kill: each gets every span, and the file none twice', async () => {
    behave = down;
    const sessions = Array.from({ length: 20 }, (_, at) =>
      sampleLog(`20261120_120000_${at}`, shift(NOON, at * MINUTE)),
    );
    const all = await plainIds(text(sessions.flat()));
    writeFileSync(at('log'), text(sessions.flat()));
    const first = live('cp', BOTH());
    await until(() => idsIn(read('out')).length >= all.length && spills().length > 0);
    cpSync(at('cp'), at('killed'), { recursive: true });
    cpSync(at('out'), at('out-killed'));
    rmSync(join(at('killed'), 'lock'), { force: true });
    await first.signal();
    await first.ended;
    behave = ({ accept }) => accept();
    const again = BOTH().map((word) => (word === at('out') ? at('out-killed') : word));
    await whole(live('killed', again), () => new Set(receiver.spanIds).size >= all.length);
    expect([...new Set(receiver.spanIds)].toSorted()).toEqual(all.toSorted());
    expect([...new Set(idsIn(read('out-killed')))].toSorted()).toEqual(all.toSorted());
  });
});
