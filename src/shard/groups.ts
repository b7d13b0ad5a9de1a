/**
 * Who belongs together: a union-find over hashes of ids. A group is named by its smallest, so the name does not depend on
 * the order in which ties were found, and everyone who reads the same log finds the same name.
 */
export interface Groups {
  tie(a: number, b: number): void;
  /** The name of the id's group; an id that was tied to no other is its own. */
  nameOf(id: number): number;
  /** All ties as a flat list of id and name, to `tie` them elsewhere. */
  pairs(): Int32Array<ArrayBuffer>;
}

export function createGroups(): Groups {
  /** From an id to a smaller one of its group. Ids that were never tied to another are not kept. */
  const smaller = new Map<number, number>();

  function nameOf(id: number): number {
    let name = smaller.get(id);
    if (name === undefined) return id;
    for (let next = smaller.get(name); next !== undefined; next = smaller.get(name)) name = next;
    // What was a long way once is short from now on.
    for (let step = id; step !== name; ) {
      const next = smaller.get(step) ?? name;
      smaller.set(step, name);
      step = next;
    }
    return name;
  }

  return {
    nameOf,
    tie(a, b) {
      const [one, other] = [nameOf(a), nameOf(b)];
      if (one < other) smaller.set(other, one);
      else if (other < one) smaller.set(one, other);
    },
    pairs() {
      const pairs = new Int32Array(2 * smaller.size);
      let at = 0;
      for (const id of smaller.keys()) {
        pairs[at] = id;
        pairs[at + 1] = nameOf(id);
        at += 2;
      }
      return pairs;
    },
  };
}

export function tiePairs(groups: Groups, pairs: Int32Array): void {
  for (let at = 0; at < pairs.length; at += 2) groups.tie(pairs[at] ?? 0, pairs[at + 1] ?? 0);
}
