/** A map of limited size. The entry that was set longest ago leaves first. */
export interface Recent<V> {
  readonly limit: number;
  readonly values: Map<string, V>;
}

export function createRecent<V>(limit: number): Recent<V> {
  return { limit, values: new Map() };
}

export function remember<V>(recent: Recent<V>, key: string, value: V): void {
  recent.values.delete(key);
  recent.values.set(key, value);
  if (recent.values.size <= recent.limit) return;
  const oldest = recent.values.keys().next().value;
  if (oldest !== undefined) recent.values.delete(oldest);
}
