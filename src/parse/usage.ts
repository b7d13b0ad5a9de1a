import type { Usage } from '../model/event.ts';
import { isJsonObject, isTruthy, type JsonObject, type JsonValue } from '../model/json.ts';
import { amount, count, type Fields, text, warn, wrongType } from './fields.ts';

/**
 * The token counts of an answer, under Hermes's names or the provider's own; `undefined` for null, or an object without
 * any count. A count that `reported_usage_fields` denies is absent: Hermes writes 0 for what the provider did not send.
 */
export function readUsage(fields: Fields): Usage | undefined {
  const { body, extra } = fields;
  const usage = body.usage ?? extra.usage;
  if (usage === undefined || usage === null) return undefined;
  if (!isJsonObject(usage)) return wrongType(fields, 'usage', usage, 'an object');
  const reported = usage.reported_usage_fields ?? body.reported_usage_fields ?? extra.reported_usage_fields;
  const sent = isNothing(reported) ? ownNames(usage) : reportedOnly(usage, reported);
  const counts = {
    inputTokens: count(fields, 'usage.input_tokens', sent.input_tokens),
    outputTokens: count(fields, 'usage.output_tokens', sent.output_tokens),
    cacheReadTokens: count(fields, 'usage.cache_read_tokens', sent.cache_read_tokens),
    cacheWriteTokens: count(fields, 'usage.cache_write_tokens', sent.cache_write_tokens),
    reasoningTokens: count(fields, 'usage.reasoning_tokens', sent.reasoning_tokens),
    promptTokens: count(fields, 'usage.prompt_tokens', sent.prompt_tokens),
    totalTokens: count(fields, 'usage.total_tokens', sent.total_tokens),
  };
  if (counts.inputTokens === undefined) counts.inputTokens = uncachedInput(fields, counts);
  if (counts.outputTokens === undefined) counts.outputTokens = remainingOutput(counts);
  return isEmpty(counts) ? undefined : counts;
}

function isNothing(value: JsonValue | undefined): value is null | undefined {
  return value === undefined || value === null;
}

/** The counts under Hermes's names, where a recorder kept those of the provider (chat, responses or messages API). */
function ownNames(usage: JsonObject): JsonObject {
  if (usage.cache_read_tokens !== undefined && usage.completion_tokens === undefined) return usage;
  const prompt = objectOf(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const completion = objectOf(usage.completion_tokens_details ?? usage.output_tokens_details);
  // In the responses API, which has these details, `input_tokens` includes the cached ones.
  const isInclusive = usage.input_tokens_details !== undefined;
  return {
    input_tokens: isInclusive ? undefined : usage.input_tokens,
    output_tokens: usage.output_tokens ?? usage.completion_tokens,
    cache_read_tokens: usage.cache_read_tokens ?? usage.cache_read_input_tokens ?? prompt.cached_tokens,
    cache_write_tokens: usage.cache_write_tokens ?? usage.cache_creation_input_tokens,
    reasoning_tokens: usage.reasoning_tokens ?? completion.reasoning_tokens,
    prompt_tokens: usage.prompt_tokens ?? (isInclusive ? usage.input_tokens : undefined),
    total_tokens: usage.total_tokens,
  };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** The counts that the provider reported, by a map of names to true or false, or by a list of names. */
function reportedOnly(usage: JsonObject, reported: JsonValue): JsonObject {
  const names: readonly JsonValue[] | undefined = Array.isArray(reported) ? reported : undefined;
  const isDenied = (name: string) =>
    names === undefined ? objectOf(reported)[name] === false : !names.includes(name);
  const kept = Object.entries(ownNames(usage)).filter(([name]) => !isDenied(name));
  const sent = Object.fromEntries(kept);
  // Hermes adds the total up itself, with a 0 for what is missing.
  return sent.output_tokens === undefined ? { ...sent, total_tokens: undefined } : sent;
}

/** The output where only the sum and the input are known. */
function remainingOutput({ promptTokens, totalTokens }: Usage): number | undefined {
  if (promptTokens === undefined || totalTokens === undefined || totalTokens < promptTokens) return undefined;
  return totalTokens - promptTokens;
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
  const own = text(fields, 'error_type', fields.body.error_type, fields.extra.error_type);
  const error = errorOf(fields);
  return own ?? (isJsonObject(error) ? text(fields, 'error.type', error.type) : undefined);
}

/** The message of `error`, which is an object for API calls and a string for auxiliary calls. */
export function errorMessage(fields: Fields): string | undefined {
  const error = errorOf(fields);
  return isJsonObject(error) ? text(fields, 'error.message', error.message) : text(fields, 'error', error);
}

/** `undefined` for a falsy error, which is none in any dialect. */
function errorOf({ body, extra }: Fields): JsonValue | undefined {
  const error = body.error ?? extra.error;
  return isTruthy(error) ? error : undefined;
}
