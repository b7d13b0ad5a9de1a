/** The price table of `@pydantic/genai-prices` (MIT): prices by model, provider and date. */
import type { ModelPrice, PriceCalculation } from '@pydantic/genai-prices';
import { boundedCache } from '../model/bounded-cache.ts';
import type { EpochMicros } from '../model/time.ts';
import type { PricedCall, PriceTable } from './prices.ts';
import type { Rate, Rates } from './rates.ts';

export const BUNDLED_PRICES = 'genai-prices 0.1.8';

type Calculate = (model: string, provider: { id?: string; url?: string }, time: EpochMicros) => Match;
type Match = PriceCalculation | undefined;

/** Loads the table, which takes about 30 ms. */
export async function bundledPrices(): Promise<PriceTable> {
  const { calcPrice } = await import('@pydantic/genai-prices');
  const calculate: Calculate = (model, { id, url }, time) =>
    calcPrice({ input_tokens: 1, output_tokens: 1 }, model, {
      ...(id === undefined ? undefined : { providerId: id }),
      ...(url === undefined ? undefined : { providerApiUrl: url }),
      // biome-ignore lint/style/noRestrictedGlobals: the time of a call in the log; no clock is read.
      timestamp: new Date(time / 1000),
    }) ?? undefined;
  return { source: BUNDLED_PRICES, ratesOf: rememberRates(calculate) };
}

const DAY_MICROS = 86_400_000_000;
const MINUTE_MICROS = 60_000_000;
const MOST_KNOWN = 4096;

/** The rates of a model, from one time to another. */
interface Known {
  readonly since: number;
  readonly until: number;
  readonly rates: Rates | undefined;
}

/**
 * The package searches its table for each calculation, which takes 100 µs, so rates are kept for a day, and for a minute
 * where a model's price depends on the hour.
 */
function rememberRates(calculate: Calculate): PriceTable['ratesOf'] {
  const remembered = boundedCache<{ latest?: Known }>(() => ({}), MOST_KNOWN);
  return (call) => {
    const { responseModel, model, provider, baseUrl, startTime } = call;
    const known = remembered(`${responseModel}\n${model}\n${provider}\n${baseUrl}`);
    const { latest } = known;
    if (latest !== undefined && startTime >= latest.since && startTime < latest.until) return latest.rates;
    const match = find(call, calculate);
    const slot = match !== undefined && isHourly(match) ? MINUTE_MICROS : DAY_MICROS;
    const since = Math.floor(startTime / slot) * slot;
    const rates = match && ratesOf(match.model_price);
    known.latest = { since, until: since + slot, rates };
    return rates;
  };
}

function isHourly({ model: { prices } }: PriceCalculation): boolean {
  return Array.isArray(prices) && prices.some(({ constraint }) => constraint?.type === 'time_of_date');
}

/** By the model that answered, else by the one that was asked for. */
function find(call: PricedCall, calculate: Calculate): Match {
  const provider = providerOf(call);
  if (provider === undefined) return undefined;
  for (const model of [call.responseModel, call.model]) {
    const match = model === undefined ? undefined : calculate(model, provider, call.startTime);
    if (match !== undefined) return match;
  }
  return undefined;
}

/** Hermes's words for providers that the table has under another word. */
const PROVIDERS: ReadonlyMap<string, string> = new Map([
  ['claude', 'anthropic'],
  ['azure-foundry', 'azure'],
  ['azure-openai', 'azure'],
  ['grok', 'x-ai'],
  ['kimi', 'moonshotai'],
  ['kimi-coding', 'moonshotai'],
  ['z-ai', 'zai'],
]);

/** Subscriptions, which have no price for a call. */
const FLAT_RATE: ReadonlySet<string> = new Set([
  'alibaba-coding-plan',
  'copilot',
  'copilot-acp',
  'google-gemini-cli',
  'openai-codex',
  'qwen-oauth',
]);

/** Names of Hermes that say nothing about the provider: any endpoint, and a mixture of agents. */
const UNNAMED: ReadonlySet<string> = new Set(['', 'custom', 'moa']);

/** `undefined`: the table cannot know the price. Without a provider and a host, the model alone decides. */
function providerOf({ provider = '', baseUrl }: PricedCall): { id?: string; url?: string } | undefined {
  if (FLAT_RATE.has(provider)) return undefined;
  if (provider === 'moa') return {};
  if (!UNNAMED.has(provider)) return { id: PROVIDERS.get(provider) ?? provider };
  return baseUrl === undefined ? {} : { url: baseUrl };
}

function ratesOf(price: ModelPrice): Rates | undefined {
  const { input_mtok: input, output_mtok: output, requests_kcount: calls } = price;
  if (input === undefined || output === undefined) return undefined;
  const rate = (key: string): Rate | undefined => price[key];
  return {
    input,
    output,
    cacheRead: rate('cache_read_mtok'),
    cacheWrite: rate('cache_write_mtok'),
    reasoning: rate('output_reasoning_mtok'),
    perCall: typeof calls === 'number' ? calls / 1000 : undefined,
  };
}
