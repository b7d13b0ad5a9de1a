import { execFileSync, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import { type Behaviour, type Receiver, startReceiver } from '../export/receiver.ts';
import { runMain } from '../run-main.ts';

const LOG = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';
const SAMPLE = 'fixtures/seed/six-spans/input.ndjson';

const SCHEMA: AnySchemaObject = JSON.parse(await readFile('docs/schema/report.schema.json', 'utf8'));

/** As published, the schema leaves room for fields to come. Here it is closed: a field that it does not have fails. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in schema ? { additionalProperties: false, ...inner } : inner;
}

const ajv = new Ajv2020({ strict: true, allErrors: true }).addSchema(
  closed(SCHEMA) as AnySchemaObject,
  'report',
);

function problemsOf(value: unknown, schema = 'report') {
  const validate = ajv.getSchema(schema);
  if (validate === undefined) throw new Error(`there is no schema ${schema}`);
  validate(value);
  return validate.errors ?? [];
}

let folder: string;
let receiver: Receiver | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-report-'));
});
afterEach(async () => {
  await receiver?.stop();
  receiver = undefined;
  await rm(folder, { recursive: true });
});

async function otlp(behave: Behaviour): Promise<readonly string[]> {
  receiver = await startReceiver({ behave });
  return ['-e', 'otlp', '--endpoint', receiver.url, '--retry-for', '0s'];
}

async function broken(): Promise<string> {
  const path = join(folder, 'broken.ndjson');
  const good = await readFile(SAMPLE, 'utf8');
  await writeFile(path, `no JSON\n\n[]\n${good}{"hook": "no_such_hook", "ts": 1, "session_id": "s"}\n`);
  return path;
}

const refuses: Behaviour = ({ response, store }) => {
  store();
  response.writeHead(400).end();
};

const RUNS: readonly (readonly [
  claim: string,
  code: number,
  words: () => Promise<readonly string[]> | readonly string[],
  seen: object,
])[] = [
  ['a clean log', 0, () => [LOG, SAMPLE], { files: 2, errors: 0, account: { malformed: 0 } }],
  ['broken lines', 1, async () => ['--strict', await broken()], { account: { malformed: 2, blank: 1 } }],
  ['nothing', 0, () => [], { files: 0, lines: 0 }],
  [
    'a receiver that took everything',
    0,
    async () => [SAMPLE, ...(await otlp(({ accept }) => accept()))],
    { accounts: [{ made: 6, accepted: 6 }, { signal: 'metric points' }] },
  ],
  [
    'a receiver that refused',
    1,
    async () => [SAMPLE, ...(await otlp(refuses)), '--dead-letter', join(folder, 'dead.jsonl')],
    { accounts: [{ made: 6, failed: 6, deadLettered: 6 }, {}] },
  ],
  [
    'budgets broken, held and about nothing',
    1,
    () => [SAMPLE, ...['turns>0', 'errors>900', 'approval_p95>1s'].flatMap((one) => ['--fail-on', one])],
    { budgets: [{ broken: true }, { broken: false }, { broken: false }] },
  ],
];

describe('docs/schema/report.schema.json', () => {
  test.each(RUNS)('describes the report of %s', async (_, expected, words, seen) => {
    const file = join(folder, 'report.json');
    const { code } = await runMain(['replay', '-q', '--report', file, ...(await words())]);
    const report = JSON.parse(await readFile(file, 'utf8'));
    expect(problemsOf(report)).toEqual([]);
    expect(report).toMatchObject(seen);
    expect(code).toBe(expected);
  });

  test('a log without events has neither a first nor a last one', async () => {
    const file = join(folder, 'report.json');
    await runMain(['replay', '-q', '--report', file]);
    const report = JSON.parse(await readFile(file, 'utf8'));
    expect(report).not.toHaveProperty('firstEvent');
    expect(report).not.toHaveProperty('lastEvent');
  });

  test.each([
    ['a field that it does not know', { surprise: 1 }],
    ['a count below nothing', { lines: -1 }],
    ['a count that is missing', { lines: undefined }],
    ['a diagnostic without a code', { diagnostics: [{ severity: 'info', message: 'm' }] }],
  ])('refuses %s', async (_, change) => {
    const file = join(folder, 'report.json');
    await runMain(['replay', '-q', '--report', file, SAMPLE]);
    const report = JSON.parse(await readFile(file, 'utf8'));
    expect(problemsOf(JSON.parse(JSON.stringify({ ...report, ...change })))).not.toEqual([]);
  });

  test('gives every field a description', () => {
    const bare: string[] = [];
    const visit = (schema: unknown, at: string) => {
      if (typeof schema !== 'object' || schema === null) return;
      for (const [key, value] of Object.entries(schema)) {
        visit(value, `${at}/${key}`);
        const isField = at.endsWith('/properties') && !('description' in Object(value));
        if (isField) bare.push(`${at}/${key}`);
      }
    };
    visit(SCHEMA, '');
    expect(bare).toEqual([]);
  });
});

describe('--diagnostics', () => {
  test('writes every diagnostic, also those that the report has no room for', async () => {
    const many = join(folder, 'many.ndjson');
    await writeFile(many, '{broken\n'.repeat(2500) + (await readFile(SAMPLE, 'utf8')));
    const [file, report] = [join(folder, 'diagnostics.ndjson'), join(folder, 'report.json')];
    const { code } = await runMain(['replay', '-q', many, '--diagnostics', file, '--report', report]);
    const lines = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.flatMap((line) => problemsOf(line, 'report#/$defs/diagnostic'))).toEqual([]);
    expect(lines.map(({ at }) => at.line)).toEqual(Array.from({ length: 2500 }, (_, index) => index + 1));
    const { diagnostics, diagnosticCounts } = JSON.parse(await readFile(report, 'utf8'));
    expect([diagnostics.length, diagnosticCounts]).toEqual([1000, { [lines[0].code]: 2500 }]);
    expect(lines.slice(0, 1000)).toEqual(diagnostics);
    expect(code).toBe(0);
  });

  test('leaves an empty file when nothing was odd', async () => {
    const file = join(folder, 'diagnostics.ndjson');
    await runMain(['replay', '-q', SAMPLE, '--diagnostics', file]);
    expect(await readFile(file, 'utf8')).toBe('');
  });

  test('that cannot be written ends the run before it begins', async () => {
    const file = join(folder, 'nowhere', 'diagnostics.ndjson');
    const { code, err, out } = await runMain(['replay', SAMPLE, '--diagnostics', file]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^hermes-otel: --diagnostics: .*cannot be written: .+\.\n$/);
  });

  test('has what was found before the run was given up', async () => {
    const [log, file] = [join(folder, 'untimed.ndjson'), join(folder, 'diagnostics.ndjson')];
    await writeFile(log, '{broken\n{"hook_event_name": "on_session_start", "session_id": "s"}\n');
    expect((await runMain(['replay', log, '--diagnostics', file])).code).toBe(2);
    expect((await readFile(file, 'utf8')).split('\n')).toHaveLength(3);
  });

  test('that cannot hold more ends the run', async () => {
    const log = join(folder, 'many.ndjson');
    await writeFile(log, '{broken\n'.repeat(5000));
    const { code, err } = await runMain(['replay', log, '--diagnostics', '/dev/full']);
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/^hermes-otel: --diagnostics: \/dev\/full cannot be written: .+\.\n$/),
    ]);
  });

  test('waits for a reader that is slow', async () => {
    const [log, fifo] = [join(folder, 'many.ndjson'), join(folder, 'fifo')];
    await writeFile(log, '{broken\n'.repeat(20_000));
    execFileSync('mkfifo', [fifo]);
    const reader = await open(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
    let ended = false;
    const run = runMain(['replay', '-q', log, '--diagnostics', fifo]).finally(() => {
      ended = true;
    });
    await sleep(500);
    expect(ended).toBe(false);
    const cat = spawn('cat', { stdio: [reader.fd, 'pipe', 'inherit'] });
    await reader.close();
    expect((await text(cat.stdout ?? Readable.from([]))).split('\n')).toHaveLength(20_001);
    expect((await run).code).toBe(1);
  });
});
