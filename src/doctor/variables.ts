export type Env = Readonly<Record<string, string | undefined>>;

/** An empty variable counts as unset, as the specification says. */
export function isSet(env: Env, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}

/** Many programs read the names in small letters only. */
export const PROXIES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
] as const;

/** Variables that steer OpenTelemetry's SDKs, and nothing here. */
export const UNREAD = [
  'OTEL_SDK_DISABLED',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_TRACES_SAMPLER',
] as const;
