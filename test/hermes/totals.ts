/** Sums by session, from three witnesses: Hermes's own database, the recorded hooks, and the replayed spans. */
import { readFileSync } from 'node:fs';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/model/json.ts';

export interface Totals {
  readonly apiCalls: number;
  readonly toolCalls: number;
  /** Without what came from a cache. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
}

export type TotalsBySession = Readonly<Record<string, Totals>>;

const NONE: Totals = { apiCalls: 0, toolCalls: 0, inputTokens: 0, outputTokens: 0, cacheReadTokens: 0 };

export function totalsOfDatabase(sessions: readonly JsonObject[]): TotalsBySession {
  return Object.fromEntries(
    sessions.map((session) => [
      String(session.id),
      {
        apiCalls: number(session.api_call_count),
        toolCalls: number(session.tool_call_count),
        inputTokens: number(session.input_tokens),
        outputTokens: number(session.output_tokens),
        cacheReadTokens: number(session.cache_read_tokens),
      },
    ]),
  );
}

/** From the hooks of a log, in the plugin's form or in that of shell hooks. */
export function totalsOfHooks(lines: readonly JsonObject[]): TotalsBySession {
  const usage = (line: JsonObject) => object(field(line, 'usage'));
  return summed(
    lines.flatMap((line) => {
      const hook = line.event ?? line.hook_event_name;
      const session = String(line.session_id);
      if (hook === 'post_tool_call') return [[session, { ...NONE, toolCalls: 1 }]];
      if (hook !== 'post_api_request') return [];
      const { input_tokens, output_tokens, cache_read_tokens } = usage(line);
      const counts = { inputTokens: number(input_tokens), outputTokens: number(output_tokens) };
      return [[session, { ...NONE, ...counts, apiCalls: 1, cacheReadTokens: number(cache_read_tokens) }]];
    }),
  );
}

/** From the OTLP file of a replay: answered API calls and tool calls, by the session they name. */
export function totalsOfSpans(path: string): TotalsBySession {
  const requests = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const spans = requests.flatMap((request) => spansOf(JSON.parse(request)));
  return summed(
    spans.flatMap((span) => {
      const attributes = attributesOf(span);
      const session = String(attributes['hermes.session.id']);
      const kind = attributes['hermes.span.kind'];
      if (kind === 'TOOL') return [[session, { ...NONE, toolCalls: 1 }]];
      if (kind !== 'LLM' || attributes['gen_ai.usage.output_tokens'] === undefined) return [];
      const cacheReadTokens = number(attributes['hermes.cache.read_tokens']);
      // As Hermes counts it: without what came from a cache.
      const inputTokens = number(attributes['gen_ai.usage.input_tokens']);
      const outputTokens = number(attributes['gen_ai.usage.output_tokens']);
      return [[session, { ...NONE, apiCalls: 1, inputTokens, outputTokens, cacheReadTokens }]];
    }),
  );
}

/** A field of a hook, wherever its envelope puts it. */
export function field(line: JsonObject, name: string): JsonValue | undefined {
  return line[name] ?? object(line.extra)[name];
}

function summed(parts: readonly (readonly [string, Totals])[]): TotalsBySession {
  const sums: Record<string, Totals> = {};
  for (const [session, part] of parts) {
    const sum = sums[session] ?? NONE;
    sums[session] = {
      apiCalls: sum.apiCalls + part.apiCalls,
      toolCalls: sum.toolCalls + part.toolCalls,
      inputTokens: sum.inputTokens + part.inputTokens,
      outputTokens: sum.outputTokens + part.outputTokens,
      cacheReadTokens: sum.cacheReadTokens + part.cacheReadTokens,
    };
  }
  return sums;
}

function spansOf(request: JsonValue): readonly JsonObject[] {
  return list(object(request).resourceSpans)
    .flatMap((resource) => list(object(resource).scopeSpans))
    .flatMap((scope) => list(object(scope).spans))
    .map(object);
}

function attributesOf(span: JsonObject): JsonObject {
  return Object.fromEntries(
    list(span.attributes).map((attribute) => {
      const { key, value } = object(attribute);
      return [String(key), Object.values(object(value))[0] ?? null];
    }),
  );
}

function object(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function list(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

function number(value: JsonValue | undefined): number {
  return value === undefined || value === null ? 0 : Number(value);
}
