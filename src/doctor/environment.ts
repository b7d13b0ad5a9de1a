import { contradictions } from './contradictions.ts';
import { type Finding, ok, warn } from './finding.ts';
import { type Env, isSet, PROXIES, UNREAD } from './variables.ts';

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
  ...Object.fromEntries(UNREAD.map((name) => [name, 'shown'] as const)),
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
    .filter((name) => isSet(env, name) && (name in KNOWN || OURS.test(name)))
    .sort();
  const about = 'Environment';
  const summary = ok(
    about,
    seen.length === 0 ? 'No variable is set.' : seen.map((name) => shown(env, name)).join(', '),
  );
  return [summary, ...misspelt(seen, known), ...contradictions(env, exporters)];
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
