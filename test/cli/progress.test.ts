import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { startReceiver } from '../export/receiver.ts';
import { type MainOptions, runMain } from '../run-main.ts';

const SAMPLE = 'fixtures/seed/six-spans/input.ndjson';
const LINES = await readFile(SAMPLE, 'utf8');

/** From one look at the clock to the next, so much time passes. */
function clockThatPasses(millis: number): void {
  let now = Date.now();
  jest.spyOn(Date, 'now').mockImplementation(() => {
    now += millis;
    return now;
  });
}
afterEach(() => {
  jest.restoreAllMocks();
});

/** The line is begun anew, and what stood there wiped away. */
const ANEW = '\r\u001b[K';
const shown = (text: string) => text.replaceAll(ANEW, '⌫');
const PROGRESS = /⌫\d+ lines/;
const WIPED = /lines⌫(?!\d)/;

const COMMANDS: readonly (readonly [name: string, argv: readonly string[]])[] = [
  ['replay', ['replay', '-', '-e', 'otlp_file', '-o', '/dev/null']],
  ['view', ['view', '-']],
  ['diff', ['diff', '-', SAMPLE]],
  ['validate', ['validate', '-']],
];

const run = (argv: readonly string[], options: MainOptions) => runMain(argv, { stdin: LINES, ...options });

describe.each(COMMANDS)('%s', (_, argv) => {
  test('shows how far it is after a second, and wipes that away', async () => {
    clockThatPasses(1000);
    const { code, out, err } = await run(argv, { errIsTerminal: true });
    expect(code).toBe(0);
    expect(shown(err)).toMatch(PROGRESS);
    expect(shown(err)).toMatch(WIPED);
    expect(out).not.toContain(ANEW);
  });

  test('shows nothing of it before a second', async () => {
    clockThatPasses(0);
    expect((await run(argv, { errIsTerminal: true })).err).not.toContain('\r');
  });

  test('shows nothing of it where no terminal is', async () => {
    clockThatPasses(1000);
    expect((await run(argv, {})).err).not.toContain(ANEW);
  });
});

test('spans that are shown at the terminal as they come are not disturbed', async () => {
  clockThatPasses(1000);
  const { out, err } = await run(['replay', '-'], { errIsTerminal: true, columns: 80 });
  expect(out).toContain('turn 1');
  expect(err).not.toContain('\r');
});

test('send shows how far it is', async () => {
  const receiver = await startReceiver();
  const { out } = await runMain(['replay', '-q', '-e', 'otlp_file', SAMPLE]);
  clockThatPasses(1000);
  const { code, err } = await run(['send', '-', '--endpoint', receiver.url], {
    errIsTerminal: true,
    stdin: out,
  });
  await receiver.stop();
  expect([code, shown(err)]).toEqual([0, expect.stringMatching(PROGRESS)]);
});
