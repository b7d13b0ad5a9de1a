/** Hermes's words for providers → `gen_ai.provider.name` of the semantic conventions, where the two differ. */
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

/** Words that are the same in both (`anthropic`, `groq`…) and words that only Hermes has (`openrouter`, `custom`) stay. */
export function semanticProvider(provider: string): string {
  return SEMANTIC_NAMES.get(provider) ?? provider;
}
