/** Prices per token, and what a call's tokens cost by them. */
import type { Usage } from '../model/event.ts';
import type { CallCost } from '../model/span.ts';

/** US dollars for a million tokens: one price, or other prices above a number of input tokens. */
export type Rate = number | { readonly base: number; readonly tiers: readonly Tier[] };

export interface Tier {
  /** The price holds for all tokens of a call with more input tokens than this. */
  readonly start: number;
  readonly price: number;
}

/** The rates of one model at one time. Tokens without a rate of their own cost what all input or output costs. */
export interface Rates {
  readonly input: Rate;
  readonly output: Rate;
  readonly cacheRead?: Rate | undefined;
  readonly cacheWrite?: Rate | undefined;
  readonly reasoning?: Rate | undefined;
  /** US dollars for each call. */
  readonly perCall?: number | undefined;
}

/**
 * What an answer cost; `undefined` when its token counts are missing or contradict each other. Cached tokens are part of
 * the input, and reasoning is part of the output.
 */
export function priceOf(usage: Usage, rates: Rates, source: string): CallCost | undefined {
  const { cacheReadTokens: cacheRead = 0, cacheWriteTokens: cacheWrite = 0, outputTokens: output } = usage;
  const { reasoningTokens: reasoning = 0 } = usage;
  const input = usage.promptTokens ?? (usage.inputTokens ?? Number.NaN) + cacheRead + cacheWrite;
  const plainInput = input - cacheRead - cacheWrite;
  if (Number.isNaN(input) || plainInput < 0 || output === undefined || reasoning > output) return undefined;
  // Divided last: most sums then have no rounding in them.
  const cost = (tokens: number, rate: Rate) => tokens * rateAt(rate, input);
  const inputMicros =
    cost(plainInput, rates.input) +
    cost(cacheRead, rates.cacheRead ?? rates.input) +
    cost(cacheWrite, rates.cacheWrite ?? rates.input);
  const outputMicros =
    cost(output - reasoning, rates.output) + cost(reasoning, rates.reasoning ?? rates.output);
  const usd = (inputMicros + outputMicros + (rates.perCall ?? 0) * 1e6) / 1e6;
  return { usd, inputUsd: inputMicros / 1e6, outputUsd: outputMicros / 1e6, source };
}

function rateAt(rate: Rate, inputTokens: number): number {
  if (typeof rate === 'number') return rate;
  let price = rate.base;
  for (const tier of rate.tiers) if (inputTokens > tier.start) price = tier.price;
  return price;
}
