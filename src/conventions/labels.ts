import type { Attributes } from '../model/otel.ts';

/** One value that a metric is grouped by; `undefined` when the label is absent. */
type Label = string | number | boolean | undefined;

interface Branch<V> {
  readonly next: Map<Label, Branch<V>>;
  made: V | undefined;
}

/** More combinations of values start the memory anew. */
const MOST_KNOWN = 4096;

/**
 * The labels of a span, after those in `fixed`, as read from it by name. Equal labels are the identical object, or what `make`
 * made of it. Nested maps find a known combination of values without building a key for it.
 */
export function labelIndex<S, V>(
  fixed: Attributes,
  readers: Readonly<Record<string, (span: S) => Label>>,
  make: (labels: Attributes) => V,
): (span: S) => V {
  const named = Object.entries(readers);
  const values = Object.values(readers);
  let root = branch<V>();
  let known = 0;
  return (span) => {
    let found = root;
    for (const value of values) found = follow(found, value(span));
    if (found.made !== undefined) return found.made;
    const labels = { ...fixed };
    for (const [name, value] of named) {
      const label = value(span);
      if (label !== undefined) labels[name] = label;
    }
    found.made = make(labels);
    known += 1;
    if (known < MOST_KNOWN) return found.made;
    root = branch();
    known = 0;
    return found.made;
  };
}

function follow<V>(from: Branch<V>, value: Label): Branch<V> {
  const found = from.next.get(value);
  if (found !== undefined) return found;
  const made = branch<V>();
  from.next.set(value, made);
  return made;
}

function branch<V>(): Branch<V> {
  return { next: new Map(), made: undefined };
}

export function itself(labels: Attributes): Attributes {
  return labels;
}
