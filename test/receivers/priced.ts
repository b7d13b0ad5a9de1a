import type { AgentSpan } from '../../src/model/span.ts';
import { loadPrices } from '../../src/prices/prices.ts';
import { replayText } from '../replayed.ts';

/** A log → its spans with content, and with the cost of each call from the built-in prices. */
export async function pricedText(text: string): Promise<readonly AgentSpan[]> {
  const prices = await loadPrices();
  const { spans } = replayText(text, { content: true });
  for (const span of spans) {
    if (span.kind !== 'api_call' && span.kind !== 'auxiliary_call') continue;
    const cost = prices.costOf(span);
    if (cost !== undefined) span.cost = cost;
  }
  return spans;
}
