/**
 * Receivers: which names each reads, and what else it wants. test/receivers holds what is known of each, as code; this
 * table is what those tests prove. Hosts are the user's own, so none is in here.
 */
import type { Attributes } from '../model/otel.ts';
import type { AgentSpan } from '../model/span.ts';
import type { ConventionName } from './names.ts';
import { providerOf } from './provider.ts';

export const RECEIVER_NAMES = [
  'langfuse',
  'phoenix',
  'signoz',
  'langsmith',
  'datadog',
  'honeycomb',
  'mlflow',
  'jaeger',
  'tempo',
] as const;
export type ReceiverName = (typeof RECEIVER_NAMES)[number];

export interface Receiver {
  readonly conventions: readonly ConventionName[];
  /** Added to an endpoint that has no path of its own. */
  readonly path: string;
  /** False: it takes traces alone. */
  readonly metrics: boolean;
  readonly tracePer: 'session' | 'turn';
  /** Headers with a fixed value. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of headers that carry the user's key or the name of a project. */
  readonly keys: readonly string[];
  /** Where it listens on this machine; `undefined` for the standard's port, or for a hosted service. */
  readonly localEndpoint?: string;
  /** Adds what only this receiver reads, and removes what it misreads. */
  readonly adapt?: (span: AgentSpan, attributes: Attributes) => void;
}

const STANDARD: Receiver = {
  conventions: ['gen-ai'],
  path: '',
  metrics: false,
  tracePer: 'session',
  headers: {},
  keys: [],
};

export const RECEIVERS: Readonly<Record<ReceiverName, Receiver>> = {
  langfuse: {
    ...STANDARD,
    path: '/api/public/otel',
    // Without it, spans show up to ten minutes late.
    headers: { 'x-langfuse-ingestion-version': '4' },
    keys: ['authorization'],
    adapt: langfuse,
  },
  phoenix: {
    ...STANDARD,
    conventions: ['openinference'],
    keys: ['authorization'],
    localEndpoint: 'http://localhost:6006',
  },
  signoz: { ...STANDARD, metrics: true, keys: ['signoz-ingestion-key'], adapt: signoz },
  langsmith: {
    ...STANDARD,
    path: '/otel',
    keys: ['x-api-key', 'langsmith-project'],
    adapt: langsmith,
  },
  datadog: { ...STANDARD, headers: { 'dd-otlp-source': 'llmobs' }, keys: ['dd-api-key'] },
  honeycomb: { ...STANDARD, metrics: true, keys: ['x-honeycomb-team'] },
  mlflow: {
    ...STANDARD,
    keys: ['x-mlflow-experiment-id'],
    localEndpoint: 'http://localhost:5000',
  },
  jaeger: { ...STANDARD, conventions: ['hermes'] },
  // It refuses traces of more than 5 MB.
  tempo: { ...STANDARD, tracePer: 'turn' },
};

/** Langfuse shows the time to the first token from an attribute of its own, a moment instead of a duration. */
function langfuse(span: AgentSpan, a: Attributes): void {
  if (span.kind !== 'api_call' || span.timeToFirstChunkMicros === undefined) return;
  // biome-ignore lint/style/noRestrictedGlobals: a time of the log, written as text; no clock is read.
  const moment = new Date((span.startTime + span.timeToFirstChunkMicros) / 1000);
  a['langfuse.observation.completion_start_time'] = moment.toISOString();
}

/** SigNoz counts each span with a request model as a model call. */
function signoz(span: AgentSpan, a: Attributes): void {
  if (span.kind === 'turn' || span.kind === 'subagent') {
    delete a['gen_ai.request.model'];
    if (span.model !== undefined) a['hermes.model'] = span.model;
  }
  const firstChunk = a['gen_ai.response.time_to_first_chunk'];
  if (firstChunk !== undefined) a['gen_ai.server.ttft'] = firstChunk;
}

/** LangSmith reads the provider under its old name, and groups threads by an attribute of its own. */
function langsmith(span: AgentSpan, a: Attributes): void {
  a['langsmith.trace.session_id'] = span.sessionId;
  if (span.kind !== 'api_call' && span.kind !== 'auxiliary_call') return;
  const provider = providerOf(span);
  if (provider !== undefined) a['gen_ai.system'] = provider;
  const reasoning = span.answered ? span.usage?.reasoningTokens : undefined;
  if (reasoning !== undefined) a['gen_ai.usage.details.reasoning_tokens'] = reasoning;
}
