import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { traceIdOf } from '../../src/reconstruct/ids.ts';
import { sampleLog } from '../../src/sample/sample-log.ts';
import { DOLLARS, LOG, sum, USED } from '../receivers/every-usage.ts';
import { decode, eventually } from './otlp.ts';
import { provideChromium, withPage } from './receivers/chromium.ts';
import { type Phoenix, providePhoenix, startPhoenix } from './receivers/phoenix.ts';
import { fileOf, hermesOtel, recordings, replayed } from './replay.ts';
import { describeReceiver, testWith } from './with-receivers.ts';

const program = await providePhoenix();
const chromium = await provideChromium();

interface PhoenixSpan {
  readonly name: string;
  readonly span_kind: string;
  readonly parent_id: string | null;
  readonly context: { readonly trace_id: string; readonly span_id: string };
  readonly start_time: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** The value of an attribute in OTLP/JSON; whole numbers as numbers. */
function attribute(list: unknown, key: string): unknown {
  const found = (Array.isArray(list) ? list : []).find((each) => each.key === key)?.value;
  return found?.intValue === undefined ? found?.stringValue : Number(found.intValue);
}

describeReceiver('Phoenix', [program], (folder = '') => {
  let phoenix: Phoenix;
  const end = epochMicros(Math.floor(Date.now() / 1000) * 1_000_000 - 60_000_000);
  const old = epochMicros(end - 30 * 86_400_000_000);

  /** All spans of a project, asked for until there are as many. */
  async function projectSpans(project: string, count: number): Promise<readonly PhoenixSpan[]> {
    return eventually(
      async () => {
        const response = await fetch(`${phoenix.url}/v1/projects/${project}/spans?limit=1000`);
        if (!response.ok) return []; // there is no such project yet
        const body: unknown = await response.json();
        return typeof body === 'object' && body !== null && 'data' in body && Array.isArray(body.data)
          ? body.data
          : [];
      },
      (found) => found.length >= count,
    );
  }

  async function spansOf(name: string, count: number, waitMillis?: number): Promise<readonly PhoenixSpan[]> {
    const traceId = traceIdOf('session', name);
    return eventually(
      async () =>
        (await projectSpans('hermes-agent', 0)).filter(({ context }) => context.trace_id === traceId),
      (found) => found.length >= count,
      waitMillis,
    );
  }

  const args = (url: string) => [
    '-',
    '-e',
    'otlp',
    '--endpoint',
    url,
    '--conventions',
    'openinference',
    '--no-metrics',
  ];

  beforeAll(async () => {
    phoenix = await startPhoenix(folder);
    await replayed(args(phoenix.url), {}, sampleLog('sample-session', end).join('\n'));
    await replayed(args(phoenix.url), {}, sampleLog('old', old).join('\n'));
  }, 400_000);
  afterAll(async () => {
    await phoenix?.stop();
  });

  test('shows kinds, model names and token counts', async () => {
    const spans = await spansOf('sample-session', 6);
    const rows = [...spans]
      .sort((a, b) => a.start_time.localeCompare(b.start_time))
      .map(({ span_kind, attributes }) => [
        span_kind,
        attributes['llm.model_name'] ?? attributes['tool.name'] ?? null,
        attributes['llm.token_count.prompt'] ?? null,
        attributes['llm.token_count.completion'] ?? null,
      ]);
    expect(rows.filter(([kind]) => kind === 'LLM' || kind === 'TOOL')).toEqual([
      ['LLM', 'sample-model-1', 1200, 80],
      ['TOOL', 'read_file', null, null],
      ['TOOL', 'terminal', null, null],
      ['LLM', 'sample-model-1', 1500, 120],
    ]);
    expect(rows).toHaveLength(6);
  });

  test('has the right parents', async () => {
    const spans = await spansOf('sample-session', 6);
    const turn = spans.find(({ span_kind }) => span_kind === 'CHAIN');
    const session = spans.find(({ parent_id }) => parent_id === null);
    const parents = spans
      .filter((span) => span !== turn && span !== session)
      .map(({ parent_id }) => parent_id);
    expect(turn?.parent_id).toBe(session?.context.span_id);
    expect(new Set(parents)).toEqual(new Set([turn?.context.span_id]));
  });

  test('shows every span of all recordings, with the kinds, parents, models and tokens of otlp_file', async () => {
    const flags = ['--conventions', 'openinference', '--no-metrics'];
    const project = ['--resource', 'openinference.project.name=recordings'];
    await replayed([...recordings(), '-e', 'otlp', '--endpoint', phoenix.url, ...flags, ...project]);
    const ours = decode(await fileOf(...recordings(), ...flags)).spans.map((span) => {
      const value = (key: string) => attribute(span.attributes, key);
      return [
        span.spanId,
        span.parentSpanId ?? null,
        span.name,
        value('openinference.span.kind'),
        value('llm.model_name'),
        value('llm.token_count.prompt'),
        value('llm.token_count.completion'),
      ];
    });
    const theirs = (await projectSpans('recordings', ours.length)).map((span) => [
      span.context.span_id,
      span.parent_id,
      span.name,
      span.span_kind,
      span.attributes['llm.model_name'],
      span.attributes['llm.token_count.prompt'],
      span.attributes['llm.token_count.completion'],
    ]);
    const byId = (rows: readonly (readonly unknown[])[]) => new Map(rows.map((row) => [row[0], row]));
    expect(theirs.length).toBe(ours.length);
    expect(byId(theirs)).toEqual(byId(ours));
    expect(ours.filter(([, , , , , tokens]) => tokens !== undefined).length).toBeGreaterThan(100);
  }, 60_000);

  test.each(['openinference', 'gen-ai', 'hermes,gen-ai'])(
    'reads under %s kinds, tokens, session and text of a log with every kind of usage',
    async (names) => {
      // Phoenix keeps the first of two spans with one id, and ids follow from the sessions'.
      const suffix = names.replace(/\W/g, '');
      const log = readFileSync(LOG, 'utf8').replaceAll(/(?<=2026\d+_\d+_)(aaaaaa|bbbbbb)/g, `$1${suffix}`);
      const session = `20261101_090000_aaaaaa${suffix}`;
      const flags = ['--conventions', names, '--capture-content', '--no-metrics'];
      const project = ['--resource', `openinference.project.name=${session}`];
      await replayed(['-', '-e', 'otlp', '--endpoint', phoenix.url, ...flags, ...project], {}, log);
      const found = await projectSpans(session, 16);
      const calls = found.filter(({ span_kind }) => span_kind === 'LLM');
      const tools = found.filter(({ span_kind }) => span_kind === 'TOOL');
      expect([found.length, calls.length, tools.length]).toEqual([16, 8, 3]);
      const total = (key: string) => sum(calls.map(({ attributes }) => Number(attributes[key] ?? 0)));
      const { input, cacheRead, output } = USED;
      expect({
        input: total('llm.token_count.prompt'),
        cacheRead: total('llm.token_count.prompt_details.cache_read'),
        output: total('llm.token_count.completion'),
      }).toEqual({ input, cacheRead, output });
      const cost = names === 'openinference' ? 'llm.cost.total' : 'gen_ai.usage.cost';
      expect(total(cost)).toBeCloseTo(DOLLARS, 9);
      const texts =
        names === 'openinference'
          ? ['input.value', 'output.value']
          : ['llm.input_messages.0.message.content', 'llm.output_messages.0.message.content'];
      const root = found.find(({ parent_id }) => parent_id === null)?.attributes ?? {};
      expect([root['session.id'], ...texts.map((key) => root[key])]).toEqual([
        session,
        expect.stringContaining('What is in the folder?'),
        expect.stringContaining('Done.'),
      ]);
    },
  );

  test('stores a session of 30 days ago', async () => {
    const spans = await spansOf('old', 6);
    expect(spans).toHaveLength(6);
    expect(spans.map(({ start_time }) => Date.parse(start_time)).sort()[0]).toBe((old - 3_100_000) / 1000);
  });

  test('keeps the first of two spans with one id, and drops the change', async () => {
    const changed = sampleLog('sample-session', end).join('\n').replaceAll('sample-model', 'other-model');
    await replayed(args(phoenix.url), {}, changed);
    // Seven are waited for, in vain.
    const spans = await spansOf('sample-session', 7, 5_000);
    expect([spans.length, JSON.stringify(spans).includes('other-model')]).toEqual([6, false]);
  }, 60_000);

  test('takes gRPC', async () => {
    const flags = ['--conventions', 'openinference', '--no-metrics'];
    const log = sampleLog('by-grpc', end).join('\n');
    await replayed(['-', '-e', 'otlp_grpc', '--endpoint', phoenix.grpc, ...flags], {}, log);
    expect(await spansOf('by-grpc', 6)).toHaveLength(6);
  });

  test('refuses JSON, and the replay says what to do', async () => {
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
    const ran = await hermesOtel(['replay', ...args(phoenix.url)], env, sampleLog('json', end).join('\n'));
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/415[\s\S]*protobuf/)]);
  });

  test('has no door for metrics, and the doctor says so', async () => {
    const { code, stdout } = await hermesOtel(['doctor', '--endpoint', phoenix.url]);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^FAIL {2}OTLP metrics: .*\n.*--no-metrics/m)]);
    expect(stdout).toMatch(/^ok {4}OTLP traces: /m);
    expect((await hermesOtel(['doctor', '--endpoint', phoenix.url, '--no-metrics'])).code).toBe(0);
  });

  testWith(chromium, 'shows the trace on its page, with the model and the tokens of a call', async () => {
    const found = await fetch(`${phoenix.url}/v1/projects/hermes-agent`);
    const project: { readonly data: { readonly id: string } } = JSON.parse(await found.text());
    const url = `${phoenix.url}/projects/${project.data.id}/traces/${traceIdOf('session', 'sample-session')}`;
    await withPage(chromium.kind === 'ready' ? chromium.folder : '', url, async (page) => {
      const shown = (text: string) => page.getByText(text, { exact: true }).filter({ visible: true }).first();
      const names = ['hermes.session', 'hermes.turn', 'hermes.tool.read_file', 'hermes.tool.terminal'];
      for (const text of names) await shown(text).waitFor();
      await shown('chat sample-model').click();
      for (const text of ['llm', 'sample-model-1', '1,280']) await shown(text).waitFor();
      // `HERMES_OTEL_PICTURES=docs/images npm run e2e` renews the picture in the documentation.
      const keep = process.env.HERMES_OTEL_PICTURES;
      if (keep !== undefined) await page.screenshot({ path: join(keep, 'phoenix.png') });
    });
  });
});
