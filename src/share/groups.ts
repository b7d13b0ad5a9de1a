/**
 * Who belongs together: a union-find over ids. A group is named by its smallest id, so the name does not depend on the
 * order in which ties were found, and everyone who reads the same log finds the same name.
 */
export interface Groups {
  /** Says that these ids belong together. */
  tie(ids: readonly string[]): void;
  /** The name of the id's group; an id that was tied to no other is its own. */
  nameOf(id: string): string;
}

export function createGroups(): Groups {
  /** From an id to a smaller one of its group. Ids that were never tied to another are not kept. */
  const smaller = new Map<string, string>();

  function nameOf(id: string): string {
    let name = id;
    for (let next = smaller.get(name); next !== undefined; next = smaller.get(name)) name = next;
    return name;
  }

  function tieTwo(one: string, other: string): void {
    const a = nameOf(one);
    const b = nameOf(other);
    if (a < b) smaller.set(ownText(b), ownText(a));
    else if (b < a) smaller.set(ownText(a), ownText(b));
  }

  return {
    nameOf,
    tie(ids) {
      const [first, ...others] = ids;
      for (const other of others) if (first !== undefined && first !== other) tieTwo(first, other);
    },
  };
}

/** A part of a line keeps the whole line in memory; this is the part alone. */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}
