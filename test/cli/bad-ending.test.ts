import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { runMain } from '../run-main.ts';

// A run that accounts for every line may still have been of no use: then it says why, with exit code 1, also with -q.

const SAMPLE = `${sampleLog('20261120_120000_abc123', epochMicros(Date.UTC(2026, 10, 20, 12) * 1000)).join('\n')}\n`;
const CUT = SAMPLE.slice(0, -30);
const NO_EVENT = 'no line is a hook event';
const FILTERED = 'the filters leave out all of the log';
const EMPTY = 'nothing was read: the log is empty';
const PRODUCER = 'its producer may have failed';

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-ending-'));
  writeFileSync(at('page'), '<html>\n</html>\n');
  writeFileSync(at('json'), '{"level":"info"}\n[1,2]\n');
  writeFileSync(at('empty'), '\n\n');
  writeFileSync(at('sample'), SAMPLE);
  writeFileSync(at('cut'), CUT);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each<
  [name: string, argv: readonly string[], stdin: string | Buffer | undefined, reason: string | undefined]
>([
  ['a page that is no log', ['replay', '-q', 'page'], undefined, NO_EVENT],
  ['a log of something else', ['replay', '-q', 'json'], undefined, NO_EVENT],
  ['the same in view', ['view', 'page'], undefined, NO_EVENT],
  ['the same in validate', ['validate', 'page'], undefined, NO_EVENT],
  ['an empty log', ['replay', '-q', 'empty'], undefined, undefined],
  ['an empty log with --strict', ['replay', '-q', 'empty', '--strict'], undefined, EMPTY],
  ['an empty pipe', ['replay', '-q', '-'], '', undefined],
  ['an empty pipe with --strict', ['replay', '-q', '-', '--strict'], '', EMPTY],
  ['the same in validate', ['validate', '-', '--strict'], '', EMPTY],
  ['filters that select something', ['replay', '-q', 'sample', '--session', '2026'], undefined, undefined],
  ['filters that select nothing', ['replay', '-q', 'sample', '--session', 'nope'], undefined, FILTERED],
  ['the same in view', ['view', 'sample', '--session', 'nope'], undefined, FILTERED],
  ['a log that is cut: its writer was killed', ['replay', '-q', 'cut'], undefined, undefined],
  ['a pipe that ends in its last line, which is whole', ['replay', '-q', '-'], SAMPLE.trimEnd(), undefined],
  ['a pipe that ends inside a line', ['replay', '-q', '-'], CUT, PRODUCER],
  [
    'a pipe that ends inside its gzip data',
    ['replay', '-q', '-'],
    gzipSync(SAMPLE).subarray(0, -40),
    PRODUCER,
  ],
])('%s', async (_name, argv, stdin, reason) => {
  const args = argv.map((word) =>
    ['page', 'json', 'empty', 'sample', 'cut'].includes(word) ? at(word) : word,
  );
  const { code, err } = await runMain(
    args,
    stdin === undefined ? {} : { stdin: Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]) },
  );
  expect({ code, err }).toEqual({
    code: reason === undefined ? 0 : 1,
    err:
      reason === undefined ? expect.not.stringContaining('hermes-otel: ') : expect.stringContaining(reason),
  });
});
