import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { runMain } from '../run-main.ts';

const RECORDINGS = 'fixtures/recordings';
const LOG = `${RECORDINGS}/0.19.0/multi-turn-new-exit/flat.ndjson`;
const SAMPLE = 'fixtures/seed/six-spans/input.ndjson';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-cli-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The spans of a run, by way of the file exporter. */
async function spansOf(
  ...argv: string[]
): Promise<
  { name: string; traceId: string; spanId: string; attributes: { key: string; value: object }[] }[]
> {
  const { out } = await runMain(['replay', '-q', '-e', 'otlp_file', '--no-metrics', ...argv]);
  return out
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => JSON.parse(line).resourceSpans)
    .flatMap((resource) => resource.scopeSpans)
    .flatMap((scope) => scope.spans);
}

describe('what it prints', () => {
  test("the live plugin's own test: six spans, its seven metrics and the cost", async () => {
    const { code, err } = await runMain(['replay', SAMPLE]);
    expect(err).toBe(
      'replayed 12 events from 1 file: 1 session, 1 turn, 2 calls, 2 tools → 6 spans, 8 metrics; cost $0.0083\n',
    );
    expect(code).toBe(0);
  });

  test('piped standard input is a log too', async () => {
    const { out, err } = await runMain(['replay'], { stdin: await readFile(SAMPLE, 'utf8') });
    expect(out).toContain('turn 1');
    expect(err).toContain('12 events from standard input');
  });

  test('--no-cost leaves out all costs, also those that the log itself has', async () => {
    const session_id = '20260415_101500_a1b2c3';
    const sums = { ts: 1776240903.25, event: 'session_totals', session_id, cost: { estimated_usd: 0.5 } };
    const text = await readFile(SAMPLE, 'utf8');
    const log = await file(
      'costs.ndjson',
      `${text.replace('"usage": {', '"cost": 3, $&')}${JSON.stringify(sums)}\n`,
    );
    const report = join(folder, 'report.json');
    const costs = async (...flags: string[]) => {
      const { out } = await runMain(['replay', '-e', 'otlp_file', '--report', report, log, ...flags]);
      const { cost, figures } = JSON.parse(await readFile(report, 'utf8'));
      return [cost.usd > 0, figures.cost > 0, /cost/.test(out)];
    };
    expect(await costs()).toEqual([true, true, true]);
    expect(await costs('--no-cost')).toEqual([false, false, false]);
    const { out } = await runMain(['view', '--no-cost', '--format', 'json', log]);
    expect(out).not.toMatch(/cost/i);
  });

  test('--quiet leaves standard error empty', async () => {
    expect((await runMain(['replay', SAMPLE, '-q'])).err).toBe('');
  });

  test.each([
    ['a pipe is plain', {}, false],
    ['a terminal is painted', { columns: 100 }, true],
    ['NO_COLOR is respected', { columns: 100, env: { NO_COLOR: '1' } }, false],
    ['FORCE_COLOR paints a pipe', { env: { FORCE_COLOR: '1' } }, true],
  ])('%s', async (_name, options, painted) => {
    const { out } = await runMain(['replay', `${RECORDINGS}/0.19.0/tool-errors/flat.ndjson`], options);
    expect(out.includes('\u001b[')).toBe(painted);
  });

  test('a flag beats NO_COLOR', async () => {
    const { out } = await runMain(['replay', SAMPLE, '--color'], { env: { NO_COLOR: '1' } });
    expect(out).toContain('\u001b[');
  });

  test('text from the log cannot reach the terminal as an escape sequence', async () => {
    const log = (await readFile(SAMPLE, 'utf8')).replaceAll('read_file', 'x\\u001b]0;pwned\\u0007\\u001b[2J');
    const { out, err } = await runMain(['replay', await file('evil.ndjson', log)]);
    expect(out + err).not.toMatch(/[^\P{Cc}\n]/u);
    expect(out).toContain('pwned');
  });
});

describe('which setting wins', () => {
  test.each([
    ['the default is console', [], {}, 'turn 1'],
    ['a variable beats the default', [], { HERMES_OTEL_EXPORTER: 'otlp_file' }, '{"resourceSpans"'],
    ['a flag beats the variable', ['-e', 'console'], { HERMES_OTEL_EXPORTER: 'otlp_file' }, 'turn 1'],
    ['an empty variable is none', [], { HERMES_OTEL_EXPORTER: '' }, 'turn 1'],
  ])('%s', async (_name, flags, env, expected) => {
    expect((await runMain(['replay', SAMPLE, ...flags], { env })).out).toContain(expected);
  });

  test.each([
    ['hermes-agent unless set', [], {}, 'hermes-agent'],
    ['OTEL_SERVICE_NAME', [], { OTEL_SERVICE_NAME: 'a' }, 'a'],
    ['--service-name', ['--service-name', 'b'], { OTEL_SERVICE_NAME: 'a' }, 'b'],
    ['a resource attribute', [], { OTEL_RESOURCE_ATTRIBUTES: 'service.name=c%20d' }, 'c d'],
    [
      'OTEL_SERVICE_NAME over a resource attribute',
      [],
      { OTEL_SERVICE_NAME: 'a', OTEL_RESOURCE_ATTRIBUTES: 'service.name=c' },
      'a',
    ],
    [
      '--resource over the variable',
      ['--resource', 'service.name=e'],
      { OTEL_RESOURCE_ATTRIBUTES: 'service.name=c' },
      'e',
    ],
  ])('service.name: %s', async (_name, flags, env, expected) => {
    const { out } = await runMain(['replay', SAMPLE, '-e', 'otlp_file', ...flags], { env });
    const [resource] = JSON.parse(out.split('\n')[0] ?? '').resourceSpans;
    expect(resource.resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: expected },
    });
  });

  test('HERMES_OTEL_ENABLED=false does nothing, and says so', async () => {
    const { code, out, err } = await runMain(['replay', SAMPLE], { env: { HERMES_OTEL_ENABLED: 'No' } });
    expect({ code, out, err }).toEqual({
      code: 0,
      out: '',
      err: 'hermes-otel: HERMES_OTEL_ENABLED is false: nothing was done.\n',
    });
  });

  test('content is off unless asked for', async () => {
    const plain = JSON.stringify(await spansOf(SAMPLE));
    const captured = JSON.stringify(await spansOf(SAMPLE, '--capture-content'));
    expect(plain).not.toContain('What is in this folder?');
    expect(captured).toContain('What is in this folder?');
  });
});

describe('bad input costs nothing else', () => {
  const line = '{"ts": 1795000000, "event": "on_session_start", "session_id": "s"}';
  test.each([
    ['not JSON', 'oops', 'malformed'],
    ['an array', '[1, 2]', 'malformed'],
    ['a number', '42', 'malformed'],
    ['no event name', '{"ts": 1795000000, "session_id": "s"}', 'malformed'],
    ['NUL bytes', '\0\0\0', 'malformed'],
    ['deep nesting', `${'['.repeat(100_000)}`, 'malformed'],
    ['no time', '{"event": "pre_llm_call", "session_id": "s"}', 'untimed'],
    ['an unknown hook', '{"ts": 1795000000, "event": "on_moon_rise", "session_id": "s"}', 'unknown'],
    ['no session', '{"ts": 1795000000, "event": "pre_llm_call"}', 'unplaced'],
    ['a blank line', '   ', 'blank'],
    [
      'a test payload',
      '{"ts": 1795000000, "hook_event_name": "on_session_start", "session_id": "test-session", "extra": {}}',
      'test',
    ],
  ])('%s', async (_name, bad, kind) => {
    const log = await file('log.ndjson', `${line}\n${bad}\n`);
    const path = join(folder, 'report.json');
    const { code } = await runMain(['replay', log, '-q', '--report', path]);
    const report = JSON.parse(await readFile(path, 'utf8'));
    expect(code).toBe(0);
    expect(report.account).toMatchObject({ [kind]: 1, mapped: 1 });
    expect(report.lines).toBe(2);
    if (!['blank', 'test'].includes(kind))
      expect(report.diagnostics).toContainEqual(expect.objectContaining({ at: { source: log, line: 2 } }));
    const strict = await runMain(['replay', log, '-q', '--strict']);
    expect(strict.code).toBe(['malformed', 'untimed', 'unplaced'].includes(kind) ? 1 : 0);
  });

  test('the summary names the line, also on one line per run', async () => {
    const log = await file('log.ndjson', `${line}\nnot json\n`);
    const { err } = await runMain(['replay', log]);
    expect(err).toContain('1 line skipped (line 2: ');
  });

  test('a file that is no log of hooks at all is asked about', async () => {
    const asked = 'no line is a hook event: is it a log of Hermes hooks?';
    expect((await runMain(['replay', await file('page.html', '<html>\n</html>\n')])).err).toContain(asked);
    expect((await runMain(['replay', await file('log.ndjson', `${line}\nno\n`)])).err).not.toContain(asked);
    expect((await runMain(['replay', await file('empty.ndjson', '')])).err).not.toContain(asked);
  });

  test('a byte order mark, CRLF and invalid UTF-8 do not cost the line', async () => {
    const sample = await readFile(SAMPLE);
    const crlf = Buffer.from(`\uFEFF${sample.toString('utf8').replaceAll('\n', '\r\n')}`);
    const { out: expected } = await runMain(['replay', SAMPLE]);
    expect((await runMain(['replay', await file('crlf.ndjson', crlf)])).out).toBe(expected);
    const bad = Buffer.from(sample.toString('latin1').replace('in this folder', 'in \xff folder'), 'latin1');
    expect((await runMain(['replay', await file('bad.ndjson', bad)])).out).toBe(expected);
  });

  test('a log without any time is refused, unless times are assumed', async () => {
    const log = await file(
      'untimed.ndjson',
      (await readFile(SAMPLE, 'utf8')).replaceAll(/"ts": [\d.]+, /g, ''),
    );
    const refused = await runMain(['replay', log]);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(
      /^hermes-otel: No line of this log has a time.*hermes-otel init.*--assume-times\.\n$/,
    );
    const spans = await spansOf(log, '--assume-times');
    expect(spans).toHaveLength(6);
    for (const span of spans)
      expect(span.attributes).toContainEqual({ key: 'hermes.time.synthetic', value: { boolValue: true } });
  });
});

describe('what it cannot start with', () => {
  test.each([
    ['a missing file', ['replay', 'no-such.ndjson'], /There is no file "no-such.ndjson"/],
    ['a folder without files', ['replay', 'fixtures/recordings/0.19.0'], /There is no file in "fixtures/],
    [
      'an unknown exporter',
      ['replay', SAMPLE, '-e', 'otpl'],
      /-e otpl is not a built-in exporter and not an installed package: npm install otpl/,
    ],
    [
      'a bad number',
      ['HERMES_OTEL_CONCURRENCY=0', 'replay', SAMPLE],
      /HERMES_OTEL_CONCURRENCY takes a whole number/,
    ],
    ['a bad time', ['replay', SAMPLE, '--idle-timeout', 'soon'], /--idle-timeout takes a time such as 30s/],
    ['a bad moment', ['replay', SAMPLE, '--since', '2026-99-99'], /--since takes a time/],
    ['a day that no month has', ['replay', SAMPLE, '--since', '2026-02-30'], /--since takes a time/],
    ['a bad URL', ['replay', SAMPLE, '-e', 'otlp', '--endpoint', 'not a url'], /--endpoint/],
    [
      'a bad pair',
      ['replay', SAMPLE, '-e', 'otlp_file', '--resource', 'nokey'],
      /--resource takes key=value/,
    ],
    [
      'a file that cannot be written',
      ['replay', SAMPLE, '-e', 'otlp_file', '-o', '/no/such/folder/x'],
      /\/no\/such\/folder\/x cannot be written: no such file or directory/,
    ],
    ['an unknown flag', ['replay', SAMPLE, '--strickt'], /unknown option '--strickt'[\s\S]*--strict/],
    ['an unknown command', ['repaly'], /unknown command 'repaly'[\s\S]*replay/],
  ])('%s: one sentence, exit 2', async (_name, argv, sentence) => {
    const { code, out, err } = await runMain(argv);
    expect(code).toBe(2);
    expect(err).toMatch(sentence);
    expect(out).toBe('');
    expect(err).not.toContain('    at ');
  });
});

describe('filters keep trees whole', () => {
  const both = `${RECORDINGS}/0.19.0/interleaved/flat.ndjson`;
  const idOf = (span: { attributes: { key: string; value: object }[] }) =>
    span.attributes.find(({ key }) => key === 'hermes.session.id')?.value;

  test('--session takes a prefix', async () => {
    const all = await spansOf(both);
    const [first] = new Set(all.map((span) => JSON.stringify(idOf(span))));
    const id: string = JSON.parse(first ?? '').stringValue;
    const some = await spansOf(both, '--session', id.slice(0, -2));
    expect(new Set(some.map(({ traceId }) => traceId)).size).toBe(1);
    expect(some).toEqual(expect.arrayContaining(all.filter((span) => JSON.stringify(idOf(span)) === first)));
  });

  test.each([
    ['--platform', 'telegram', 0],
    ['--platform', 'cli', 13],
    ['--model', 'other', 0],
    ['--model', 'fake-model-1', 13],
    ['--since', '2026-11-23T00:00:00Z', 13],
    ['--until', '2026-11-23', 0],
    ['--since', '2026-11', 13],
    ['--since', '1970-01-01', 13],
  ])('%s %s', async (flag, value, count) => {
    expect(await spansOf(LOG, flag, value)).toHaveLength(count);
  });

  test('a turn leaves with all that is in it', async () => {
    const spans = await spansOf(LOG, '--until', '2026-11-23T08:15:40Z');
    const ids = new Set(spans.map(({ spanId }) => spanId));
    expect(spans.length).toBeGreaterThan(0);
    expect(spans.length).toBeLessThan(13);
    for (const span of spans) {
      const { parentSpanId } = span as { parentSpanId?: string };
      if (parentSpanId) expect(ids).toContain(parentSpanId);
    }
  });
});

test('several files are one log, whatever their order', async () => {
  const lines = (await readFile(LOG, 'utf8')).split('\n');
  const head = await file('a.ndjson', `${lines.slice(0, 17).join('\n')}\n`);
  const tail = await file('b.ndjson', lines.slice(17).join('\n'));
  const whole = await spansOf(LOG);
  expect(await spansOf(head, tail)).toEqual(whole);
  expect(await spansOf(tail, head)).toEqual(whole);
});

test('--trace-per turn keeps the span ids, and links each turn to the one before', async () => {
  const bySession = await spansOf(LOG);
  const byTurn = (await spansOf(LOG, '--trace-per', 'turn')) as ({ links?: unknown[] } & {
    spanId: string;
    traceId: string;
  })[];
  const sessionless = bySession.filter(({ name }) => name !== 'hermes.session');
  expect(byTurn.map(({ spanId }) => spanId).toSorted()).toEqual(
    sessionless.map(({ spanId }) => spanId).toSorted(),
  );
  expect(new Set(byTurn.map(({ traceId }) => traceId)).size).toBe(4);
  expect(byTurn.filter(({ links }) => (links ?? []).length > 0)).toHaveLength(2);
});

describe('old logs', () => {
  const started = (spans: readonly object[]) =>
    spans.map((span) => (span as { startTimeUnixNano: string }).startTimeUnixNano);

  test('--time-shift moves the whole log rigidly, and keeps when it really began', async () => {
    const [still, moved] = [await spansOf(SAMPLE), await spansOf(SAMPLE, '--time-shift', '-2h')];
    const away = started(still).map((time) => String(BigInt(time) - 7_200_000_000_000n));
    expect(started(moved)).toEqual(away);
    expect(moved.map(({ spanId }) => spanId)).toEqual(still.map(({ spanId }) => spanId));
    const kept = moved.map(
      ({ attributes }) => attributes.find(({ key }) => key === 'hermes.time.original_start')?.value,
    );
    expect(kept).toContainEqual({ stringValue: '2026-04-15T08:15:00.000Z' });
  });

  test('--time-shift now ends the log now', async () => {
    const before = Date.now() * 1e6;
    const times = started(await spansOf(SAMPLE, '--time-shift', 'now')).map(Number);
    expect(Math.min(...times)).toBeGreaterThan(before - 60e9);
    expect(Math.max(...times)).toBeLessThanOrEqual(Date.now() * 1e6);
  });
});

test('without a reorder window metrics have the same times', async () => {
  const log = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';
  const points = async (...flags: readonly string[]) =>
    (await runMain(['replay', log, '-e', 'otlp_file', '--no-traces', ...flags])).out;
  expect(await points('--reorder-window', '0')).toBe(await points());
});

describe('budgets', () => {
  test.each([
    ['errors>0', 0],
    ['turn_p95>60s', 0],
    ['turn_p95>1s', 1],
    ['tokens>100000', 0],
    ['tokens>100', 1],
  ])('--fail-on %s: exit %i', async (budget, code) => {
    const result = await runMain(['replay', SAMPLE, '--fail-on', budget]);
    expect(result.code).toBe(code);
    expect(result.err.includes(`budget ${budget} is broken`)).toBe(code === 1);
  });

  test.each([
    ['error_rate>5%', 0],
    ['cost>0.01', 0],
    ['cost>$0.008', 1],
    ['tool:terminal max>1ms', 1],
    ['tool:no_such errors>0', 0],
    ['model:claude-sonnet-4-6 tokens>100', 1],
  ])('--fail-on "%s": exit %i, also as JUnit in a file', async (budget, code) => {
    const file = join(await mkdtemp(join(tmpdir(), 'budget-')), 'budgets.xml');
    const flags = ['--fail-on', budget, '--summary', 'junit', '--summary-file', file];
    const result = await runMain(['replay', SAMPLE, ...flags]);
    expect(result.code).toBe(code);
    expect((await readFile(file, 'utf8')).includes('<failure')).toBe(code === 1);
  });

  test('--summary github annotates on standard output, where a log cannot', async () => {
    const to = ['-e', 'otlp_file', '-o', '/dev/null'];
    const { out } = await runMain(['replay', SAMPLE, ...to, '--fail-on', 'turns>0', '--summary', 'github']);
    expect(out).toMatch(/^::error title=Budget turns>0::budget turns>0 is broken: turns is \d+\n$/);
  });

  test('a change against a baseline is refused', async () => {
    const { code, err } = await runMain(['replay', SAMPLE, '--fail-on', 'tokens>+20%']);
    expect([code, err]).toEqual([2, expect.stringContaining('only "diff" compares two logs')]);
  });

  test('a budget that is none is refused', async () => {
    const { code, err } = await runMain(['replay', SAMPLE, '--fail-on', 'moon>1']);
    expect(code).toBe(2);
    expect(err).toMatch(/--fail-on: .*moon/);
  });
});

test('--profile keeps the turns of one profile of a gateway', async () => {
  const log = 'fixtures/catalogue/facts/profiles-of-one-gateway/input.ndjson';
  const spans = await spansOf(log, '--profile', 'work');
  expect(new Set(spans.map((span) => JSON.stringify(span).includes('aaaaaaa0')))).toEqual(new Set([true]));
  expect(spans).toHaveLength(3);
});

test('--timezone that does not exist is an error with the next step', async () => {
  const { code, err } = await runMain(['replay', SAMPLE, '--timezone', 'Mars/Olympus']);
  expect([code, err]).toEqual([2, expect.stringMatching(/no time zone "Mars\/Olympus".*Europe\/Berlin/)]);
});
