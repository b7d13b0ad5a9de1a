import type { JsonValue } from '../model/json.ts';

/** Far more than any tool's arguments have, far less than `JSON.stringify` has stack for. */
const DEEPEST = 100;

/** True when lists and objects are nested more than 100 levels in `value`. */
export function isDeep(value: JsonValue | undefined, levels = DEEPEST): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Object.values(value)) {
    if (isDeep(inner, levels - 1)) return true;
  }
  return false;
}
