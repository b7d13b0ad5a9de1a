import type { Attributes } from '../../model/otel.ts';

/** The same for the same attributes in any order. */
export function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
