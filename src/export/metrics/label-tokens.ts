import type { Attributes } from '../../model/otel.ts';

/** Stands for one set of labels: the SDK builds a key from all attributes of each measurement, and this has but one. */
export interface LabelToken {
  readonly series: number;
  readonly [key: string]: number;
}

export interface LabelTokens {
  tokenOf(labels: Attributes): LabelToken;
  /** The labels that a token stands for; `undefined` for none of ours. */
  labelsOf(series: unknown): Attributes | undefined;
  /** How many sets of labels there are. */
  size(): number;
}

/** Equal labels have the same token; the identical object is found without building a key. */
export function createLabelTokens(): LabelTokens {
  const known: Attributes[] = [];
  const byObject = new WeakMap<Attributes, LabelToken>();
  const byKey = new Map<string, LabelToken>();

  function makeToken(labels: Attributes): LabelToken {
    const token = { series: known.length };
    known.push(labels);
    return token;
  }

  return {
    tokenOf(labels) {
      const found = byObject.get(labels);
      if (found !== undefined) return found;
      const key = keyOf(labels);
      const token = byKey.get(key) ?? makeToken(labels);
      byKey.set(key, token);
      byObject.set(labels, token);
      return token;
    },
    labelsOf: (series) => (typeof series === 'number' ? known[series] : undefined),
    size: () => known.length,
  };
}

/** The same for the same attributes in any order. */
export function keyOf(attributes: Attributes): string {
  return JSON.stringify(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}
