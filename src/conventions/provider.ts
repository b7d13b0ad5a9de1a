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

/** Words that both share (`anthropic`, `groq`…) and words that only Hermes has (`openrouter`, `custom`) stay. */
export function semanticProvider(provider: string): string {
  return SEMANTIC_NAMES.get(provider) ?? provider;
}

/** The server of a call, from its base URL: never its path, its query or its credentials. */
export interface Server {
  /** Host name or address (IPv6 without brackets); `undefined` when the URL has none. */
  readonly address: string | undefined;
  /** The URL's port, else its scheme's; `undefined` for schemes other than http and https. */
  readonly port: number | undefined;
}

const NO_SERVER: Server = { address: undefined, port: undefined };
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/** A base URL without a scheme (`localhost:8080/v1`, as configurations have it) is read as http. */
export function serverOf(baseUrl: string): Server {
  const text = baseUrl.includes('://') ? baseUrl : `http://${baseUrl}`;
  if (!URL.canParse(text)) return NO_SERVER;
  const { hostname, port, protocol } = new URL(text);
  if (hostname === '') return NO_SERVER;
  return {
    address: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? DEFAULT_PORTS[protocol] : Number(port),
  };
}
