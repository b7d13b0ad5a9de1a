import { describe, expect, test } from '@jest/globals';
import { epochMicros } from '../../src/model/time.ts';
import { readPriceFile } from '../../src/prices/price-file.ts';
import { loadPrices, type PricedCall } from '../../src/prices/prices.ts';

const file = (models: unknown) => ({ name: 'ours.json', text: JSON.stringify(models) });
const at = (day: string) => epochMicros(Date.parse(day) * 1000);

const call = (fields: Partial<PricedCall> = {}): PricedCall => ({
  model: 'ours-1',
  provider: 'custom',
  baseUrl: 'http://localhost:1234/v1',
  usage: {
    inputTokens: 1000,
    outputTokens: 100,
    cacheReadTokens: 9000,
    cacheWriteTokens: 0,
    reasoningTokens: 50,
    promptTokens: 10_000,
    totalTokens: 10_100,
  },
  startTime: at('2026-06-01'),
  ...fields,
});

const usd = async (models: unknown, fields: Partial<PricedCall> = {}) =>
  (await loadPrices(file(models))).costOf(call(fields))?.usd;

test('a price in dollars for a million tokens', async () => {
  const prices = await loadPrices(
    file({ 'ours-1': { input: 2, output: 10, cache_read: 0.2, reasoning: 20 } }),
  );
  // 1,000 × 2 + 9,000 × 0.2 + 50 × 10 + 50 × 20 = 5,300 for a million.
  expect(prices.costOf(call())).toMatchObject({ usd: expect.closeTo(0.0053, 12), source: 'ours.json' });
});

test('a token without a price of its own costs what all input costs', async () => {
  expect(await usd({ 'ours-1': { input: 2, output: 0 } })).toBeCloseTo(0.02, 12);
});

test('a price of 0 is a price', async () => {
  expect(await usd({ 'ours-1': { input: 0, output: 0 } })).toBe(0);
});

test('prices that changed hold from their day on', async () => {
  const models = {
    'ours-1': [
      { input: 4, output: 0, from: '2026-06-01' },
      { input: 1, output: 0, from: '2026-01-01' },
    ],
  };
  const on = (day: string) => usd(models, { startTime: at(day) });
  expect([await on('2026-05-31'), await on('2026-06-01'), await on('2025-12-31')]).toEqual([
    0.01,
    0.04,
    undefined,
  ]);
});

test('the form of LiteLLM, with prices above a number of tokens', async () => {
  const models = {
    'ours-1': {
      litellm_provider: 'ours',
      input_cost_per_token: 2e-6,
      input_cost_per_token_above_200k_tokens: 4e-6,
      output_cost_per_token: 1e-5,
      cache_read_input_token_cost: 2e-7,
    },
    'a-picture': { litellm_provider: 'ours', output_cost_per_image: 0.04 },
  };
  expect(await usd(models)).toBeCloseTo(0.0048, 12);
  const long = {
    ...call().usage,
    inputTokens: 300_000,
    cacheReadTokens: 0,
    promptTokens: 300_000,
    outputTokens: 0,
  };
  expect(
    await usd(models, { usage: { ...long, reasoningTokens: 0, cacheWriteTokens: 0, totalTokens: 300_000 } }),
  ).toBe(1.2);
});

test('a model may be written with its provider, and comes before the table', async () => {
  const models = { 'OpenAI/gpt-5': { input: 0, output: 0 } };
  expect(await usd(models, { provider: 'openai', model: 'gpt-5' })).toBe(0);
  expect(await usd(models, { provider: 'openrouter', model: 'openai/gpt-5' })).toBe(0);
  expect(await usd(models, { provider: 'openai', model: 'gpt-5-mini' })).toBeGreaterThan(0);
});

describe('a file that is no file of prices names the place', () => {
  test.each<[string, string, RegExp]>([
    ['no JSON', '{', /^ours\.json: not JSON/],
    ['a list', '[]', /^ours\.json: not an object of models$/],
    ['no model', '{}', /^ours\.json: no model with a price in it$/],
    ['no object', '{"m": 3}', /^ours\.json: m: not an object of prices$/],
    ['no output', '{"m": {"input": 3}}', /^ours\.json: m: needs "input" and "output"$/],
    ['a text', '{"m": {"input": "3", "output": 1}}', /^ours\.json: m: input is not a price: "3"$/],
    ['a negative price', '{"m": {"input": 3, "output": -1}}', /^ours\.json: m: output is not a price: -1$/],
    ['no day', '{"m": {"input": 3, "output": 1, "from": "May"}}', /^ours\.json: m: "from" is no day/],
    ['neither form', '{"m": {"price": 3}}', /^ours\.json: m: needs "input_cost_per_token"/],
  ])('%s', (_claim, text, message) => {
    expect(() => readPriceFile({ name: 'ours.json', text })).toThrow(message);
  });
});
