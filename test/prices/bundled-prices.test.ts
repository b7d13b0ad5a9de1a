import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { calcPrice } from '@pydantic/genai-prices';
import fc from 'fast-check';
import type { Usage } from '../../src/model/event.ts';
import { epochMicros } from '../../src/model/time.ts';
import { BUNDLED_PRICES } from '../../src/prices/bundled-prices.ts';
import { loadPrices, type PricedCall } from '../../src/prices/prices.ts';

const { costOf } = await loadPrices();
const at = (day: string) => epochMicros(Date.parse(day) * 1000);

const usage = (counts: Partial<Usage> = {}): Usage => ({
  inputTokens: 120,
  outputTokens: 38,
  cacheReadTokens: 9000,
  cacheWriteTokens: 0,
  reasoningTokens: 10,
  promptTokens: 9120,
  totalTokens: 9158,
  ...counts,
});

const call = (fields: Partial<PricedCall> = {}): PricedCall => ({
  model: 'claude-sonnet-4-6',
  provider: 'anthropic',
  baseUrl: undefined,
  usage: usage(),
  startTime: at('2026-11-01'),
  ...fields,
});

test('cached tokens have their own price, and reasoning is part of the output', () => {
  // 120 at 3 $, 9,000 at 0.30 $, 38 at 15 $ for a million.
  expect(costOf(call())).toEqual({
    usd: expect.closeTo(0.00363, 12),
    inputUsd: expect.closeTo(0.00306, 12),
    outputUsd: expect.closeTo(0.00057, 12),
    source: BUNDLED_PRICES,
  });
});

test("the log's own cost comes first", () => {
  expect(costOf(call({ costUsd: 0.00025 }))).toEqual({ usd: 0.00025, source: 'hermes' });
});

test('the price is that of the day of the call', () => {
  const million = usage({
    inputTokens: 1e6,
    cacheReadTokens: 0,
    promptTokens: 1e6,
    outputTokens: 0,
    reasoningTokens: 0,
  });
  const priced = (day: string) =>
    costOf(call({ model: 'o3', provider: 'openai', usage: million, startTime: at(day) }));
  expect([priced('2025-05-01')?.usd, priced('2026-05-01')?.usd]).toEqual([10, 2]);
});

describe('a price is found', () => {
  test.each<[string, Partial<PricedCall>]>([
    ['by the model that answered', { model: 'fake-1', responseModel: 'claude-sonnet-4-6' }],
    ['by the model asked for, when the answer names an unknown one', { responseModel: 'fake-2' }],
    ["by Hermes's word for a provider", { provider: 'kimi-coding', model: 'kimi-k2' }],
    ['by the host of a custom endpoint', { provider: 'custom', baseUrl: 'https://api.anthropic.com/v1' }],
    ['by the host without a provider', { provider: undefined, baseUrl: 'https://api.anthropic.com/v1' }],
    ['by the model alone, when nothing else is known', { provider: undefined }],
    [
      'by the model that a mixture of agents used',
      { provider: 'moa', model: 'thinkers', responseModel: 'gpt-5' },
    ],
    ['without prompt_tokens', { usage: usage({ promptTokens: undefined }) }],
    ['without a count of reasoning', { usage: usage({ reasoningTokens: undefined }) }],
  ])('%s', (_claim, fields) => {
    expect(costOf(call(fields))?.usd).toBeGreaterThan(0);
  });
});

describe('unknown is unknown, never 0', () => {
  test.each<[string, Partial<PricedCall>]>([
    ['a model that nobody knows', { model: 'fake-1' }],
    ['no model', { model: undefined }],
    [
      'a known model at a host that nobody knows',
      { provider: 'custom', baseUrl: 'http://localhost:1234/v1' },
    ],
    ['a subscription', { provider: 'openai-codex', model: 'gpt-5' }],
    ['no usage', { usage: undefined }],
    ['no output count', { usage: usage({ outputTokens: undefined }) }],
    ['no input count', { usage: usage({ inputTokens: undefined, promptTokens: undefined }) }],
    ['more cached tokens than input', { usage: usage({ promptTokens: 100 }) }],
    ['more reasoning than output', { usage: usage({ reasoningTokens: 39 }) }],
  ])('%s', (_claim, fields) => {
    expect(costOf(call(fields))).toBeUndefined();
  });
});

const MODELS = [
  ['claude-sonnet-4-6', 'anthropic'],
  ['claude-sonnet-4-5', 'anthropic'],
  ['gpt-5', 'openai'],
  ['gpt-5.4', 'openai'],
  ['gemini-2.5-pro', 'google'],
  ['deepseek-chat', 'deepseek'],
  ['deepseek-reasoner', 'deepseek'],
  ['grok-4', 'x-ai'],
  ['sonar-reasoning-pro', 'perplexity'],
] as const;

test('equals the calculation of the package, for any counts at any hour', () => {
  const count = fc.integer({ min: 0, max: 400_000 });
  fc.assert(
    fc.property(
      fc.constantFrom(...MODELS),
      fc.tuple(count, count, count, count),
      fc.integer({ min: Date.parse('2025-01-01'), max: Date.parse('2026-11-30') }),
      ([model, provider], [plain, read, write, output], millis) => {
        const expected = calcPrice(
          {
            input_tokens: plain + read + write,
            cache_read_tokens: read,
            cache_write_tokens: write,
            output_tokens: output,
          },
          model,
          { providerId: provider, timestamp: new Date(millis) },
        );
        const counts = usage({
          inputTokens: plain,
          cacheReadTokens: read,
          cacheWriteTokens: write,
          promptTokens: plain + read + write,
          outputTokens: output,
          reasoningTokens: 0,
        });
        const cost = costOf(call({ model, provider, usage: counts, startTime: epochMicros(millis * 1000) }));
        expect(cost?.usd).toBeCloseTo(expected?.total_price ?? Number.NaN, 9);
      },
    ),
  );
});

test('the source names the version of the table that is installed', () => {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const { devDependencies } = JSON.parse(manifest) as { devDependencies: Record<string, string> };
  expect(BUNDLED_PRICES).toBe(`genai-prices ${devDependencies['@pydantic/genai-prices']}`);
});
