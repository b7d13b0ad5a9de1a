/** One value that a metric is grouped by; `undefined` when the label is absent. */
export type Label = string | undefined;

interface Branch<V> {
  readonly next: Map<Label, Branch<V>>;
  labels: V | undefined;
}

/**
 * A bounded memory of `make(values)` per combination of label values, so that equal labels are the identical object.
 * `values` reads them from a span. Nested maps find a known combination without building a key for it.
 */
export function labelIndex<S, V>(
  values: readonly ((span: S) => Label)[],
  make: (values: readonly Label[]) => V,
  limit = 4096,
): (span: S) => V {
  let root = branch<V>();
  let known = 0;
  return (span) => {
    let found = root;
    for (const value of values) found = follow(found, value(span));
    if (found.labels !== undefined) return found.labels;
    const made = make(values.map((value) => value(span)));
    found.labels = made;
    known += 1;
    if (known >= limit) {
      root = branch();
      known = 0;
    }
    return made;
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
  return { next: new Map(), labels: undefined };
}
