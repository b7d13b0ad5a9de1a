import { fileURLToPath } from 'node:url';

/** One log with every kind of usage: cached tokens, reasoning, a mixture of agents, a retry, a sub-agent. */
export const LOG = fileURLToPath(
  new URL('../../fixtures/receivers/every-usage/input.ndjson', import.meta.url),
);

/** What the calls of the log used, added up by hand. */
export const USED = {
  input: 9620 + 9150 + 200 + 600 + 400 + 100,
  cacheRead: 9000 + 9000,
  cacheWrite: 500,
  output: 38 + 40 + 20 + 60 + 40 + 6,
  reasoning: 10,
};

/** Tokens by their price of 2026-11-01, in dollars for a million: fresh input, cache reads, cache writes, output. */
const PRICED: readonly (readonly (readonly [tokens: number, price: number])[])[] = [
  [
    [120, 3],
    [9000, 0.3],
    [500, 3.75],
    [38, 15],
  ], // claude-sonnet-4-6
  [
    [150, 3],
    [9000, 0.3],
    [40, 15],
  ],
  [
    [200, 1.25],
    [20, 10],
  ], // gpt-5
  [
    [600, 5],
    [60, 25],
  ], // claude-opus-4-6, the aggregator of a mixture of agents
  [
    [400, 1.25],
    [40, 10],
  ], // gpt-5
  [
    [100, 0.3],
    [6, 2.5],
  ], // gemini-2.5-flash
];
/** What its calls cost, by hand. */
export const DOLLARS = sum(PRICED.flat().map(([tokens, price]) => tokens * price)) / 1e6;

export function sum(list: readonly number[]): number {
  return list.reduce((a, b) => a + b, 0);
}
