import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import { type Fields, warn } from './fields.ts';

/** Far more than any tool's arguments have, far less than `JSON.stringify` has stack for. */
const DEEPEST = 100;

/** `undefined`, with a warning, for what is nested so deeply that it could not be written out again for want of stack. */
export function shallow<V extends JsonValue>(fields: Fields, key: string, value: V): V | undefined {
  if (!isDeep(value)) return value;
  warn(fields, 'too-deep', `${key} is nested more than ${DEEPEST} levels deep: left out`);
  return undefined;
}

function isDeep(value: JsonValue | undefined, levels = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  if (isJsonObject(value)) return hasDeep(value, levels - 1);
  return value.some((inner) => isDeep(inner, levels - 1));
}

/** By `for…in`, which makes no list: every tool call's arguments come through here. */
function hasDeep(object: JsonObject, levels: number): boolean {
  for (const key in object) {
    const inner = object[key];
    if (typeof inner === 'object' && isDeep(inner, levels)) return true;
  }
  return false;
}
