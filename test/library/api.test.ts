import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';
import { parse } from 'ndjson';
import {
  type AgentSpan,
  type Diagnostic,
  fromMetricExporter,
  fromSpanExporter,
  type Logs,
  otlpFile,
  ReplayError,
  replay,
  type SpanOptions,
  spans,
  console as terminal,
  toReadableSpan,
} from '../../src/index.ts';

const LOG = 'fixtures/seed/six-spans/input.ndjson';

/** The SDK's own in-memory exporter forgets its spans when it is shut down. */
class KeepingExporter implements SpanExporter {
  readonly kept: ReadableSpan[] = [];
  isShutDown = false;

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.kept.push(...spans);
    done({ code: 0 });
  }

  async shutdown(): Promise<void> {
    this.isShutDown = true;
  }
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hermes-otel-api-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function idsOf(logs: Logs, options?: SpanOptions): Promise<readonly string[]> {
  const found: AgentSpan[] = [];
  for await (const span of spans(logs, options)) found.push(span);
  return found.map(({ spanId }) => spanId).toSorted();
}

describe('spans()', () => {
  test('reads a path, paths, bytes, text and parsed objects alike', async () => {
    const expected = await idsOf(LOG);
    const text = readFileSync(LOG, 'utf8');
    async function* pieces(size: number) {
      for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
    }
    async function* bytes() {
      for await (const piece of pieces(100)) yield new Uint8Array(Buffer.from(piece));
    }
    expect(expected).toHaveLength(6);
    for (const logs of [
      [LOG],
      createReadStream(LOG),
      pieces(7),
      bytes(),
      createReadStream(LOG).pipe(parse()),
      [createReadStream(LOG).pipe(parse())],
    ]) {
      expect(await idsOf(logs)).toEqual(expected);
    }
  });

  test('several logs are merged by time', async () => {
    const other = 'fixtures/recordings/0.19.0/multi-turn-new-exit/flat.ndjson';
    const both = await idsOf([other, LOG]);
    expect(both).toEqual([...(await idsOf(LOG)), ...(await idsOf(other))].toSorted());
  });

  test('selects turns by a function', async () => {
    expect(await idsOf(LOG, { selectTurn: ({ model }) => model === 'no such model' })).toEqual([]);
  });
});

describe('the seam to the SDK', () => {
  test('an exporter of the SDK gets the spans that toReadableSpan makes', async () => {
    const exporter = new KeepingExporter();
    const { accounts } = await replay(LOG, {
      destinations: [fromSpanExporter(exporter)],
      conventions: ['gen-ai'],
    });
    expect(accounts).toMatchObject([{ destination: 'KeepingExporter', made: 6, accepted: 6 }]);
    const naming = { conventions: ['gen-ai'] } as const;
    const expected: ReadableSpan[] = [];
    for await (const span of spans(LOG)) expected.push(toReadableSpan(span, naming));
    const plain = (all: readonly ReadableSpan[]) =>
      all.map(({ name, attributes, startTime }) => ({ name, attributes, startTime }));
    expect(plain(exporter.kept)).toEqual(plain(expected));
    expect(expected.map(({ name }) => name)).toContain('chat claude-sonnet-4-6');
    expect(new Set(expected.map(({ resource }) => resource)).size).toBe(1);
  });

  test('a metric exporter of the SDK gets the points at log time', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const { accounts } = await replay(LOG, { destinations: [fromMetricExporter(exporter)] });
    const [{ made = 0, accepted = -1 } = {}] = accounts;
    expect(made).toBeGreaterThan(6);
    expect(accepted).toBe(made);
  });
});

test('a destination that cannot be opened: those before it are closed', async () => {
  const exporter = new KeepingExporter();
  const destinations = [fromSpanExporter(exporter), otlpFile(join(folder, 'no', 'such', 'folder.jsonl'))];
  await expect(replay(LOG, { destinations })).rejects.toThrow('cannot be written');
  expect(exporter.isShutDown).toBe(true);
});

describe('replay()', () => {
  test('without options makes the report alone', async () => {
    const report = await replay(LOG);
    expect(report).toMatchObject({ files: 1, lines: 12, errors: 0, accounts: [], budgets: [], live: false });
    expect(report.spans).toMatchObject({ session: 1, turn: 1, api_call: 2, tool_call: 2 });
    // Plain data: it survives JSON.
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ lines: 12 });
  });

  test('gives every destination every span, each with its own account', async () => {
    const file = join(folder, 'out.jsonl');
    let shown = '';
    const { accounts } = await replay(LOG, {
      destinations: [
        otlpFile(file, { metrics: false }),
        terminal((text) => {
          shown += text;
        }),
      ],
      resource: { 'service.name': 'mine' },
    });
    expect(accounts.map(({ made, accepted }) => [made, accepted])).toEqual([
      [6, 6],
      [6, 6],
    ]);
    expect(await readFile(file, 'utf8')).toContain('{"stringValue":"mine"}');
    expect(shown).toContain('turn 1');
  });

  test('calls back with each diagnostic, and waits for a slow one', async () => {
    const reported: Diagnostic[] = [];
    let waiting = 0;
    async function* lines() {
      for (let line = 0; line < 50; line += 1) yield 'no JSON\n';
    }
    const report = await replay(lines(), {
      on: {
        diagnostic: async (diagnostic) => {
          waiting += 1;
          await new Promise((resolve) => setTimeout(resolve, 1));
          reported.push(diagnostic);
          waiting -= 1;
        },
      },
    });
    expect([reported.length, waiting, report.account.malformed]).toEqual([50, 0, 50]);
  });

  test('shows its progress in one live object', async () => {
    const seen = new Set<object>();
    let lines = 0;
    await replay(LOG, {
      on: {
        progress: (now) => {
          seen.add(now);
          lines = now.report.lines;
        },
      },
    });
    expect([seen.size, lines]).toEqual([1, 12]);
  });

  test('an aborted signal ends an endless log, and what was read still leaves', async () => {
    const controller = new AbortController();
    async function* endless() {
      yield readFileSync(LOG, 'utf8');
      await new Promise(() => {});
    }
    const report = replay(endless(), {
      signal: controller.signal,
      on: {
        progress: ({ report: { lines } }) => {
          if (lines === 12) controller.abort();
        },
      },
    });
    expect(await report).toMatchObject({ lines: 12, live: true });
  });

  test('a budget is a value of the report', async () => {
    const { budgets } = await replay(LOG, { budgets: ['turns>0', 'errors>0'] });
    expect(budgets.map(({ broken }) => broken)).toEqual([true, false]);
  });

  test.each([
    ['unreadable-log', () => replay('no such file')],
    ['unreadable-log', () => replay(['fixtures', LOG])],
    ['invalid-option', () => replay(LOG, { budgets: ['moon>1'] })],
    ['invalid-option', () => replay(createReadStream(LOG), { timeShift: 'now' })],
    ['invalid-option', () => replay(createReadStream(LOG), { follow: {} })],
    ['unwritable-file', () => replay(LOG, { destinations: [otlpFile('/no/such/folder/out')] })],
    [
      'no-times',
      () =>
        replay(
          (async function* () {
            yield '{"event":"on_session_start","session_id":"s"}\n';
          })(),
        ),
    ],
  ])('rejects with a ReplayError: %s', async (code, run) => {
    const error = await run().then(
      () => undefined,
      (problem: unknown) => problem,
    );
    expect(error).toBeInstanceOf(ReplayError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(/\.$/) });
  });

  test('options that do not go together leave no lock behind', async () => {
    const directory = join(folder, 'checkpoint');
    const options = {
      follow: { checkpoint: { directory } },
      incremental: { directory, settleMillis: 0 },
    };
    await expect(replay(LOG, options)).rejects.toMatchObject({ code: 'invalid-option' });
    expect(await readdir(directory)).not.toContain('lock');
  });

  test('a file that cannot be written keeps the error behind it as its cause', async () => {
    const run = replay(LOG, { destinations: [otlpFile('/no/such/folder/out')] });
    await expect(run).rejects.toMatchObject({ cause: { code: 'ENOENT' } });
  });
});
