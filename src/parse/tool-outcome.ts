import type { ToolStatus } from '../model/event.ts';
import { isJsonObject, type JsonValue } from '../model/json.ts';
import { shallow } from './depth.ts';
import { type Fields, text, warn, wellFormed } from './fields.ts';

const KEY = '"error"';
const OPENING_BRACE = 0x7b;
const COLON = 0x3a;
const STATUSES: ReadonlySet<string> = new Set([
  'ok',
  'error',
  'blocked',
  'cancelled',
  'timeout',
] satisfies ToolStatus[]);

/**
 * Hermes's own status, except that `ok` gives way to an error that the result itself tells of. Before 0.16 there is
 * no status: then the result alone decides, and a null `error` is none (every good terminal result has one).
 */
export function toolStatus(fields: Fields, error: JsonValue | undefined): ToolStatus {
  const status = text(fields, 'status', fields.body.status, fields.extra.status);
  if (status === 'ok') return isTruthy(error) ? 'error' : 'ok';
  if (status !== undefined && isToolStatus(status)) return status;
  const derived = error === undefined ? 'ok' : 'error';
  if (status !== undefined) {
    warn(fields, 'unknown-status', `status is none that Hermes has: taken as ${derived} from the result`);
  }
  return derived;
}

/** The `error` of a result that is an object, or a string that holds one; `undefined` when there is none, or null. */
export function resultError(result: JsonValue | undefined): JsonValue | undefined {
  const value = typeof result === 'string' && mayHoldError(result) ? parsed(result) : result;
  return isJsonObject(value) ? (value.error ?? undefined) : undefined;
}

/** A string as it is, anything else as JSON. */
export function errorText(fields: Fields, error: JsonValue | undefined): string | undefined {
  if (error === undefined || error === '') return undefined;
  if (typeof error === 'string') return wellFormed(fields, 'error', error);
  return JSON.stringify(shallow(fields, 'error', error));
}

function isToolStatus(status: string): status is ToolStatus {
  return STATUSES.has(status);
}

/** As Hermes sees it, in Python: an empty string, list or object is no error either. */
function isTruthy(error: JsonValue | undefined): boolean {
  if (typeof error === 'object' && error !== null) return Object.keys(error).length > 0;
  return Boolean(error);
}

/**
 * False when `result` surely is no object with an error, which spares parsing it: results can be megabytes, and
 * nearly all say `"error": null` or nothing. (Inside a string the quotes around the key would be escaped.)
 */
function mayHoldError(result: string): boolean {
  if (result.charCodeAt(afterSpace(result, 0)) !== OPENING_BRACE) return false;
  for (let at = result.indexOf(KEY); at !== -1; at = result.indexOf(KEY, at + 1)) {
    const colon = afterSpace(result, at + KEY.length);
    if (result.charCodeAt(colon) !== COLON) continue;
    if (!result.startsWith('null', afterSpace(result, colon + 1))) return true;
  }
  return false;
}

/** The first place from `from` on that holds no JSON white space. */
function afterSpace(text: string, from: number): number {
  let at = from;
  let code = text.charCodeAt(at);
  while (code === 32 || (code >= 9 && code <= 13)) code = text.charCodeAt(++at);
  return at;
}

function parsed(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}
