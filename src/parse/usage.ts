import type { Usage } from '../model/event.ts';
import { isJsonObject } from '../model/json.ts';
import { amount, count, type Fields, text, warn, wrongType } from './fields.ts';

/** The token counts of an answer; `undefined` for null, or an object without any count. */
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

/** `input_tokens` from `prompt_tokens`, which includes the cached tokens. */
function uncachedInput(fields: Fields, counts: Usage): number | undefined {
  if (counts.promptTokens === undefined) return undefined;
  const input = counts.promptTokens - (counts.cacheReadTokens ?? 0) - (counts.cacheWriteTokens ?? 0);
  if (input >= 0) return input;
  warn(fields, 'usage-mismatch', 'usage has more cached tokens than prompt_tokens: no input_tokens derived');
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

/** The cost of an answer in US dollars; beside `usage`, in it, or `undefined` when not reported. */
export function readCost(fields: Fields): number | undefined {
  const { body, extra } = fields;
  const usage = body.usage ?? extra.usage;
  const inner = isJsonObject(usage) ? usage.cost : undefined;
  return amount(fields, 'cost', body.cost ?? extra.cost, inner);
}

/** `error_type`, else the `type` in `error`. */
export function errorType(fields: Fields): string | undefined {
  const { body, extra } = fields;
  const error = body.error ?? extra.error;
  const own = text(fields, 'error_type', body.error_type, extra.error_type);
  return own ?? (isJsonObject(error) ? text(fields, 'error.type', error.type) : undefined);
}

/** The message of `error`, which is an object for API calls and a string for auxiliary calls. */
export function errorMessage(fields: Fields): string | undefined {
  const { body, extra } = fields;
  const error = body.error ?? extra.error;
  return isJsonObject(error) ? text(fields, 'error.message', error.message) : text(fields, 'error', error);
}
