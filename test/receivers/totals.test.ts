import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { totalsOf as pageTotals } from '../../src/viewer/data/totals.ts';
import { decode } from '../e2e/otlp.ts';
import { tableOf } from '../html/viewer/table.ts';
import { runMain } from '../run-main.ts';
import { DOLLARS, LOG, sum, USED } from './every-usage.ts';
import { pricedText } from './priced.ts';

const GEN_AI = {
  input: 'gen_ai.usage.input_tokens',
  cacheRead: 'gen_ai.usage.cache_read.input_tokens',
  cacheWrite: 'gen_ai.usage.cache_write.input_tokens',
  output: 'gen_ai.usage.output_tokens',
  reasoning: 'gen_ai.usage.reasoning.output_tokens',
  cost: 'gen_ai.usage.cost',
};
const OPENINFERENCE = {
  input: 'llm.token_count.prompt',
  cacheRead: 'llm.token_count.prompt_details.cache_read',
  cacheWrite: 'llm.token_count.prompt_details.cache_write',
  output: 'llm.token_count.completion',
  reasoning: 'llm.token_count.completion_details.reasoning',
  cost: 'llm.cost.total',
};

/** The live plugin counts input without what was cached, and writes neither that nor reasoning. */
const LIVE = {
  ...USED,
  input: USED.input - USED.cacheRead - USED.cacheWrite,
  cacheRead: 0,
  cacheWrite: 0,
  reasoning: 0,
};

const exported = async (...flags: readonly string[]) => {
  const { out, err, code } = await runMain(['replay', LOG, '-e', 'otlp_file', '-o', '-', ...flags]);
  if (code !== 0) throw new Error(err);
  return decode(out.split('\n'));
};

type Fields = Readonly<Record<string, unknown>>;

function numberOf(attributes: unknown, key: string): number {
  const found: { readonly value: Fields } | undefined = Array.isArray(attributes)
    ? attributes.find((each) => each.key === key)
    : undefined;
  return Number(found?.value.intValue ?? found?.value.doubleValue ?? 0);
}

/** The metric of gen-ai-latest, or the token type of the only metric that the others have. */
const KINDS: Readonly<Record<string, keyof typeof USED>> = {
  input: 'input',
  output: 'output',
  cache_read: 'cacheRead',
  cache_write: 'cacheWrite',
  reasoning: 'reasoning',
  'gen_ai.client.inference.usage.input_tokens': 'input',
  'gen_ai.client.inference.usage.output_tokens': 'output',
  'gen_ai.client.inference.usage.cache_read.input_tokens': 'cacheRead',
  'gen_ai.client.inference.usage.cache_write.input_tokens': 'cacheWrite',
  'gen_ai.client.inference.usage.reasoning.output_tokens': 'reasoning',
};

function tokensOf(points: readonly Fields[]): Partial<Record<keyof typeof USED, number>> {
  const tokens: Partial<Record<keyof typeof USED, number>> = {};
  for (const { name, sum: value, asInt, attributes } of points) {
    const [, type] =
      /"gen_ai\.token\.type","value":\{"stringValue":"(\w+)/.exec(JSON.stringify(attributes)) ?? [];
    const kind = KINDS[type ?? String(name)];
    if (kind !== undefined) tokens[kind] = (tokens[kind] ?? 0) + Number(value ?? asInt);
  }
  return tokens;
}

describe.each([
  { names: 'hermes', read: GEN_AI, shown: LIVE },
  { names: 'gen-ai', read: GEN_AI, shown: USED },
  { names: 'gen-ai-latest', read: GEN_AI, shown: USED },
  { names: 'openinference', read: OPENINFERENCE, shown: USED },
  { names: 'hermes,gen-ai', read: GEN_AI, shown: USED },
  { names: 'hermes,openinference', read: OPENINFERENCE, shown: USED },
  { names: 'gen-ai,openinference', read: OPENINFERENCE, shown: USED },
])('under $names', ({ names, read, shown }) => {
  const client = 3;

  test('the calls have what was used, and nothing else has money', async () => {
    const { spans } = await exported('--conventions', names, '--no-metrics');
    const calls = spans.filter(({ kind }) => kind === client);
    const figures = Object.fromEntries(
      Object.entries(read).map(([key, name]) => [
        key,
        sum(calls.map(({ attributes }) => numberOf(attributes, name))),
      ]),
    );
    // OpenInference alone has its own name of the cost.
    const cost = names.includes(',') ? GEN_AI.cost : read.cost;
    const money = (list: typeof spans) => sum(list.map(({ attributes }) => numberOf(attributes, cost)));
    expect({ ...figures, cost: money(calls) }).toEqual({ ...shown, cost: expect.closeTo(DOLLARS, 9) });
    expect([calls.length, spans.length, money(spans)]).toEqual([8, 16, expect.closeTo(DOLLARS, 9)]);
  });

  test('so have the metrics', async () => {
    const { points } = await exported('--conventions', names, '--no-traces');
    const cost = points.filter(({ name }) => name === 'hermes.cost').map(({ asDouble }) => Number(asDouble));
    const hasMetrics = names !== 'openinference';
    const { input, output } = shown;
    const both = names.startsWith('hermes') ? { input, output } : USED;
    expect(tokensOf(points)).toEqual(hasMetrics ? both : {});
    expect(sum(cost)).toBeCloseTo(hasMetrics ? DOLLARS : 0, 9);
  });
});

describe('shown as the same', () => {
  test('in the terminal and in the summary', async () => {
    const headline = '$0.015 · 20.1k in (18.0k cached) → 204 out';
    const wide = { columns: 200, env: { NO_COLOR: '1' } };
    const { out } = await runMain(['view', LOG], wide);
    const { out: live, err } = await runMain(['replay', LOG, '-e', 'console'], wide);
    expect([out, live]).toEqual([expect.stringContaining(headline), expect.stringContaining(headline)]);
    expect(err).toContain('cost $0.015');
  });

  test('in the report and in JSON', async () => {
    const { input, cacheRead, output } = USED;
    const figures = { tokens: { input, cached: cacheRead, output }, cost: expect.closeTo(DOLLARS, 9) };
    const report = join(await mkdtemp(join(tmpdir(), 'totals-')), 'report.json');
    await runMain(['replay', LOG, '-e', 'console', '--report', report]);
    expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
      figures,
      cost: { usd: expect.closeTo(DOLLARS, 9), pricedCalls: 6, unpricedCalls: 0 },
    });
    const view = await runMain(['view', LOG, '--format', 'json']);
    expect(JSON.parse(view.out).totals.figures).toMatchObject(figures);
  });

  test('on the page', async () => {
    const { input, cacheRead, output } = USED;
    const table = await tableOf(await pricedText(await readFile(LOG, 'utf8')));
    expect(pageTotals(table, { from: 0, to: table.count }).all).toMatchObject({
      tokens: { input, cached: cacheRead, output },
      cost: expect.closeTo(DOLLARS, 9),
    });
  });
});
