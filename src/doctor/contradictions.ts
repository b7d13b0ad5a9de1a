import { type Finding, fail, warn } from './finding.ts';
import { type Env, isSet, PROXIES, UNREAD } from './variables.ts';

const about = 'Environment';

type Rule = (env: Env, exporters: readonly string[]) => Finding | undefined;

/** Where things in the environment contradict each other, or have not the effect that their names promise. */
export function contradictions(env: Env, exporters: readonly string[]): readonly Finding[] {
  return RULES.flatMap((rule) => rule(env, exporters) ?? []);
}

const RULES: readonly Rule[] = [
  (env) =>
    /^(false|0|no)$/i.test((env.HERMES_OTEL_ENABLED ?? '').trim())
      ? fail(about, 'HERMES_OTEL_ENABLED is false: nothing is done.', 'Unset it, or set it to true.')
      : undefined,
  (env, exporters) =>
    isSet(env, 'OTEL_EXPORTER_OTLP_ENDPOINT') && !exporters.some((name) => name.startsWith('otlp'))
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
    isSet(env, 'OTEL_SERVICE_NAME') && /(^|,)\s*service\.name=/.test(env.OTEL_RESOURCE_ATTRIBUTES ?? '')
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
    PROXIES.some((name) => isSet(env, name))
      ? warn(
          about,
          'A proxy is set, and is not used.',
          'Let the receiver be reached directly, or through a Collector that is.',
        )
      : undefined,
  onlyOneSignal,
  (env, exporters) =>
    exporters.includes('otlp_grpc') && /^http/i.test(env.OTEL_EXPORTER_OTLP_PROTOCOL ?? '')
      ? warn(
          about,
          `OTEL_EXPORTER_OTLP_PROTOCOL is ${env.OTEL_EXPORTER_OTLP_PROTOCOL}, but the exporter is otlp_grpc, which wins.`,
          'Unset it, or use `-e otlp`.',
        )
      : undefined,
  (env) =>
    isSet(env, 'HERMES_OTEL_TOKEN') && /(^|,)\s*token\s*=/i.test(env.OTEL_EXPORTER_OTLP_HEADERS ?? '')
      ? warn(
          about,
          'The header `token` is set twice; OTEL_EXPORTER_OTLP_HEADERS wins over HERMES_OTEL_TOKEN.',
          'Unset the one that is wrong.',
        )
      : undefined,
  (env) =>
    isSet(env, 'OTEL_EXPORTER_OTLP_TIMEOUT') && Number(env.OTEL_EXPORTER_OTLP_TIMEOUT) < 1000
      ? warn(
          about,
          `OTEL_EXPORTER_OTLP_TIMEOUT is ${env.OTEL_EXPORTER_OTLP_TIMEOUT} ms: less than a second.`,
          'It is counted in milliseconds: 10000 are ten seconds.',
        )
      : undefined,
  (env) => {
    const unread = UNREAD.filter((name) => isSet(env, name));
    return unread.length === 0
      ? undefined
      : warn(
          about,
          `${unread.join(' and ')} ${unread.length === 1 ? 'has' : 'have'} no effect here.`,
          'A replay sends everything where -e says; HERMES_OTEL_ENABLED=false switches it off.',
        );
  },
];

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const endpointOf = (signal: string) => `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`;

/** The other one goes to this machine, where hardly anybody listens. */
function onlyOneSignal(env: Env): Finding | undefined {
  const signals = ['TRACES', 'METRICS'] as const;
  const [led, ...both] = signals.filter((signal) => isSet(env, endpointOf(signal)));
  if (isSet(env, ENDPOINT) || led === undefined || both.length > 0) return undefined;
  const other = led === 'TRACES' ? 'METRICS' : 'TRACES';
  return warn(
    about,
    `Only ${led.toLowerCase()} have an endpoint; ${other.toLowerCase()} go to this machine.`,
    `Set ${endpointOf(other)} too, or send none: --no-${other.toLowerCase()}.`,
  );
}

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
