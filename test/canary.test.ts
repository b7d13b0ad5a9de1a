/** No output contains a secret: every form, in every field of every hook, in every output, with and without content. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FIELDS } from '../src/parse/inspect-line.ts';
import { startReceiver } from './export/receiver.ts';
import { FORMS, LEAK } from './model/secret-forms.ts';
import { runMain } from './run-main.ts';

/** Every third form, so that it takes seconds; `test/model/redact.test.ts` has all of them. */
const CANARIES = Object.entries(FORMS).filter((_, index) => index % 3 === 0);

const START = 1_796_040_000;

/** Ids by which events are paired. A secret as an id makes no trace that could be looked at. */
const PAIRING =
  /^(?:session|task|turn|api_request|tool_call|child_session|parent_session|parent_turn|(?:old|new)_session)_id$|^(?:iteration|api_call_count)$/;

/** A session in which every field that is no id has the secret: as text, as JSON in a text, and within a structure. */
function sessionWith(name: string, secret: string, at: number): readonly string[] {
  const ids = {
    session_id: `s-${name}`,
    task_id: `s-${name}`,
    turn_id: `t-${name}`,
    api_request_id: `a-${name}`,
    tool_call_id: `c-${name}`,
    child_session_id: `child-${name}`,
    api_call_count: 1,
    iteration: 1,
  };
  const structured: Readonly<Record<string, unknown>> = {
    error: { type: secret, message: `failed: ${secret}`, code: secret },
    args: { command: secret, password: 'CANARYhunter2', nested: { body: JSON.stringify({ api: secret }) } },
    request: { method: 'POST', body: { messages: [{ role: 'user', content: secret }], system: secret } },
    response: {
      id: secret,
      assistant_message: { role: 'assistant', content: [{ type: 'text', text: secret }] },
    },
    usage: { input_tokens: 10, output_tokens: 2, note: secret },
    pattern_keys: [secret],
    request_messages: [{ role: 'user', content: secret }],
    started_at: at + 1,
    ended_at: at + 2,
    duration_ms: 5,
  };
  const hooks = Object.entries<string | undefined>(FIELDS);
  const order = (hook: string) =>
    hook.includes('start') || hook.startsWith('pre_') ? 0 : hook.includes('finalize') ? 2 : 1;
  return hooks
    .toSorted(([a], [b]) => order(a) - order(b))
    .map(([hook, fields = 'session_id turn_id text reason summary'], index) => {
      const values = fields
        .split(' ')
        .filter((field) => !PAIRING.test(field))
        .map((field) => [field, structured[field] ?? secret]);
      return JSON.stringify({
        ts: at + index / 100,
        event: hook,
        telemetry_schema_version: 'hermes.observer.v1',
        ...ids,
        ...Object.fromEntries(values),
        ...(hook === 'api_request_error' && { api_request_id: `b-${name}` }),
        ...(hook === 'post_tool_call' && { status: 'error' }),
      });
    });
}

/** Lines from which no event can be read, and hooks that are not known. */
const oddLines = (secret: string) => [
  `${secret} is no JSON`,
  JSON.stringify({ ts: START, event: secret, session_id: 's-odd', note: secret }),
  JSON.stringify({ ts: START, event: 'pre_llm_call', session_id: 's-odd', [`field ${secret}`]: 1 }),
  JSON.stringify({ event: 'pre_llm_call', session_id: 's-odd', model: secret }),
];

let folder: string;
let log: string;
let cut: string;
const file = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hermes-otel-canary-'));
  const sessions = CANARIES.map(([name, secret], index) => sessionWith(name, secret, START + index));
  log = file('log.ndjson');
  writeFileSync(
    log,
    [...sessions.flat(), ...CANARIES.flatMap(([, secret]) => oddLines(secret)), ''].join('\n'),
  );
  // Open sessions, of which a checkpoint has to keep everything.
  cut = file('cut.ndjson');
  const open = sessions.flatMap((lines) =>
    lines.filter((line) => !/"event":"(?:post_|on_session_[ef])/.test(line)),
  );
  writeFileSync(cut, `${open.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Fails with the first leak and what stands around it. */
function expectClean(what: string, text: string, leastLength = 1): void {
  expect([what, text.length >= leastLength]).toEqual([what, true]);
  const at = text.search(LEAK);
  const found = at < 0 ? undefined : text.slice(Math.max(0, at - 120), at + 60);
  expect([what, found]).toEqual([what, undefined]);
}

async function expectCleanRun(argv: readonly string[], leastLength: number, files: readonly string[] = []) {
  const { out, err } = await runMain(argv, { env: { HOME: folder } });
  expectClean(`${argv.join(' ')}: standard output`, out, leastLength);
  expectClean(`${argv.join(' ')}: standard error`, err, 0);
  for (const name of files) expectClean(`${argv.join(' ')}: ${name}`, readFileSync(file(name), 'utf8'));
}

test('there are at least sixty forms, and the log has them all', () => {
  expect(CANARIES.length).toBeGreaterThanOrEqual(60);
  expect(readFileSync(log, 'utf8').match(new RegExp(LEAK, 'g'))?.length).toBeGreaterThan(5000);
});

describe.each([
  ['without content', []],
  ['with content', ['--capture-content']],
])('%s', (_name, content) => {
  test.each([
    ['the console', ['-e', 'console'], 10_000],
    ['OTLP/JSON', ['-e', 'otlp_file', '-q'], 100_000],
    [
      'OTLP/JSON under all names',
      ['-e', 'otlp_file', '-q', '--conventions', 'hermes,gen-ai,openinference'],
      100_000,
    ],
    ['OTLP/JSON with a trace for each turn', ['-e', 'otlp_file', '-q', '--trace-per', 'turn'], 100_000],
    ['OpenMetrics', ['-e', 'openmetrics', '-q'], 1000],
    ['the summary', ['--summary', 'markdown', '--fail-on', 'errors>0', '--no-traces'], 100],
  ])('replay: %s', async (_output, flags, leastLength) => {
    const files = ['--report', file('report.json'), '--diagnostics', file('diagnostics.ndjson')];
    await expectCleanRun(['replay', log, ...flags, ...content, ...files], leastLength, [
      'report.json',
      'diagnostics.ndjson',
    ]);
  });

  test('replay: requests and the dead letter', async () => {
    const refused = await startReceiver({ behave: ({ response }) => response.writeHead(400).end('no') });
    const receiver = await startReceiver({});
    for (const { url } of [refused, receiver]) {
      const deadLetter = ['--dead-letter', file('dead.jsonl')];
      await expectCleanRun(['replay', log, '-e', 'otlp', '--endpoint', url, ...content, ...deadLetter], 0);
    }
    expect(receiver.requests.length).toBeGreaterThan(1);
    for (const { path, body } of [...receiver.requests, ...refused.requests])
      expectClean(path, body.toString('latin1'));
    expectClean('dead letter', readFileSync(file('dead.jsonl'), 'utf8'), 100_000);
    await Promise.all([refused.stop(), receiver.stop()]);
  });

  test.each(['text', 'markdown', 'json'])('view: %s', async (format) => {
    await expectCleanRun(['view', log, '--format', format, ...content], 10_000);
  });

  test('view: the page and the trace for Perfetto', async () => {
    await expectCleanRun(['view', log, '--html', file('page.html'), ...content], 0, ['page.html']);
    await expectCleanRun(['view', log, '--perfetto', file('trace.json'), ...content], 0, ['trace.json']);
  });

  test('follow: the checkpoint', async () => {
    const listeners = new Map<string, () => void>();
    const directory = file(`checkpoint${content.length}`);
    const lines = readFileSync(cut, 'utf8').split('\n').length - 1;
    const follow = ['replay', '--follow', cut, '--checkpoint', directory, '--stats-interval', '50ms'];
    const running = runMain([...follow, '-e', 'otlp_file', '-o', file('out.jsonl'), ...content], {
      onSignal: (name, listener) => listeners.set(name, listener),
      // It writes a checkpoint when it ends.
      onError: (text) => {
        if (text.includes(`lines=${lines}`)) listeners.get('SIGTERM')?.();
      },
    });
    const path = join(directory, 'checkpoint.json');
    const { err } = await running;
    expectClean('standard error', err, 0);
    expect(readFileSync(path, 'utf8').length).toBeGreaterThan(100_000);
    for (const name of readdirSync(directory))
      expectClean(name, readFileSync(join(directory, name), 'utf8'), 0);
    expect(readFileSync(path, 'utf8')).toContain('[redacted]');
    expectClean('out.jsonl', readFileSync(file('out.jsonl'), 'utf8'), 0);
  });
});

test.each([
  ['validate', ['validate']],
  ['validate as JSON', ['validate', '--format', 'json']],
  ['diff', ['diff']],
  ['diff as JSON', ['diff', '--format', 'json']],
  ['doctor', ['doctor']],
])('%s', async (_name, argv) => {
  await expectCleanRun([...argv, ...(argv[0] === 'diff' ? [log, cut] : [log])], 100);
});
