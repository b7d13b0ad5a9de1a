/** The prices of a replay. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { systemProblem } from '../model/system-error.ts';
import { PriceFileError } from '../prices/price-file.ts';
import type { Prices } from '../prices/prices.ts';
import type { ReplayOptions } from './options.ts';
import { ReplayError } from './replay-error.ts';

/** `undefined` without costs. Throws a `ReplayError` for a file of prices that cannot be used. */
export async function openPrices(
  options: Pick<ReplayOptions, 'cost' | 'prices'>,
): Promise<Prices | undefined> {
  const { cost = true, prices: path } = options;
  if (!cost) return undefined;
  const file = path === undefined ? undefined : { name: basename(path), text: await readText(path) };
  const { loadPrices } = await import('../prices/prices.ts');
  try {
    return await loadPrices(file);
  } catch (error) {
    if (!(error instanceof PriceFileError)) throw error;
    throw new ReplayError('invalid-option', `These prices cannot be used: ${error.message}.`, {
      cause: error,
    });
  }
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch((error: unknown) => {
    const message = `The prices in ${path} cannot be read: ${systemProblem(error)}.`;
    throw new ReplayError('invalid-option', message, { cause: error });
  });
}
