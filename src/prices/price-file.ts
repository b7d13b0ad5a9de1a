/**
 * A file of own prices, for models and contracts that no public table has. Two JSON forms, per model:
 * `{"input": 3, "output": 15, "cache_read": 0.3, "cache_write": 3.75, "reasoning": 15, "from": "2026-05-01"}` in US
 * dollars for a million tokens (a list of these for prices that changed), or LiteLLM's `input_cost_per_token` and its
 * kin. A model may be written as `provider/model`.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import type { PricedCall, PriceTable } from './prices.ts';
import type { Rate, Rates } from './rates.ts';

export interface PriceFile {
  /** The file's name, without its folder: it becomes the source of costs. */
  readonly name: string;
  readonly text: string;
}

/** The message names the file, the model and the field. */
export class PriceFileError extends Error {}

/** Rates that hold from a time on, in microseconds. */
interface Dated {
  readonly from: number;
  readonly rates: Rates;
}

/** Throws a `PriceFileError`. */
export function readPriceFile(file: PriceFile): PriceTable {
  const models = new Map<string, readonly Dated[]>();
  for (const [model, value] of Object.entries(parseObject(file))) {
    const dated = readModel(value, `${file.name}: ${model}`);
    if (dated.length > 0) models.set(model.toLowerCase(), dated);
  }
  if (models.size === 0) throw new PriceFileError(`${file.name}: no model with a price in it`);
  return { source: file.name, ratesOf: (call) => ratesOf(call, models) };
}

function parseObject({ name, text }: PriceFile): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PriceFileError(`${name}: not JSON (${error instanceof Error ? error.message : error})`);
  }
  if (!isJsonObject(value)) throw new PriceFileError(`${name}: not an object of models`);
  return value;
}

function ratesOf(call: PricedCall, models: ReadonlyMap<string, readonly Dated[]>): Rates | undefined {
  for (const model of [call.responseModel, call.model]) {
    if (model === undefined) continue;
    const dated = models.get(`${call.provider}/${model}`.toLowerCase()) ?? models.get(model.toLowerCase());
    const found = dated?.findLast(({ from }) => call.startTime >= from);
    if (found !== undefined) return found.rates;
  }
  return undefined;
}

function readModel(value: JsonValue | undefined, place: string): readonly Dated[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((item) => readPrices(item, place) ?? []).sort((a, b) => a.from - b.from);
}

/** `undefined` for a model of LiteLLM's table that is not priced by tokens (pictures, audio). */
function readPrices(item: JsonValue | undefined, place: string): Dated | undefined {
  if (!isJsonObject(item)) throw new PriceFileError(`${place}: not an object of prices`);
  const names = 'input' in item || 'output' in item ? SIMPLE : LITELLM;
  const rate = (name: string) => readRate(item, name, { place, scale: names.scale });
  const [input, output] = [rate(names.input), rate(names.output)];
  if (input === undefined || output === undefined) {
    if (names === LITELLM && 'litellm_provider' in item) return undefined;
    throw new PriceFileError(`${place}: needs "${names.input}" and "${names.output}"`);
  }
  return {
    from: readDay(item.from, place),
    rates: {
      input,
      output,
      cacheRead: rate(names.cacheRead),
      cacheWrite: rate(names.cacheWrite),
      reasoning: rate(names.reasoning),
    },
  };
}

const SIMPLE = {
  input: 'input',
  output: 'output',
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  reasoning: 'reasoning',
  scale: 1,
};

const LITELLM = {
  input: 'input_cost_per_token',
  output: 'output_cost_per_token',
  cacheRead: 'cache_read_input_token_cost',
  cacheWrite: 'cache_creation_input_token_cost',
  reasoning: 'output_cost_per_reasoning_token',
  scale: 1e6,
};

/** One price, with LiteLLM's `…_above_200k_tokens` beside it. */
function readRate(
  item: JsonObject,
  name: string,
  { place, scale }: { readonly place: string; readonly scale: number },
): Rate | undefined {
  const base = readPrice(item[name], `${place}: ${name}`);
  if (base === undefined) return undefined;
  const tiers = Object.keys(item).flatMap((key) => {
    const above = key.startsWith(`${name}_above_`)
      ? /^(\d+)k_tokens$/.exec(key.slice(name.length + 7))
      : null;
    const price = above && readPrice(item[key], `${place}: ${key}`);
    return price == null ? [] : [{ start: Number(above?.[1]) * 1000, price: price * scale }];
  });
  if (tiers.length === 0) return base * scale;
  return { base: base * scale, tiers: tiers.sort((a, b) => a.start - b.start) };
}

function readPrice(value: JsonValue | undefined, place: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  throw new PriceFileError(`${place} is not a price: ${JSON.stringify(value)}`);
}

/** Midnight UTC of a day, in microseconds; without a day, always. */
function readDay(value: JsonValue | undefined, place: string): number {
  if (value === undefined) return Number.NEGATIVE_INFINITY;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value)) {
    // biome-ignore lint/style/noRestrictedGlobals: a day of the file, read as a time; no clock is read.
    const millis = Date.parse(value);
    if (!Number.isNaN(millis)) return millis * 1000;
  }
  throw new PriceFileError(`${place}: "from" is no day such as "2026-05-01"`);
}
