import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type FollowedBatch, followLines } from '../../src/input/follow.ts';

const POLL = 2;
const RUNS = 40;

/** A log in a directory, its writer and its rotation. Every line is numbered and written once. */
class Writer {
  readonly folder = mkdtempSync(join(tmpdir(), 'hermes-otel-laws-'));
  readonly log = join(this.folder, 'log');
  written = 0;
  #unfinished = '';
  #rotations = 0;

  append(count: number): void {
    this.#finish();
    const lines = Array.from({ length: count }, (_, i) => `${this.written + i}`.padEnd(600));
    this.written += count;
    appendFileSync(this.log, `${lines.join('\n')}\n`);
  }

  appendHalf(): void {
    this.#finish();
    const line = `${this.written}`.padEnd(600);
    this.written += 1;
    const cut = 1 + (this.written % 599);
    appendFileSync(this.log, line.slice(0, cut));
    this.#unfinished = `${line.slice(cut)}\n`;
  }

  rename(): void {
    this.#rotate((target) => renameSync(this.log, target));
  }

  copyAndTruncate(): void {
    this.#rotate((target) => {
      copyFileSync(this.log, target);
      truncateSync(this.log);
    });
  }

  remove(): void {
    this.#finish();
    rmSync(this.folder, { recursive: true });
  }

  /** `log.1` becomes `log.2`, and so on, as logrotate does. What follows begins with a distinctive head. */
  #rotate(move: (target: string) => void): void {
    this.#finish();
    for (let i = this.#rotations; i > 0; i -= 1) {
      const old = join(this.folder, `log.${i}`);
      if (existsSync(old)) renameSync(old, join(this.folder, `log.${i + 1}`));
    }
    move(join(this.folder, 'log.1'));
    this.#rotations += 1;
    this.append(2);
  }

  #finish(): void {
    if (this.#unfinished !== '') appendFileSync(this.log, this.#unfinished);
    this.#unfinished = '';
  }
}

/** Follows, and can be stopped and started again from where it was. */
class Reader {
  readonly seen: number[] = [];
  readonly #path: string;
  #positions: ReturnType<FollowedBatch['progress']>['positions'] = [];
  #stop = new AbortController();
  #done = Promise.resolve();
  #running = false;

  constructor(path: string) {
    this.#path = path;
    this.start();
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#stop = new AbortController();
    const options = {
      pollMillis: POLL,
      signal: this.#stop.signal,
      start: this.#positions,
      onDiagnostic: () => {},
    };
    this.#done = this.#read(followLines([this.#path], options));
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
    this.#running = false;
  }

  async #read(batches: AsyncIterable<FollowedBatch>): Promise<void> {
    for await (const { lines, progress } of batches) {
      this.seen.push(...lines.map(({ text }) => Number(text)));
      this.#positions = progress().positions;
    }
  }
}

const acts = {
  append: (writer: Writer) => writer.append(3),
  half: (writer: Writer) => writer.appendHalf(),
  rename: (writer: Writer) => writer.rename(),
  copy: (writer: Writer) => writer.copyAndTruncate(),
  stop: (_writer: Writer, reader: Reader) => reader.stop(),
  start: (_writer: Writer, reader: Reader) => reader.start(),
};

const step = fc.record({
  act: fc.constantFrom('append', 'append', 'half', 'rename', 'copy', 'stop', 'start'),
  pauseMillis: fc.constantFrom(0, 0, POLL, 5 * POLL),
});

async function enough(reader: Reader, count: number): Promise<void> {
  const end = Date.now() + 15_000;
  while (reader.seen.length < count && Date.now() < end) await sleep(POLL);
  // A moment longer: more must not come.
  await sleep(5 * POLL);
}

/** Ends with a running reader, and returns whether it saw every line once. */
async function check(writer: Writer, reader: Reader): Promise<void> {
  writer.append(1);
  reader.start();
  await enough(reader, writer.written);
  await reader.stop();
  writer.remove();
  const everyLine = Array.from({ length: writer.written }, (_, i) => i);
  expect(reader.seen.sort((a, b) => a - b)).toEqual(everyLine);
}

/** What was rotated is met, and more is written, which is read only after the next rotation. */
async function meetRotation(writer: Writer, reader: Reader, stop: boolean): Promise<void> {
  reader.start();
  await enough(reader, writer.written - 1);
  if (stop) await reader.stop();
  writer.append(3);
}

const steps = fc.array(step, { minLength: 5, maxLength: 25 });
type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

async function play(
  steps: Steps,
  pathOf: (writer: Writer) => string,
  beforeRotation: typeof meetRotation | undefined,
): Promise<void> {
  const writer = new Writer();
  writer.append(2);
  const reader = new Reader(pathOf(writer));
  for (const { act, pauseMillis } of steps) {
    if (act === 'rename' || act === 'copy') await beforeRotation?.(writer, reader, pauseMillis === 0);
    await acts[act](writer, reader);
    if (pauseMillis > 0) await sleep(pauseMillis);
  }
  await check(writer, reader);
}

// At the same time: they wait for the poll more than they compute.

test.concurrent('in a directory, whatever a writer, rotation and restarts do, every line comes exactly once', async () => {
  const law = fc.asyncProperty(steps, (list) => play(list, ({ folder }) => folder, undefined));
  await fc.assert(law, { numRuns: RUNS, seed: 7 });
}, 120_000);

test.concurrent('of a single file, every line comes exactly once when each rotation is met before the next', async () => {
  const law = fc.asyncProperty(steps, (list) => play(list, ({ log }) => log, meetRotation));
  await fc.assert(law, { numRuns: RUNS / 2, seed: 7 });
}, 120_000);

/** What power cuts, backups and editors do to a log: every line is written once, but may be lost again. */
const damage = {
  append: (log: string, made: () => string) => appendFileSync(log, made() + made()),
  half: (log: string, made: () => string) => appendFileSync(log, made().slice(0, 100)),
  end: (log: string) => appendFileSync(log, '\n'),
  cut: (log: string) => truncateSync(log, wholeLines(log, 0.6).length),
  cutAndGrow: (log: string, made: () => string) => writeFileSync(log, wholeLines(log, 0.5) + made() + made()),
  editLast: (log: string, made: () => string) => writeFileSync(log, wholeLines(log, 0.99) + made()),
  replace(log: string, made: () => string) {
    writeFileSync(`${log}.new`, wholeLines(log, 0.7) + made());
    renameSync(`${log}.new`, log);
  },
};

function wholeLines(log: string, share: number): string {
  const text = readFileSync(log, 'utf8');
  return text.slice(0, text.lastIndexOf('\n', Math.floor(text.length * share)) + 1);
}

const damages = fc.record({
  act: fc.constantFrom(
    ...(Object.keys(damage) as (keyof typeof damage)[]),
    'stop' as const,
    'start' as const,
  ),
  pauseMillis: fc.constantFrom(0, 0, POLL, 10 * POLL),
  size: fc.integer({ min: 20, max: 900 }),
});

type Damage = typeof damages extends fc.Arbitrary<infer T> ? T : never;

/** Returns the numbers of the lines that the log has in the end and the reader has not seen. */
async function playDamage(steps: readonly Damage[]): Promise<readonly number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'hermes-otel-damage-'));
  const log = join(folder, 'log');
  let count = 0;
  const line = (size: number) => {
    count += 1;
    return `${String(count).padEnd(size)}\n`;
  };
  writeFileSync(log, line(700) + line(700));
  const reader = new Reader(log);
  for (const { act, pauseMillis, size } of steps) {
    if (act === 'stop') await reader.stop();
    else if (act === 'start') reader.start();
    else damage[act](log, () => line(size));
    if (pauseMillis > 0) await sleep(pauseMillis);
  }
  appendFileSync(log, `\n${line(50)}`);
  reader.start();
  const inTheEnd = readFileSync(log, 'utf8').split('\n').filter(Boolean).map(Number);
  const unseen = () => inTheEnd.filter((number) => !reader.seen.includes(number));
  for (const end = Date.now() + 8000; Date.now() < end && unseen().length > 0; ) await sleep(POLL);
  await reader.stop();
  rmSync(folder, { recursive: true });
  return unseen();
}

test.concurrent('whatever is cut off, edited or replaced, every line that the log has in the end has come', async () => {
  const law = fc.asyncProperty(fc.array(damages, { minLength: 5, maxLength: 25 }), async (steps) => {
    expect(await playDamage(steps)).toEqual([]);
  });
  await fc.assert(law, { numRuns: RUNS, seed: 7 });
}, 240_000);
