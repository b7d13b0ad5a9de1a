/** `--for`: a receiver's name sets the defaults of other flags. Whatever is given, as a flag or a variable, still wins. */
import type { Command } from 'commander';
import { RECEIVERS, type Receiver } from '../conventions/receivers.ts';
import { CliError } from './cli-error.ts';
import { type FlagValues, readFlags } from './flags.ts';
import type { Io } from './io.ts';
import { REPLAY_FLAGS } from './replay-flags.ts';

export type ReadFlags = FlagValues<typeof REPLAY_FLAGS>;

/** Reads the flags of `replay`. Throws a `CliError` that names the flag or variable to mend. */
export function readReplayFlags(command: Command, env: Io['env']): ReadFlags {
  const { for: receiver, endpoint, header } = readFlags(ABOUT_RECEIVER, command, env);
  const { exporter, conventions, metrics, tracePer } = REPLAY_FLAGS;
  if (receiver !== undefined) {
    const to = RECEIVERS[receiver];
    const table = {
      ...REPLAY_FLAGS,
      exporter: { ...exporter, fallback: ['otlp'] },
      conventions: { ...conventions, fallback: to.conventions },
      metrics: { ...metrics, fallback: to.metrics },
      tracePer: { ...tracePer, fallback: to.tracePer },
    };
    const flags = readFlags(table, command, env);
    return { ...flags, endpoint: endpointOf(to, flags, env), header: [...headersOf(to, env), ...header] };
  }
  // These are about an OTLP receiver, so they imply `-e otlp` where no exporter is given.
  const about = endpoint !== undefined ? '--endpoint' : header.length > 0 ? '--header' : undefined;
  if (about === undefined) return readFlags(REPLAY_FLAGS, command, env);
  const table = { ...REPLAY_FLAGS, exporter: { ...exporter, fallback: ['otlp'] } };
  const flags = readFlags(table, command, env);
  if (flags.exporter.some((name) => !LOCAL_EXPORTERS.has(name))) return flags;
  throw new CliError(
    `${about} is for a receiver, but -e ${flags.exporter.join(',')} sends to none: add -e otlp.`,
  );
}

const ABOUT_RECEIVER = {
  for: REPLAY_FLAGS.for,
  endpoint: REPLAY_FLAGS.endpoint,
  header: REPLAY_FLAGS.header,
};

const LOCAL_EXPORTERS: ReadonlySet<string> = new Set(['console', 'otlp_file', 'openmetrics']);

/** The receiver's own headers, but those that the environment has too. */
function headersOf({ headers }: Receiver, env: Io['env']): readonly string[] {
  const given = `${env.OTEL_EXPORTER_OTLP_HEADERS ?? ''},${env.OTEL_EXPORTER_OTLP_TRACES_HEADERS ?? ''}`;
  return Object.entries(headers)
    .filter(([name]) => !given.toLowerCase().includes(`${name}=`))
    .map(([name, value]) => `${name}=${value}`);
}

/** `undefined`: as the environment has it. An address with a path of its own stays as it is. */
function endpointOf(to: Receiver, { endpoint: flag }: ReadFlags, env: Io['env']): string | undefined {
  if (flag === undefined && env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return undefined;
  const endpoint = flag ?? (env.OTEL_EXPORTER_OTLP_ENDPOINT || to.localEndpoint);
  if (endpoint === undefined || !URL.canParse(endpoint)) return endpoint;
  const url = new URL(endpoint);
  return url.pathname === '/' && to.path !== '' ? new URL(to.path, url).href : endpoint;
}

/** Sentences about what the names and the receiver imply, for standard error. */
export function notices(
  flags: Pick<ReadFlags, 'for' | 'conventions' | 'header' | 'metrics' | 'tracePer' | 'endpoint'>,
): readonly string[] {
  return [...aboutReceiver(flags), ...aboutTokens(flags.conventions)];
}

function aboutReceiver(flags: Parameters<typeof notices>[0]): readonly string[] {
  if (flags.for === undefined) return [];
  const { headers, keys, path } = RECEIVERS[flags.for];
  const set = [
    `conventions ${flags.conventions.join(',')}`,
    ...(path === '' ? [] : [`path ${path}`]),
    flags.metrics ? 'spans and metrics' : 'spans alone',
    ...(flags.tracePer === 'turn' ? ['one trace for each turn'] : []),
    ...Object.entries(headers).map(([name, value]) => `header ${name}: ${value}`),
  ];
  const given = flags.header.map((pair) => pair.slice(0, pair.indexOf('=')).trim().toLowerCase());
  const missing = keys.filter((name) => !given.includes(name));
  const hint =
    missing.length === 0 ? '' : `; your key goes into --header ${missing[0]}=… or OTEL_EXPORTER_OTLP_HEADERS`;
  return [`--for ${flags.for} sets ${set.join(', ')}${hint}.`];
}

/** One attribute cannot have two meanings, so the standard's wins where it was asked for. */
function aboutTokens(conventions: readonly string[]): readonly string[] {
  if (!conventions.includes('hermes') || conventions.length === 1) return [];
  const others = conventions.filter((name) => name !== 'hermes').join(',');
  return [
    `With ${others} beside hermes, gen_ai.usage.input_tokens includes cached tokens, as the standard defines it.`,
  ];
}

/** Throws a `CliError` for a receiver that is not on this machine and has no address. */
export function requireEndpoint({ for: receiver, endpoint }: ReadFlags, env: Io['env']): void {
  if (receiver === undefined || endpoint !== undefined || RECEIVERS[receiver].path === '') return;
  if (env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return;
  throw new CliError(`--for ${receiver} needs --endpoint: the address of your ${receiver}, without a path.`);
}
