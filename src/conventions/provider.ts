import { boundedCache } from '../model/bounded-cache.ts';
import type { Endpoint } from '../model/span.ts';

/** Words of Hermes for providers whose `gen_ai.provider.name` in the semantic conventions is another word. */
const SEMANTIC_NAMES: ReadonlyMap<string, string> = new Map([
  ['claude', 'anthropic'],
  ['openai-codex', 'openai'],
  ['bedrock', 'aws.bedrock'],
  ['aws-bedrock', 'aws.bedrock'],
  ['aws', 'aws.bedrock'],
  ['gemini', 'gcp.gemini'],
  ['google', 'gcp.gemini'],
  ['google-gemini-cli', 'gcp.gemini'],
  ['vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['azure', 'azure.ai.openai'],
  ['azure-openai', 'azure.ai.openai'],
  ['azure-foundry', 'azure.ai.inference'],
  ['xai', 'x_ai'],
  ['x-ai', 'x_ai'],
  ['grok', 'x_ai'],
  ['mistral', 'mistral_ai'],
  ['mistralai', 'mistral_ai'],
  ['moonshot', 'moonshot_ai'],
  ['moonshotai', 'moonshot_ai'],
  ['kimi', 'moonshot_ai'],
  ['kimi-coding', 'moonshot_ai'],
]);

/** Providers by the end of their host name, for calls without a provider. */
const HOSTS: readonly (readonly [string, string])[] = [
  ['anthropic.com', 'anthropic'],
  ['openai.azure.com', 'azure.ai.openai'],
  ['services.ai.azure.com', 'azure.ai.inference'],
  ['openai.com', 'openai'],
  ['chatgpt.com', 'openai'],
  ['amazonaws.com', 'aws.bedrock'],
  ['aiplatform.googleapis.com', 'gcp.vertex_ai'],
  ['generativelanguage.googleapis.com', 'gcp.gemini'],
  ['deepseek.com', 'deepseek'],
  ['groq.com', 'groq'],
  ['mistral.ai', 'mistral_ai'],
  ['x.ai', 'x_ai'],
  ['perplexity.ai', 'perplexity'],
  ['cohere.com', 'cohere'],
  ['cohere.ai', 'cohere'],
  ['moonshot.ai', 'moonshot_ai'],
  ['moonshot.cn', 'moonshot_ai'],
  ['openrouter.ai', 'openrouter'],
  ['nousresearch.com', 'nous'],
  ['z.ai', 'zai'],
  ['minimax.io', 'minimax'],
  ['fireworks.ai', 'fireworks'],
  ['together.xyz', 'together'],
  ['cerebras.ai', 'cerebras'],
];

/** The vendor whose API a call speaks, by Hermes's `api_mode`. */
const API_MODES: ReadonlyMap<string, string> = new Map([
  ['anthropic_messages', 'anthropic'],
  ['chat_completions', 'openai'],
  ['codex_responses', 'openai'],
  ['bedrock_converse', 'aws.bedrock'],
]);

/**
 * The value of `gen_ai.provider.name`, which the semantic conventions require: by Hermes's provider, else by host, else
 * by API mode. Words that both share (`anthropic`, `groq`…) and words that only Hermes has (`openrouter`) stay.
 * `custom` is Hermes's word for any other endpoint, so a known host is the better answer.
 */
export function providerOf(endpoint: Endpoint): string | undefined {
  const { provider, baseUrl, apiMode } = endpoint;
  if (provider !== undefined && provider !== 'custom') return SEMANTIC_NAMES.get(provider) ?? provider;
  const byHost = baseUrl === undefined ? undefined : serverOf(baseUrl).provider;
  return byHost ?? provider ?? API_MODES.get(apiMode ?? '');
}

/** The server of a call, from its base URL: never its path, its query or its credentials. */
export interface Server {
  /** Host name or address (IPv6 without brackets); `undefined` when the URL has none. */
  readonly address: string | undefined;
  /** The URL's port, else its scheme's; `undefined` for schemes other than http and https. */
  readonly port: number | undefined;
  /** The provider that this host belongs to; `undefined` for others. */
  readonly provider: string | undefined;
}

const NO_SERVER: Server = { address: undefined, port: undefined, provider: undefined };
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/** A base URL without a scheme (`localhost:8080/v1`, as configurations have it) is read as http. */
export const serverOf = boundedCache((baseUrl): Server => {
  const text = baseUrl.includes('://') ? baseUrl : `http://${baseUrl}`;
  if (!URL.canParse(text)) return NO_SERVER;
  const { hostname, port, protocol } = new URL(text);
  if (hostname === '') return NO_SERVER;
  return {
    address: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
    provider: HOSTS.find(([end]) => hostname === end || hostname.endsWith(`.${end}`))?.[1],
  };
});
