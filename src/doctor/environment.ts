/** Checks of the environment: which variables have an effect, and where they contradict each other. */
import { type Finding, fail, finding, ok, type Verdict, warn } from './finding.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Many programs read only the lower-case names. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'all_proxy'] as const;

/** Variables that OpenTelemetry's SDKs read and this program does not. */
const SDK_ONLY = [
  'OTEL_SDK_DISABLED',
  'OTEL_TRACES_EXPORTER',
  'OTEL_METRICS_EXPORTER',
  'OTEL_TRACES_SAMPLER',
] as const;

/** Whether a value may be shown. */
const KNOWN: Readonly<Record<string, 'shown' | 'secret'>> = {
  HERMES_HOME: 'shown',
  HERMES_OTEL_ENABLED: 'shown',
  HERMES_OTEL_EXPORTER: 'shown',
  HERMES_OTEL_CAPTURE_CONTENT: 'shown',
  HERMES_OTEL_CONVENTIONS: 'shown',
  HERMES_OTEL_TOKEN: 'secret',
  OTEL_SERVICE_NAME: 'shown',
  OTEL_RESOURCE_ATTRIBUTES: 'secret',
  OTEL_METRIC_EXPORT_INTERVAL: 'shown',
  ...Object.fromEntries(PROXIES.map((name) => [name, 'secret'] as const)),
  ...Object.fromEntries(SDK_ONLY.map((name) => [name, 'shown'] as const)),
};

/** Every other `OTEL_EXPORTER_OTLP_*` may hold a secret, or a URL with one. */
const HARMLESS = /_(PROTOCOL|COMPRESSION|TIMEOUT|TEMPORALITY_PREFERENCE|CERTIFICATE|CLIENT_KEY)$/;
const OURS = /^(HERMES_OTEL_|OTEL_EXPORTER_OTLP_)/;

/**
 * Lists the variables that have an effect, then the misspelt and the contradictory ones.
 * @param known every variable that a flag or the specification defines
 */
export function checkEnvironment(
  env: Env,
  exporters: readonly string[],
  known: readonly string[],
): readonly Finding[] {
  const seen = Object.keys(env)
    .filter((name) => isSet(env, name) && (name in KNOWN || OURS.test(name)))
    .sort();
  const list = seen.map((name) => shown(env, name)).join(', ');
  return [
    ok(seen.length === 0 ? 'No variable is set.' : list),
    ...misspelt(seen, known),
    ...switches(env),
    ...endpoints(env, exporters),
    ...otlpSettings(env, exporters),
  ].map((verdict) => finding('Environment', verdict));
}

/** An empty variable counts as unset, as OpenTelemetry specifies. */
function isSet(env: Env, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}

function shown(env: Env, name: string): string {
  const harmless =
    KNOWN[name] === 'shown' ||
    HARMLESS.test(name) ||
    (OURS.test(name) && !(name in KNOWN) && name.startsWith('HERMES_'));
  const url = /_ENDPOINT$/.test(name) ? withoutSecrets(env[name]) : undefined;
  return `${name}=${harmless ? env[name] : (url ?? '***')}`;
}

/** A URL without user, password, query and fragment; `undefined` when `text` is not a URL. */
function withoutSecrets(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

function misspelt(seen: readonly string[], known: readonly string[]): readonly Verdict[] {
  return seen
    .filter((name) => name.startsWith('HERMES_OTEL_') && !(name in KNOWN) && !known.includes(name))
    .map((name) =>
      warn(
        `${name} is not a variable of this program.`,
        'Check its spelling: `hermes-otel replay --help` lists every variable.',
      ),
    );
}

function* switches(env: Env): Generator<Verdict> {
  if (/^(false|0|no)$/i.test((env.HERMES_OTEL_ENABLED ?? '').trim()))
    yield fail('HERMES_OTEL_ENABLED is false: nothing is done.', 'Unset it, or set it to true.');
  if (/^(true|1|yes)$/i.test((env.HERMES_OTEL_CAPTURE_CONTENT ?? '').trim()))
    yield warn(
      'Messages, arguments and results are sent.',
      'Unset HERMES_OTEL_CAPTURE_CONTENT if that is not wanted.',
    );
  if (PROXIES.some((name) => isSet(env, name)))
    yield ok('Receivers over HTTP are reached through the proxy, except NO_PROXY and this machine.');
  const ignored = SDK_ONLY.filter((name) => isSet(env, name));
  if (ignored.length > 0)
    yield warn(
      `${ignored.join(' and ')} ${ignored.length === 1 ? 'has' : 'have'} no effect here.`,
      'A replay sends everything to the exporters of -e; HERMES_OTEL_ENABLED=false turns it off.',
    );
}

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const endpointOf = (signal: string) => `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;

function* endpoints(env: Env, exporters: readonly string[]): Generator<Verdict> {
  if (isSet(env, ENDPOINT) && !exporters.some((name) => name.startsWith('otlp')))
    yield warn(
      `An OTLP endpoint is set, but the exporter is ${exporters.join(', ')}: nothing is sent there.`,
      'Add `-e otlp`, or set HERMES_OTEL_EXPORTER=otlp.',
    );
  if (/\/v1\/(traces|metrics)\/?$/.test(env[ENDPOINT] ?? ''))
    yield fail(
      `${ENDPOINT} ends with the path of a signal, which is added to it a second time.`,
      `Give the base address only, or set ${endpointOf('TRACES')}, which is used unchanged.`,
    );
  for (const signal of ['TRACES', 'METRICS']) {
    const value = env[endpointOf(signal)] ?? '';
    if (!URL.canParse(value) || new URL(value).pathname !== '/') continue;
    yield warn(
      `${endpointOf(signal)} has no path, and is used unchanged.`,
      `Append /v1/${signal.toLowerCase()}, unless the receiver takes data at its root.`,
    );
  }
  yield* onlyOneSignal(env);
}

/** The other signal goes to localhost, where usually nothing listens. */
function* onlyOneSignal(env: Env): Generator<Verdict> {
  const traces = isSet(env, endpointOf('TRACES'));
  if (isSet(env, ENDPOINT) || traces === isSet(env, endpointOf('METRICS'))) return;
  const [set, other] = traces ? ['traces', 'metrics'] : ['metrics', 'traces'];
  yield warn(
    `Only ${set} have an endpoint; ${other} go to this machine.`,
    `Set ${endpointOf(other?.toUpperCase() ?? '')} too, or turn that signal off: --no-${other}.`,
  );
}

function* otlpSettings(env: Env, exporters: readonly string[]): Generator<Verdict> {
  if (isSet(env, 'OTEL_SERVICE_NAME') && /(^|,)\s*service\.name=/.test(env.OTEL_RESOURCE_ATTRIBUTES ?? ''))
    yield warn(
      'Two service names are set; OTEL_SERVICE_NAME takes precedence.',
      'Remove service.name from OTEL_RESOURCE_ATTRIBUTES.',
    );
  const protocol = env.OTEL_EXPORTER_OTLP_PROTOCOL ?? '';
  if (exporters.includes('otlp_grpc') && /^http/i.test(protocol))
    yield warn(
      `OTEL_EXPORTER_OTLP_PROTOCOL is ${protocol}, but the exporter is otlp_grpc, which takes precedence.`,
      'Unset it, or use `-e otlp`.',
    );
  if (isSet(env, 'HERMES_OTEL_TOKEN') && /(^|,)\s*token\s*=/i.test(env.OTEL_EXPORTER_OTLP_HEADERS ?? ''))
    yield warn(
      'The header `token` is set twice; OTEL_EXPORTER_OTLP_HEADERS takes precedence over HERMES_OTEL_TOKEN.',
      'Unset one of them.',
    );
  const timeout = env.OTEL_EXPORTER_OTLP_TIMEOUT;
  if (isSet(env, 'OTEL_EXPORTER_OTLP_TIMEOUT') && Number(timeout) < 1000)
    yield warn(
      `OTEL_EXPORTER_OTLP_TIMEOUT is ${timeout} ms: less than a second.`,
      'Its unit is milliseconds: 10000 are ten seconds.',
    );
}
