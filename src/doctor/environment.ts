import { type Finding, fail, ok, warn } from './finding.ts';

type Env = Readonly<Record<string, string | undefined>>;

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
  HTTP_PROXY: 'secret',
  HTTPS_PROXY: 'secret',
};

/** Every `OTEL_EXPORTER_OTLP_*` may hold a secret, or a URL with one, but for these. */
const HARMLESS = /_(PROTOCOL|COMPRESSION|TIMEOUT|TEMPORALITY_PREFERENCE|CERTIFICATE|CLIENT_KEY)$/;
const OURS = /^(HERMES_OTEL_|OTEL_EXPORTER_OTLP_)/;

/** What of the environment has an effect, and where two things in it contradict each other. */
export function checkEnvironment(
  env: Env,
  exporters: readonly string[],
  known: readonly string[],
): readonly Finding[] {
  const seen = Object.keys(env)
    .filter((name) => set(env, name) && (name in KNOWN || OURS.test(name)))
    .sort();
  const about = 'Environment';
  const summary = ok(
    about,
    seen.length === 0 ? 'No variable is set.' : seen.map((name) => shown(env, name)).join(', '),
  );
  const contradictions = RULES.flatMap((rule) => rule(env, exporters) ?? []);
  return [summary, ...misspelt(seen, known), ...contradictions];
}

function set(env: Env, name: string): boolean {
  return (env[name] ?? '').trim() !== '';
}

function shown(env: Env, name: string): string {
  const harmless =
    KNOWN[name] === 'shown' ||
    HARMLESS.test(name) ||
    (OURS.test(name) && !(name in KNOWN) && name.startsWith('HERMES_'));
  const url = /_ENDPOINT$/.test(name) ? originOf(env[name]) : undefined;
  return `${name}=${harmless ? env[name] : (url ?? '***')}`;
}

/** A URL without user, password, query and fragment; `undefined` when it is none. */
function originOf(text: string | undefined): string | undefined {
  if (text === undefined || !URL.canParse(text)) return undefined;
  const { protocol, host, pathname } = new URL(text);
  return `${protocol}//${host}${pathname === '/' ? '' : pathname}`;
}

/** @param known every variable that a flag or the specification gives a meaning */
function misspelt(seen: readonly string[], known: readonly string[]): readonly Finding[] {
  return seen
    .filter((name) => name.startsWith('HERMES_OTEL_') && !(name in KNOWN) && !known.includes(name))
    .map((name) =>
      warn(
        'Environment',
        `${name} is not known here.`,
        'Check its spelling: `hermes-otel replay --help` names every variable.',
      ),
    );
}

type Rule = (env: Env, exporters: readonly string[]) => Finding | undefined;
const about = 'Environment';

const RULES: readonly Rule[] = [
  (env) =>
    /^(false|0|no)$/i.test((env.HERMES_OTEL_ENABLED ?? '').trim())
      ? fail(about, 'HERMES_OTEL_ENABLED is false: nothing is done.', 'Unset it, or set it to true.')
      : undefined,
  (env, exporters) =>
    set(env, 'OTEL_EXPORTER_OTLP_ENDPOINT') && !exporters.some((name) => name.startsWith('otlp'))
      ? warn(
          about,
          `An OTLP endpoint is set, but the exporter is ${exporters.join(', ')}: nothing is sent there.`,
          'Add `-e otlp`, or set HERMES_OTEL_EXPORTER=otlp.',
        )
      : undefined,
  (env) =>
    /\/v1\/(traces|metrics)\/?$/.test(env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '')
      ? fail(
          about,
          "OTEL_EXPORTER_OTLP_ENDPOINT ends with a signal's path, and gets it added once more.",
          'Give the base address only: it is OTEL_EXPORTER_OTLP_TRACES_ENDPOINT that is used as it is.',
        )
      : undefined,
  (env) => signalWithoutPath(env, 'TRACES') ?? signalWithoutPath(env, 'METRICS'),
  (env) =>
    set(env, 'OTEL_SERVICE_NAME') && /(^|,)\s*service\.name=/.test(env.OTEL_RESOURCE_ATTRIBUTES ?? '')
      ? warn(
          about,
          'Two service names are set; OTEL_SERVICE_NAME wins.',
          'Take service.name out of OTEL_RESOURCE_ATTRIBUTES.',
        )
      : undefined,
  (env) =>
    /^(true|1|yes)$/i.test((env.HERMES_OTEL_CAPTURE_CONTENT ?? '').trim())
      ? warn(
          about,
          'Messages, arguments and results are sent along.',
          'Unset HERMES_OTEL_CAPTURE_CONTENT if that is not wanted.',
        )
      : undefined,
  (env) =>
    set(env, 'HTTP_PROXY') || set(env, 'HTTPS_PROXY')
      ? warn(
          about,
          'A proxy is set, and is not used.',
          'Let the receiver be reached directly, or through a Collector that is.',
        )
      : undefined,
];

function signalWithoutPath(env: Env, signal: 'TRACES' | 'METRICS'): Finding | undefined {
  const name = `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;
  const value = env[name] ?? '';
  if (!URL.canParse(value) || new URL(value).pathname !== '/') return undefined;
  const path = `/v1/${signal.toLowerCase()}`;
  return warn(
    about,
    `${name} has no path, and is used as it is.`,
    `Add ${path} to it, unless the receiver takes data at its root.`,
  );
}
