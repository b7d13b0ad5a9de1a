/**
 * The cost of a model call in US dollars, at the price of its day. Hermes's own cost comes first, then a file of prices,
 * then the table of `@pydantic/genai-prices`, which is part of the package: nothing is fetched. An unknown price is
 * `undefined`, never 0.
 */
import type { Usage } from '../model/event.ts';
import type { CallCost } from '../model/span.ts';
import type { EpochMicros } from '../model/time.ts';
import { bundledPrices } from './bundled-prices.ts';
import { type PriceFile, readPriceFile } from './price-file.ts';
import { priceOf, type Rates } from './rates.ts';

/** What a price depends on. */
export interface PricedCall {
  readonly model: string | undefined;
  readonly responseModel?: string | undefined;
  readonly provider: string | undefined;
  readonly baseUrl: string | undefined;
  readonly usage?: Usage | undefined;
  /** What the log says the call cost. */
  readonly costUsd?: number | undefined;
  readonly startTime: EpochMicros;
}

export interface Prices {
  /** `undefined` when nobody knows the price, or the log has no tokens. */
  costOf(call: PricedCall): CallCost | undefined;
}

/** Rates by model, provider and time; `undefined` for a model that the table does not have. */
export interface PriceTable {
  /** Shown as the source of a cost, with the table's version. */
  readonly source: string;
  ratesOf(call: PricedCall): Rates | undefined;
}

/**
 * Loads the price tables.
 * @param file own prices, which come before the bundled table; throws a `PriceFileError` when they cannot be read
 */
export async function loadPrices(file?: PriceFile): Promise<Prices> {
  const own = file === undefined ? [] : [readPriceFile(file)];
  const tables: readonly PriceTable[] = [...own, await bundledPrices()];
  return { costOf: (call) => costOf(call, tables) };
}

function costOf(call: PricedCall, tables: readonly PriceTable[]): CallCost | undefined {
  const { costUsd, usage } = call;
  if (costUsd !== undefined) return { usd: costUsd, source: 'hermes' };
  if (usage === undefined) return undefined;
  for (const table of tables) {
    const rates = table.ratesOf(call);
    const cost = rates && priceOf(usage, rates, table.source);
    if (cost !== undefined) return cost;
  }
  return undefined;
}
