/** Token sums. A count that nobody reported stays `undefined`: a missing usage is never a zero. */
import type { Usage } from '../model/event.ts';

export const NO_TOKENS: Usage = {
  inputTokens: undefined,
  outputTokens: undefined,
  cacheReadTokens: undefined,
  cacheWriteTokens: undefined,
  reasoningTokens: undefined,
  promptTokens: undefined,
  totalTokens: undefined,
};

export function addUsage(sum: Usage, usage: Usage | undefined): Usage {
  if (usage === undefined) return sum;
  return {
    inputTokens: plus(sum.inputTokens, usage.inputTokens),
    outputTokens: plus(sum.outputTokens, usage.outputTokens),
    cacheReadTokens: plus(sum.cacheReadTokens, usage.cacheReadTokens),
    cacheWriteTokens: plus(sum.cacheWriteTokens, usage.cacheWriteTokens),
    reasoningTokens: plus(sum.reasoningTokens, usage.reasoningTokens),
    promptTokens: plus(sum.promptTokens, usage.promptTokens),
    totalTokens: plus(sum.totalTokens, usage.totalTokens),
  };
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  if (a === undefined) return b;
  return b === undefined ? a : a + b;
}
