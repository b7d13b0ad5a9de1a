/**
 * A bounded memory of `make(key)` for keys that repeat (models, tools, base URLs). A log can hold any number of
 * different keys, so a full cache is cleared and filled again.
 */
export function boundedCache<V>(make: (key: string) => V, limit = 1024): (key: string) => V {
  const known = new Map<string, V>();
  return (key) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(key);
    if (known.size >= limit) known.clear();
    known.set(key, made);
    return made;
  };
}
