import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { epochMicros, shift } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { type Receiver, startReceiver } from '../export/receiver.ts';
import { runMain } from '../run-main.ts';

const NOON = epochMicros(Date.UTC(2026, 10, 20, 12) * 1000);
const SECOND = 1_000_000;
const PATIENCE = 1000;

let receiver: Receiver;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(() => receiver.stop());

test('a log that is never silent prints its turns as they end, not when it falls silent', async () => {
  let spansBeforeTheEnd = 0;
  async function* busy() {
    // Four seconds of log time; after that blank lines, which have no time and leave no pause.
    for (const session of [0, 1, 2, 3]) {
      const lines = sampleLog(`20261120_120000_${session}`, shift(NOON, session * SECOND));
      yield Buffer.from(lines.map((line) => `${line}\n`).join(''));
    }
    for (let blank = 0; blank < PATIENCE && receiver.spanIds.length === 0; blank += 1) {
      await sleep(5);
      yield Buffer.from('\n');
    }
    spansBeforeTheEnd = receiver.spanIds.length;
  }
  const argv = ['replay', '-', '-q', '-e', 'otlp', '--endpoint', receiver.url, '--flush-interval', '10ms'];
  const { code } = await runMain(argv, { stdin: Readable.from(busy()) });
  expect(code).toBe(0);
  expect(spansBeforeTheEnd).toBeGreaterThan(0);
});
