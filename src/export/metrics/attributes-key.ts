import type { Attributes } from '../../model/otel.ts';

/** The same for the same attributes in any order, and for no others. */
export function attributesKey(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** What the specification calls the series of all that came after there were too many. */
export const OVERFLOW: Attributes = { 'otel.metric.overflow': true };
