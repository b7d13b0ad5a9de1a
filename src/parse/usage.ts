import type { Usage } from '../model/event.ts';
import { isJsonObject } from '../model/json.ts';
import { count, type Fields, warn, wrongType } from './fields.ts';

/** The token counts of an answer; `undefined` when Hermes sent null, or an object without a single count. */
export function readUsage(fields: Fields): Usage | undefined {
  const usage = fields.body.usage ?? fields.extra.usage;
  if (usage === undefined || usage === null) return undefined;
  if (!isJsonObject(usage)) return wrongType(fields, 'usage', usage, 'an object');
  const counts = {
    inputTokens: count(fields, 'usage.input_tokens', usage.input_tokens),
    outputTokens: count(fields, 'usage.output_tokens', usage.output_tokens),
    cacheReadTokens: count(fields, 'usage.cache_read_tokens', usage.cache_read_tokens),
    cacheWriteTokens: count(fields, 'usage.cache_write_tokens', usage.cache_write_tokens),
    reasoningTokens: count(fields, 'usage.reasoning_tokens', usage.reasoning_tokens),
    promptTokens: count(fields, 'usage.prompt_tokens', usage.prompt_tokens),
    totalTokens: count(fields, 'usage.total_tokens', usage.total_tokens),
  };
  if (counts.inputTokens === undefined) counts.inputTokens = uncachedInput(fields, counts);
  return isEmpty(counts) ? undefined : counts;
}

/** `prompt_tokens` counts the cached tokens in, `input_tokens` does not. */
function uncachedInput(fields: Fields, counts: Usage): number | undefined {
  if (counts.promptTokens === undefined) return undefined;
  const input = counts.promptTokens - (counts.cacheReadTokens ?? 0) - (counts.cacheWriteTokens ?? 0);
  if (input >= 0) return input;
  warn(
    fields,
    'usage-mismatch',
    'usage counts more cached tokens than prompt_tokens: no input_tokens derived',
  );
  return undefined;
}

function isEmpty(counts: Usage): boolean {
  return (
    counts.inputTokens === undefined &&
    counts.outputTokens === undefined &&
    counts.cacheReadTokens === undefined &&
    counts.cacheWriteTokens === undefined &&
    counts.reasoningTokens === undefined &&
    counts.promptTokens === undefined &&
    counts.totalTokens === undefined
  );
}
