import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { startReceiver } from '../export/receiver.ts';
import { type MainOptions, runMain } from '../run-main.ts';

const SAMPLE = 'fixtures/seed/six-spans/input.ndjson';
const [first = '', ...rest] = (await readFile(SAMPLE, 'utf8')).split(/(?<=\n)/);

/** The sample, its last lines so late that people begin to wonder. */
function slowly(lines: readonly string[]): Readable {
  async function* late() {
    yield Buffer.from(lines[0] ?? '');
    await sleep(1200);
    yield Buffer.from(lines.slice(1).join(''));
    // A followed log is told as silence after a while; the rest must be taken in before the end.
    await sleep(50);
  }
  return Readable.from(late());
}

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

const run = (argv: readonly string[], options: MainOptions, lines = [first, ...rest]) =>
  runMain(argv, { stdin: slowly(lines), ...options });

describe.each(COMMANDS)('%s', (_, argv) => {
  test('tells how far it is after a second, and wipes that away', async () => {
    const { code, out, err } = await run(argv, { errIsTerminal: true });
    expect(code).toBe(0);
    expect(shown(err)).toMatch(PROGRESS);
    expect(shown(err)).toMatch(WIPED);
    expect(out).not.toContain(ANEW);
  });

  test('tells nothing of it where no terminal is', async () => {
    expect((await run(argv, {})).err).not.toContain(ANEW);
  });
});

test('a short run tells nothing of it', async () => {
  const { err } = await runMain(['view', SAMPLE], { errIsTerminal: true });
  expect(err).not.toContain('\r');
});

test('spans that are shown at the terminal as they come are not disturbed', async () => {
  const { err } = await run(['replay', '-'], { errIsTerminal: true, columns: 80 });
  expect(err).not.toContain('\r');
});

test('send tells how far it is', async () => {
  const receiver = await startReceiver();
  const { out } = await runMain(['replay', '-q', '-e', 'otlp_file', SAMPLE]);
  const { code, err } = await run(
    ['send', '-', '--endpoint', receiver.url],
    { errIsTerminal: true },
    out.split(/(?<=\n)/),
  );
  await receiver.stop();
  expect([code, shown(err)]).toEqual([0, expect.stringMatching(PROGRESS)]);
});
