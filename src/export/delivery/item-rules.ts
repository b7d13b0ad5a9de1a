import type { Signal } from '../../model/sink.ts';
import type { RequestEncoder } from '../encode/request-encoder.ts';

/** What delivery must know of a signal's items. */
export interface ItemRules<Item> {
  readonly signal: Signal;
  /** How many the account counts for it. */
  weight(item: Item): number;
  newEncoder(): RequestEncoder<Item>;
  /** The items as one line of OTLP/JSON, without its line end. */
  toLine(items: readonly Item[]): string;
  /** An item too large for any request, made smaller; `undefined` when it cannot be. */
  reduce(item: Item): Reduced<Item> | undefined;
}

interface Reduced<Item> {
  readonly items: readonly Item[];
  /** One sentence when something was lost by it. */
  readonly loss: string | undefined;
}
