/**
 * What receivers make of a span: for each, the part of its converter or of its documented rule that decides, in our own
 * words. Where one is not documented, its judge does not guess: the aspect is not among `shows`.
 */
import type { Attributes, AttributeValue, OtelSpan } from '../../src/model/otel.ts';
import { STATUS_CODE } from '../../src/model/otel.ts';

export type Kind = 'call' | 'agent' | 'tool' | 'other';

/** What one receiver shows of one span. A field that it does not find is `undefined`. */
export interface Reading {
  readonly kind?: Kind;
  readonly tokens?: Tokens;
  readonly cost?: number | undefined;
  readonly session?: string | undefined;
  readonly user?: string | undefined;
  readonly input?: string | undefined;
  readonly output?: string | undefined;
  readonly provider?: string | undefined;
  readonly error?: boolean;
}

/** `input` is all input, cached tokens included, as the receiver adds it up. */
export interface Tokens {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly reasoning?: number | undefined;
}

export type Aspect =
  | 'kinds'
  | 'tokens'
  | 'cached'
  | 'reasoning'
  | 'cost'
  | 'session'
  | 'user'
  | 'text'
  | 'provider'
  | 'errors';

export interface Judge {
  /** Where the rule is from. */
  readonly source: string;
  /** What it has a place for. Cost is absent where the receiver computes its own. */
  readonly shows: readonly Aspect[];
  readonly read: (span: OtelSpan) => Reading;
}

function number(value: AttributeValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'object' && 'double' in value ? value.double : undefined;
}

function text(value: AttributeValue | undefined): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function first(a: Attributes, names: readonly string[]): string | undefined {
  return names.map((name) => text(a[name])).find((value) => value !== undefined);
}

const isError = ({ status }: OtelSpan) => status.code === STATUS_CODE.error;

const OPERATIONS: Readonly<Record<string, Kind>> = {
  chat: 'call',
  text_completion: 'call',
  generate_content: 'call',
  invoke_agent: 'agent',
  create_agent: 'agent',
  execute_tool: 'tool',
};

const OPEN_INFERENCE: Readonly<Record<string, Kind>> = {
  LLM: 'call',
  AGENT: 'agent',
  CHAIN: 'agent',
  TOOL: 'tool',
};

const kindOf = (table: Readonly<Record<string, Kind>>, value: AttributeValue | undefined) =>
  typeof value === 'string' ? table[value] : undefined;

/** The text parts of messages in the standard's JSON; `undefined` when it does not parse, or lacks what the schema wants. */
function messageText(value: AttributeValue | undefined, isOutput = false): string | undefined {
  if (typeof value !== 'string') return undefined;
  const messages: unknown = JSON.parse(value);
  if (!Array.isArray(messages)) return undefined;
  const valid = messages.every(
    (message) => message.role && Array.isArray(message.parts) && (!isOutput || message.finish_reason),
  );
  return valid ? JSON.stringify(messages.flatMap(({ parts }) => parts)) : undefined;
}

/** Tokens under the names of the standard, which include cached ones in the input. */
function standardTokens(a: Attributes, cacheWrites: readonly string[]): Tokens {
  return {
    input: number(a['gen_ai.usage.input_tokens']),
    output: number(a['gen_ai.usage.output_tokens']),
    cacheRead: number(a['gen_ai.usage.cache_read.input_tokens']),
    cacheWrite: cacheWrites.map((name) => number(a[name])).find((count) => count !== undefined),
    reasoning: number(a['gen_ai.usage.reasoning.output_tokens']),
  };
}

const CREATION = 'gen_ai.usage.cache_creation.input_tokens';
const WRITE = 'gen_ai.usage.cache_write.input_tokens';

function openInferenceTokens(a: Attributes): Tokens {
  return {
    input: number(a['llm.token_count.prompt']),
    output: number(a['llm.token_count.completion']),
    cacheRead: number(a['llm.token_count.prompt_details.cache_read']),
    cacheWrite: number(a['llm.token_count.prompt_details.cache_write']),
    reasoning: number(a['llm.token_count.completion_details.reasoning']),
  };
}

const standardInput = (a: Attributes) =>
  messageText(a['gen_ai.input.messages']) ?? text(a['gen_ai.tool.call.arguments']);
const standardOutput = (a: Attributes) =>
  messageText(a['gen_ai.output.messages'], true) ?? text(a['gen_ai.tool.call.result']);

/** Any attribute of a model makes a span a generation, unless something says what else it is. */
function langfuseKind(a: Attributes): Kind {
  const said =
    kindOf(OPEN_INFERENCE, a['openinference.span.kind']) ?? kindOf(OPERATIONS, a['gen_ai.operation.name']);
  if (said !== undefined) return said;
  if (first(a, ['gen_ai.tool.name', 'gen_ai.tool.call.id']) !== undefined) return 'tool';
  const model = first(a, ['gen_ai.request.model', 'gen_ai.response.model', 'llm.model_name', 'model']);
  return model === undefined ? 'other' : 'call';
}

/** It has one number per kind of token, whichever convention it comes from, and takes the cached ones off the input. */
function langfuseTokens(a: Attributes): Tokens {
  const found = merged(openInferenceTokens(a), standardTokens(a, [CREATION, WRITE]));
  if (found.input === undefined) return found;
  const cached = (found.cacheRead ?? 0) + (found.cacheWrite ?? 0);
  return { ...found, input: Math.max(0, found.input - cached) + cached };
}

function merged(a: Tokens, b: Tokens): Tokens {
  return {
    input: a.input ?? b.input,
    output: a.output ?? b.output,
    cacheRead: a.cacheRead ?? b.cacheRead,
    cacheWrite: a.cacheWrite ?? b.cacheWrite,
    reasoning: a.reasoning ?? b.reasoning,
  };
}

function langfuse(span: OtelSpan): Reading {
  const a = span.attributes;
  return {
    kind: langfuseKind(a),
    tokens: langfuseTokens(a),
    cost: number(a['gen_ai.usage.cost']) ?? number(a['llm.cost.total']),
    session: first(a, ['langfuse.session.id', 'session.id', 'gen_ai.conversation.id']),
    user: first(a, ['langfuse.user.id', 'user.id']),
    input: text(a['input.value']) ?? standardInput(a),
    output: text(a['output.value']) ?? standardOutput(a),
    error: isError(span),
  };
}

/** What OpenInference says comes first; the rest is converted from the standard's names when spans arrive. */
function phoenix(span: OtelSpan): Reading {
  const a = span.attributes;
  const operation = a['gen_ai.operation.name'];
  const guessed = first(a, ['gen_ai.tool.call.id', 'gen_ai.tool.name'])
    ? 'tool'
    : first(a, ['gen_ai.input.messages', 'gen_ai.output.messages', 'gen_ai.request.model'])
      ? 'call'
      : undefined;
  const converted = operation === undefined ? guessed : kindOf(OPERATIONS, operation);
  // The conversion leaves reasoning out.
  const standard = { ...standardTokens(a, [CREATION]), reasoning: undefined };
  return {
    kind: kindOf(OPEN_INFERENCE, a['openinference.span.kind']) ?? converted ?? 'other',
    tokens: merged(openInferenceTokens(a), standard),
    session: first(a, ['session.id', 'gen_ai.conversation.id']),
    user: text(a['user.id']),
    input: text(a['input.value']) ?? standardInput(a),
    output: text(a['output.value']) ?? standardOutput(a),
    provider: text(a['llm.provider']) ?? first(a, ['gen_ai.provider.name', 'gen_ai.system']),
    error: isError(span),
  };
}

/** A request model makes a call, a tool's name makes a tool; it knows no other kinds. */
function signoz(span: OtelSpan): Reading {
  const a = span.attributes;
  return {
    kind:
      a['gen_ai.request.model'] !== undefined
        ? 'call'
        : a['gen_ai.tool.name'] !== undefined
          ? 'tool'
          : 'other',
    tokens: { ...standardTokens(a, [CREATION]), reasoning: undefined },
    cost: number(a['gen_ai.usage.cost']),
    session: text(a['gen_ai.conversation.id']),
    input: standardInput(a),
    output: standardOutput(a),
    error: isError(span),
  };
}

function langsmith(span: OtelSpan): Reading {
  const a = span.attributes;
  const operation = a['gen_ai.operation.name'];
  return {
    kind:
      kindOf(OPEN_INFERENCE, a['openinference.span.kind']) ??
      (text(a['gen_ai.tool.name']) ? 'tool' : undefined) ??
      // Everything else is a chain.
      (operation === 'chat' || operation === 'completion' ? 'call' : 'agent'),
    tokens: {
      input: number(a['gen_ai.usage.input_tokens']) ?? number(a['llm.token_count.prompt']),
      output: number(a['gen_ai.usage.output_tokens']) ?? number(a['llm.token_count.completion']),
      reasoning: number(a['gen_ai.usage.details.reasoning_tokens']),
    },
    session: text(a['langsmith.trace.session_id']),
    provider: first(a, ['gen_ai.system', 'llm.system']),
    input: text(a['input.value']) ?? standardInput(a),
    output: text(a['output.value']) ?? standardOutput(a),
    error: isError(span),
  };
}

/** Only the standard since 1.37: an operation and a provider make a span one of its own. */
function datadog(span: OtelSpan): Reading {
  const a = span.attributes;
  const kind = kindOf(OPERATIONS, a['gen_ai.operation.name']);
  const known = kind !== 'call' || a['gen_ai.provider.name'] !== undefined;
  return {
    kind: (known ? kind : undefined) ?? 'other',
    tokens: standardTokens(a, [CREATION, WRITE]),
    session: text(a['gen_ai.conversation.id']),
    provider: text(a['gen_ai.provider.name']),
    input: standardInput(a),
    output: standardOutput(a),
    error: isError(span),
  };
}

/** Its agent timeline counts by operation and groups by conversation; an agent needs a name. */
function honeycomb(span: OtelSpan): Reading {
  const a = span.attributes;
  const kind = kindOf(OPERATIONS, a['gen_ai.operation.name']) ?? 'other';
  return {
    kind: kind === 'agent' && a['gen_ai.agent.name'] === undefined ? 'other' : kind,
    tokens: standardTokens(a, [CREATION, WRITE]),
    session: text(a['gen_ai.conversation.id']),
    input: standardInput(a),
    output: standardOutput(a),
    error: isError(span),
  };
}

function mlflow(span: OtelSpan): Reading {
  const a = span.attributes;
  const kind =
    kindOf(OPERATIONS, a['gen_ai.operation.name']) ?? kindOf(OPEN_INFERENCE, a['openinference.span.kind']);
  return {
    kind: kind ?? 'other',
    tokens: merged(standardTokens(a, [WRITE, CREATION]), openInferenceTokens(a)),
    provider: first(a, ['gen_ai.provider.name', 'llm.provider']),
    input: standardInput(a) ?? text(a['input.value']),
    output: standardOutput(a) ?? text(a['output.value']),
    error: isError(span),
  };
}

/** They know no agents: attributes are tags to look at and to search, and a status is an error or none. */
function tags(span: OtelSpan): Reading {
  return {
    session: first(span.attributes, ['gen_ai.conversation.id', 'session.id', 'hermes.session.id']),
    error: isError(span),
  };
}

export const JUDGES = {
  langfuse: {
    source: 'langfuse `OtelIngestionProcessor.ts`, `ObservationTypeMapper.ts`',
    shows: ['kinds', 'tokens', 'cached', 'reasoning', 'cost', 'session', 'user', 'text', 'errors'],
    read: langfuse,
  },
  phoenix: {
    source: 'arize-phoenix 20.26.1 `trace/gen_ai/conversion.py`, `trace/otel.py`',
    shows: ['kinds', 'tokens', 'cached', 'reasoning', 'session', 'user', 'text', 'provider', 'errors'],
    read: phoenix,
  },
  signoz: {
    source: 'SigNoz documentation, AI observability: telemetry requirements',
    shows: ['kinds', 'tokens', 'cached', 'cost', 'session', 'text', 'errors'],
    read: signoz,
  },
  langsmith: {
    source: 'LangSmith documentation, trace with OpenTelemetry: attribute mapping',
    shows: ['kinds', 'tokens', 'reasoning', 'session', 'text', 'provider', 'errors'],
    read: langsmith,
  },
  datadog: {
    source: 'Datadog documentation, LLM Observability: OpenTelemetry instrumentation',
    shows: ['kinds', 'tokens', 'cached', 'session', 'text', 'provider', 'errors'],
    read: datadog,
  },
  honeycomb: {
    source: 'Honeycomb documentation, agent timeline',
    shows: ['kinds', 'tokens', 'session', 'text', 'errors'],
    read: honeycomb,
  },
  mlflow: {
    source: 'mlflow 3.17.2 `tracing/otel/translation/genai_semconv.py`, `open_inference.py`',
    shows: ['kinds', 'tokens', 'cached', 'text', 'provider', 'errors'],
    read: mlflow,
  },
  jaeger: { source: 'attributes are tags', shows: ['session', 'errors'], read: tags },
  tempo: { source: 'attributes are tags', shows: ['session', 'errors'], read: tags },
} as const satisfies Record<string, Judge>;
