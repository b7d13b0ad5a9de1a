import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { OutcomeListener } from '../../../src/export/delivery/delivery.ts';
import { openSpill, type Spill } from '../../../src/export/delivery/spill.ts';
import type { OtelSpan } from '../../../src/model/otel.ts';
import type { OutcomeCounts } from '../../../src/model/sink.ts';
import { until } from '../../until.ts';
import { status } from '../behaviours.ts';
import { httpDestination, hurriedClock } from '../http-destination.ts';
import { type Receiver, startReceiver } from '../receiver.ts';
import { snapshot, spans } from '../spans.ts';

let folder: string;
let path: string;
let receiver: Receiver;
let isDown: boolean;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-spill-'));
  path = join(folder, 'spill.jsonl');
  isDown = true;
  receiver = await startReceiver({
    behave: (exchange) => (isDown ? status(503)(exchange) : exchange.accept()),
  });
});
afterEach(async () => {
  await receiver.stop();
  await rm(folder, { recursive: true });
});

const MEGABYTE = 1024 ** 2;

describe('the queue on disk', () => {
  const line = (text: string) => Buffer.from(text);
  const textsIn = async (spill: Spill) => {
    const texts: string[] = [];
    for (let next = await spill.next(); next !== undefined; next = await spill.next()) {
      texts.push(`${next.isOfThisRun ? '' : 'earlier '}${next.text}`);
      await spill.done();
    }
    return texts;
  };

  test('gives lines back in their order, and leaves no file', async () => {
    const spill = openSpill(path, MEGABYTE);
    expect([spill.isEmpty(), await spill.next()]).toEqual([true, undefined]);
    for (const text of ['a', 'bb', 'c'.repeat(700_000)]) expect(await spill.append(line(text), 2)).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect([spill.isEmpty(), spill.itemsLeft()]).toEqual([false, 6]);
    expect(await textsIn(spill)).toEqual(['a', 'bb', 'c'.repeat(700_000)]);
    expect([spill.isEmpty(), spill.itemsLeft(), await readdir(folder)]).toEqual([true, 0, []]);
    expect(await spill.append(line('d'), 1)).toBe(true);
    expect(await textsIn(spill)).toEqual(['d']);
  });

  test('goes on after a kill behind the last line that was done', async () => {
    const killed = openSpill(path, MEGABYTE);
    for (const text of ['a', 'b', 'c']) await killed.append(line(text), 1);
    await killed.next();
    await killed.done();
    const next = openSpill(path, MEGABYTE);
    expect(next.itemsLeft()).toBe(0);
    await next.append(line('d'), 1);
    expect(await textsIn(next)).toEqual(['earlier b', 'earlier c', 'd']);
    await killed.close();
  });

  test('loses only half a line, which was never said to be on disk', async () => {
    const killed = openSpill(path, MEGABYTE);
    await killed.append(line('a'), 1);
    await killed.close();
    await appendFile(path, 'half');
    const next = openSpill(path, MEGABYTE);
    await next.append(line('b'), 1);
    expect(await textsIn(next)).toEqual(['earlier a', 'earlier half', 'b']);
  });

  test('is bounded', async () => {
    const spill = openSpill(path, 10);
    expect(await spill.append(line('123456'), 1)).toBe(true);
    expect(await spill.append(line('123456'), 1)).toBe(false);
    expect(await textsIn(spill)).toEqual(['123456']);
    expect(await spill.append(line('123456'), 1)).toBe(true);
    await spill.close();
  });

  test('is appended to and read at the same time', async () => {
    const spill = openSpill(path, MEGABYTE);
    const read: string[] = [];
    for (let round = 0; round < 50; round += 1) {
      const appended = [spill.append(line(`${2 * round}`), 1), spill.append(line(`${2 * round + 1}`), 1)];
      if (round % 3 === 0) read.push(...(await textsIn(spill)));
      await Promise.all(appended);
    }
    read.push(...(await textsIn(spill)));
    expect(read).toEqual(Array.from({ length: 100 }, (_, at) => `${at}`));
  });
});

const pause = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

/** Pauses are short, but take a moment: the queue is not tried thousands of times. */
function slowedClock() {
  const clock = hurriedClock();
  return {
    ...clock,
    async sleep(millis: number, stop: AbortSignal) {
      await clock.sleep(millis, stop);
      await pause(5);
    },
  };
}

describe('a receiver that is down', () => {
  const open = (noted: OutcomeCounts[] = [], maxBytes = MEGABYTE, retryForMillis = 3_600_000) => {
    const listener = (): OutcomeListener<never> => ({
      add: () => {},
      onOutcome: (counts) => noted.push(counts),
    });
    return httpDestination({
      url: receiver.url,
      limits: { maxRequestItems: 10, concurrency: 2, retryForMillis },
      more: {
        clock: slowedClock(),
        spill: (_, signal) => openSpill(signal === 'spans' ? path : `${path}-points`, maxBytes),
        outcomeListeners: { forSpans: listener, forTree: listener, forPoints: listener },
      },
    });
  };
  const idsOf = (some: readonly OtelSpan[]) => some.map(({ spanId }) => spanId);

  test('makes nobody wait: its spans are on disk, and are sent first when it returns, in order', async () => {
    const noted: OutcomeCounts[] = [];
    const { spans: delivery, close } = open(noted);
    await delivery.write(spans(100));
    await delivery.settled();
    expect(delivery.soFar()).toMatchObject({ made: 100, accepted: 0, failed: 0, spilled: 100 });
    expect(new Set(noted.map((counts) => JSON.stringify(counts)))).toEqual(
      new Set(['{"accepted":0,"rejected":0,"failed":0,"deadLettered":0}']),
    );
    isDown = false;
    await delivery.write(spans(20, {}, 100));
    await until(() => receiver.spanIds.length === 120);
    expect(await delivery.finish()).toMatchObject({ made: 120, accepted: 120, failed: 0, spilled: 0 });
    expect(receiver.spanIds.toSorted()).toEqual(idsOf(spans(120)).toSorted());
    await close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('leaves them for the next run, which sends them before its own', async () => {
    const first = open();
    await first.spans.write(spans(50));
    await first.metrics.write([snapshot(7)]);
    const accounts = await Promise.all([first.spans.finish(), first.metrics.finish()]);
    expect(accounts).toEqual([
      expect.objectContaining({ made: 0, accepted: 0, failed: 0, spilled: 50 }),
      expect.objectContaining({ made: 0, accepted: 0, failed: 0, spilled: 7 }),
    ]);
    await first.close();
    expect((await readFile(path, 'utf8')).trim().split('\n').length).toBe(5);
    isDown = false;
    const second = open();
    await second.spans.write(spans(10, {}, 50));
    await until(() => receiver.spanIds.length === 60 && receiver.acceptedPoints() === 7);
    expect(await second.spans.finish()).toMatchObject({ made: 60, accepted: 60, spilled: 0 });
    expect(await second.metrics.finish()).toMatchObject({ made: 7, accepted: 7, spilled: 0 });
    await second.close();
    expect(receiver.spanIds.toSorted()).toEqual(idsOf(spans(60)));
    expect(receiver.spanIds.slice(50)).toEqual(idsOf(spans(10, {}, 50)));
  });

  test('is waited for when the disk has no more room', async () => {
    const { spans: delivery, close } = open([], 8000);
    let isWritten = false;
    const writing = delivery.write(spans(200)).then(() => {
      isWritten = true;
    });
    await until(() => existsSync(path));
    await pause(200);
    expect([isWritten, (await stat(path)).size <= 8000]).toEqual([false, true]);
    isDown = false;
    await writing;
    await delivery.settled();
    await until(() => receiver.spanIds.length === 200);
    expect(await delivery.finish()).toMatchObject({ made: 200, accepted: 200, spilled: 0 });
    await close();
  });

  test('for longer than --retry-for: what waits on disk fails like everything else', async () => {
    const { spans: delivery, close } = open([], MEGABYTE, 1);
    await delivery.write(spans(30));
    await delivery.settled();
    await until(() => delivery.soFar().failed === 30);
    expect(await delivery.finish()).toMatchObject({ made: 30, failed: 30, spilled: 0 });
    await close();
  });

  test('for a moment only costs no disk', async () => {
    const { spans: delivery, close } = open();
    const writing = delivery.write(spans(10));
    await until(() => receiver.requests.length > 0);
    isDown = false;
    await writing;
    await delivery.settled();
    expect(await delivery.finish()).toMatchObject({ made: 10, accepted: 10 });
    expect(await readdir(folder)).toEqual([]);
    await close();
  });
});
