import { isJsonObject, type JsonObject, type JsonValue } from '../model/json.ts';
import type { Dialect, Envelope, LineFacts } from '../model/line.ts';
import { readerOf } from './hooks.ts';
import { isSince020, unknownAmong } from './known-fields.ts';
import { nameOf } from './parse-body.ts';

/**
 * The envelope, dialect and odd fields of a line. Apart from `parseLine`, which must be fast and needs none of it.
 * `undefined` for a line that is no hook call.
 */
export function inspectLine(text: string): LineFacts | undefined {
  const body = objectIn(text);
  const hook = body === undefined ? undefined : nameOf(body);
  if (body === undefined || hook === undefined) return undefined;
  const extra = isJsonObject(body.extra) ? body.extra : {};
  const names = [...Object.keys(body), ...Object.keys(extra)];
  const fields = new Set(names.filter((name) => isSent(body, name) || isSent(extra, name)));
  return {
    envelope: envelopeOf(body),
    hook,
    dialect: dialectOf(hook, fields),
    schemaVersion: stringOf(body.telemetry_schema_version ?? extra.telemetry_schema_version),
    unknownFields: unknownAmong(hook, names),
    deliveryId: stringOf(body.delivery_id),
  };
}

function objectIn(text: string): JsonObject | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function envelopeOf(body: JsonObject): Envelope {
  if (body.delivery_id !== undefined) return 'webhook';
  return isJsonObject(body.extra) ? 'shell' : 'flat';
}

/** By what a line has, never by what it lacks, where that can be helped: a recorder may leave fields out. */
function dialectOf(hook: string, fields: ReadonlySet<string>): Dialect {
  if (readerOf(hook) === undefined) return 'unknown';
  if (isSince020(hook, fields)) return '0.20 or newer';
  if (SINCE_0_16.some((field) => fields.has(field))) return '0.16 or newer';
  if (!TURN_SINCE_0_16.has(hook)) return 'unknown';
  if (hook === 'post_tool_call') return fields.has('duration_ms') ? '0.12 to 0.15' : '0.11 or older';
  return 'before 0.16';
}

/** Hooks that since 0.16 always say their turn: without one, and without a schema version, they are older. */
const TURN_SINCE_0_16 = new Set([
  'pre_llm_call',
  'post_llm_call',
  'pre_api_request',
  'post_api_request',
  'pre_tool_call',
  'post_tool_call',
]);

const SINCE_0_16 = ['telemetry_schema_version', 'turn_id', 'api_request_id', 'child_session_id'];

function isSent(fields: JsonObject, name: string): boolean {
  const value = Object.hasOwn(fields, name) ? fields[name] : null;
  return value !== undefined && value !== null && value !== '';
}

function stringOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
