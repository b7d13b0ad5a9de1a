type Label = string | undefined;

/** Makes the labels of one combination of values; `undefined` means that the label is absent. */
export type LabelMaker<V> = (a: Label, b: Label, c: Label, d: Label, e: Label) => V;

interface Branch<V> {
  readonly next: Map<Label, Branch<V>>;
  labels: V | undefined;
}

/**
 * Remembers what `make` made for a combination of label values, so that equal labels are the identical object.
 * Spans come by the million and combinations are few: a walk through nested maps finds them without building a key.
 * The log decides how many combinations there are, so the memory is bounded and starts anew when it is full.
 */
export function labelIndex<V>(make: LabelMaker<V>, limit = 4096): (a: Label, ...rest: Label[]) => V {
  let root = branch<V>();
  let known = 0;
  return (a, b?: Label, c?: Label, d?: Label, e?: Label) => {
    const found = follow(follow(follow(follow(follow(root, a), b), c), d), e);
    if (found.labels !== undefined) return found.labels;
    const made = make(a, b, c, d, e);
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
