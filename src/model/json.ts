/** Any value that `JSON.parse` can return. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: JsonValue | undefined;
}

/** True for `{…}`, false for arrays, null and scalars. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a text; `undefined` for a text that is no JSON. */
export function parseJson(
  text: string,
  reviver?: (key: string, value: JsonValue) => JsonValue | undefined,
): JsonValue | undefined {
  try {
    const value: JsonValue | undefined = JSON.parse(text, reviver);
    return value;
  } catch {
    return undefined;
  }
}

/** Truth as in Python, where Hermes decides whether a tool failed: an empty string, list or object is no error either. */
export function isTruthy(value: JsonValue | undefined): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}
