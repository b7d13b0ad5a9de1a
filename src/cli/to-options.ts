/** Flags and environment → the options of the library. The only file that knows both. */
import { readFileSync } from 'node:fs';
import { percentDecoded } from '../export/settings/settings.ts';
import { isDatabase } from '../input/find-files.ts';
import type { NamedStream } from '../input/open-sources.ts';
import type { Attributes } from '../model/otel.ts';
import { systemProblem } from '../model/system-error.ts';
import { microsOfIso } from '../model/time-text.ts';
import type { TurnFacts } from '../reconstruct/options.ts';
import type { DestinationFactory } from '../replay/destinations.ts';
import type { DeliveryOptions } from '../replay/exporters.ts';
import { FOLLOWED_IDLE_MILLIS, REORDER_MILLIS, type ReplayOptions } from '../replay/options.ts';
import type { SpanOptions } from '../replay/spans.ts';
import type { Budget } from '../view/budget.ts';
import { isBucketAddress } from './buckets.ts';
import { CliError } from './cli-error.ts';
import { wantsColor } from './colors.ts';
import { type FlagValues, readDuration, readPairs } from './flags.ts';
import type { Io } from './io.ts';
import { wantsSummary } from './print-summary.ts';
import type { DELIVERY_VARIABLES, OTLP_FLAGS, ReplayFlags, SPAN_FLAGS } from './replay-flags.ts';
import { writeTo } from './write-to.ts';

/** The logs named on the command line; standard input for `-`, or when none is named. Throws a `CliError`. */
export function logsOf(
  logs: readonly string[],
  io: Pick<Io, 'stdin'>,
  command: string,
): readonly (string | NamedStream)[] {
  if (logs.length === 0 && io.stdin.isTTY) {
    throw new CliError(
      `No log was named: give a file, or pipe one in ("hermes-otel ${command} --help" shows how).`,
    );
  }
  if (logs.filter((log) => log === '-').length > 1) {
    throw new CliError('Standard input (-) can be read only once: name it once.');
  }
  const stdin = { name: '-', stream: io.stdin };
  return logs.length === 0 ? [stdin] : logs.map((log) => (log === '-' ? stdin : log));
}

/** Throws a `CliError` that names the flag to mend. */
export async function replayOptions(
  logs: readonly string[],
  flags: ReplayFlags,
  io: Pick<Io, 'cwd' | 'env' | 'stdout'>,
): Promise<Omit<ReplayOptions, 'on' | 'signal'>> {
  refuseToFollow(logs, flags);
  const incremental = await incrementalOf(logs, flags);
  const { resolveTemporality } = await import('../export/settings/settings.ts');
  const temporality = resolveTemporality(io.env);
  if (temporality === 'delta' && flags.exporter.includes('openmetrics')) {
    throw new CliError(
      '-e openmetrics needs cumulative metrics: unset OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE.',
    );
  }
  return {
    ...spanOptions(flags),
    destinations: await Promise.all(flags.exporter.map((name) => destinationOf(name, flags, io))),
    conventions: flags.conventions,
    dropAttributes: flags.dropAttribute,
    receiver: flags.for,
    logs: flags.logs,
    resource: resourceOf(flags, io.env),
    timeShift: timeShiftOf(logs, flags),
    metricIntervalMillis: flags.metricInterval,
    temporality,
    budgets: (await budgetsOf(flags, { hasBaseline: false })).map(({ text }) => text),
    totals: wantsSummary(flags),
    incremental,
    deadLetter: flags.deadLetter,
    shutdownTimeoutMillis: flags.shutdownTimeout,
    follow: flags.follow
      ? {
          pollMillis: flags.pollInterval,
          openSpans: flags.openSpans,
          openSpansEveryMillis: flags.flushInterval,
          checkpoint:
            flags.checkpoint === undefined
              ? undefined
              : { directory: flags.checkpoint, settings: settingsOf(flags, io) },
        }
      : undefined,
  };
}

/** Throws a `CliError` for a budget that cannot be read. `hasBaseline`: changes (`tokens>+20%`) are budgets, too. */
export async function budgetsOf(
  { failOn }: Pick<ReplayFlags, 'failOn'>,
  { hasBaseline }: { readonly hasBaseline: boolean },
): Promise<readonly Budget[]> {
  if (failOn.length === 0) return [];
  const { parseBudget } = await import('../view/budget.ts');
  return failOn.map((text) => {
    const parsed = parseBudget(text, { hasBaseline });
    if (parsed.kind === 'problem') throw new CliError(`--fail-on: ${parsed.message}`);
    return parsed.budget;
  });
}

/** The flags that decide which spans a log becomes. */
export type SpanFlags = FlagValues<typeof SPAN_FLAGS>;

export function spanOptions(flags: SpanFlags): SpanOptions {
  return {
    tracePer: flags.tracePer,
    captureContent: flags.captureContent,
    redact: redactPatterns(flags.redact),
    cost: flags.cost,
    prices: flags.prices,
    idleTimeoutMillis: flags.idleTimeout,
    reorderWindowMillis: flags.reorderWindow,
    maxOpenTurns: flags.maxOpen,
    assumeTimes: flags.assumeTimes,
    timeZone: flags.timezone,
    agentLogs: agentLogsOf(flags),
    selectTurn: turnFilter(flags),
  };
}

/** Patterns as given, and those in files named by `@file`. Throws a `CliError` for one that is not a regular expression. */
function redactPatterns(given: readonly string[]): readonly RegExp[] {
  return given.flatMap((text) => (text.startsWith('@') ? linesOf(text.slice(1)) : [text])).map(redactPattern);
}

/** Without blank lines and comments. */
function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split(/\r?\n/)
      .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  } catch (error) {
    throw new CliError(`--redact: ${path} cannot be read: ${systemProblem(error)}.`);
  }
}

function redactPattern(text: string): RegExp {
  try {
    const pattern = new RegExp(text, 'u');
    if (!pattern.test('')) return pattern;
  } catch {}
  throw new CliError(`--redact takes a regular expression that matches some text, not "${text}".`);
}

/** `undefined`: those beside each database. */
export function agentLogsOf({ agentLog }: Pick<SpanFlags, 'agentLog'>): readonly string[] | undefined {
  if (agentLog.length === 0) return undefined;
  return agentLog.includes('none') ? [] : agentLog;
}

/** `undefined` when every turn is wanted. */
function turnFilter(flags: SpanFlags): SpanOptions['selectTurn'] {
  const since = readMoment(flags.since, '--since');
  const until = readMoment(flags.until, '--until');
  const { session, platform, model, profile } = flags;
  const tests: ((facts: TurnFacts) => boolean)[] = [];
  if (session.length > 0) tests.push((facts) => session.some((prefix) => facts.sessionId.startsWith(prefix)));
  if (platform.length > 0) tests.push((facts) => platform.includes(facts.platform ?? ''));
  if (profile.length > 0) tests.push((facts) => profile.includes(facts.profile ?? ''));
  if (model.length > 0) tests.push((facts) => model.includes(facts.model ?? ''));
  if (since !== undefined) tests.push((facts) => facts.startTime >= since);
  if (until !== undefined) tests.push((facts) => facts.startTime < until);
  return tests.length === 0 ? undefined : (facts) => tests.every((test) => test(facts));
}

/** What is added to a month or a day, by the length of its text: it stands for its start. */
const REST_OF_DATE: ReadonlyMap<number, string> = new Map([
  ['2026-11'.length, '-01T00:00'],
  ['2026-11-23'.length, 'T00:00'],
]);

/** ISO 8601 (without a zone: UTC), or a time before now; in epoch microseconds. */
function readMoment(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{4}-/.test(text)) {
    const micros = microsOfIso(`${text}${REST_OF_DATE.get(text.length) ?? ''}`);
    if (Number.isNaN(micros))
      throw new CliError(`${name} takes a time such as 2026-11-23T08:00:00Z or 2h, not "${text}".`);
    return micros;
  }
  return (Date.now() - readDuration(text, name)) * 1000;
}

/** One exporter by its name. Throws a `CliError` for a flag or variable that it cannot work with. */
export async function destinationOf(
  name: string,
  flags: DeliveryFlags & Pick<ReplayFlags, 'color' | 'output'>,
  io: Pick<Io, 'cwd' | 'env' | 'stdout'>,
): Promise<DestinationFactory> {
  const exporters = await import('../replay/exporters.ts');
  const options = deliveryOptions(flags);
  const output = flags.output === undefined || flags.output === '-' ? io.stdout : flags.output;
  switch (name) {
    case 'console':
      return exporters.console(writeTo(io.stdout), {
        ...options,
        columns: io.stdout.columns,
        color: wantsColor(io.stdout, flags.color, io.env),
      });
    case 'otlp': {
      const { resolveOtlpHttp } = await import('../export/settings/otlp.ts');
      return exporters.otlpHttpWith(resolveOtlpHttp(io.env, flags), options);
    }
    case 'otlp_grpc': {
      const { resolveOtlpGrpc } = await import('../export/settings/otlp.ts');
      return exporters.otlpGrpcWith(resolveOtlpGrpc(io.env, flags), options);
    }
    case 'otlp_file':
      return exporters.otlpFile(output, options);
    case 'openmetrics':
      return exporters.openMetrics(output);
    default: {
      const { loadExporter } = await import('../export/load-exporter.ts');
      const loaded = await loadExporter(name, io.cwd());
      return 'spans' in loaded
        ? exporters.fromSpanExporter(loaded.spans, { ...options, name })
        : exporters.fromMetricExporter(loaded.metrics, { ...options, name });
    }
  }
}

type DeliveryFlags = FlagValues<typeof DELIVERY_VARIABLES & typeof OTLP_FLAGS> &
  Pick<ReplayFlags, 'traces' | 'metrics' | 'logs'>;

function deliveryOptions(flags: DeliveryFlags): DeliveryOptions {
  return {
    traces: flags.traces,
    metrics: flags.metrics,
    logs: flags.logs,
    limits: {
      maxRequestBytes: flags.maxRequestBytes,
      concurrency: flags.concurrency,
      retryForMillis: flags.retryFor,
      flushIntervalMillis: flags.flushInterval,
    },
  };
}

/**
 * `--resource` beats `OTEL_RESOURCE_ATTRIBUTES`; `--service-name` and `OTEL_SERVICE_NAME` beat a `service.name` in
 * either, as the specification says.
 */
export function resourceOf(flags: Pick<ReplayFlags, 'serviceName' | 'resource'>, env: Io['env']): Attributes {
  const attributes: Attributes = Object.fromEntries([
    ...fromVariable(env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
    ...readPairs(flags.resource, '--resource'),
  ]);
  if (flags.serviceName !== undefined) attributes['service.name'] = flags.serviceName;
  return attributes;
}

/** `key=value,key=value`, percent-encoded (the specification's form). */
function fromVariable(text: string): [string, string][] {
  const name = 'OTEL_RESOURCE_ATTRIBUTES';
  const pairs = text.split(',').filter((pair) => pair.trim() !== '');
  const decode = (part: string) => percentDecoded(name, part);
  return [...readPairs(pairs, name)].map(([key, value]) => [decode(key), decode(value)]);
}

/** In milliseconds: `2h`, `+2h` or `-30d`. */
function timeShiftOf(logs: readonly string[], { timeShift = '0' }: ReplayFlags): ReplayOptions['timeShift'] {
  if (timeShift !== 'now') {
    const back = timeShift.startsWith('-');
    return (back ? -1 : 1) * readDuration(timeShift.replace(/^[+-]/, ''), '--time-shift');
  }
  if (logs.length === 0 || logs.includes('-')) {
    throw new CliError('--time-shift now must see the whole log first: name files, not a pipe.');
  }
  return 'now';
}

/** Throws a `CliError` for flags that do not go with --follow or --checkpoint. */
function refuseToFollow(logs: readonly string[], flags: ReplayFlags): void {
  if (flags.follow && (logs.length === 0 || logs.includes('-'))) {
    throw new CliError('--follow wants the names of files or directories: a pipe is followed anyway.');
  }
  if (flags.follow && flags.exporter.includes('openmetrics')) {
    throw new CliError(
      '-e openmetrics writes at the end of a log, and a followed one has none: use -e otlp.',
    );
  }
  if (flags.checkpoint === undefined) return;
  if (flags.assumeTimes) {
    throw new CliError('--checkpoint wants recorded times: with --assume-times they would begin anew.');
  }
  if (flags.timeShift === 'now') {
    throw new CliError('--time-shift now begins anew with each run: it does not go with --checkpoint.');
  }
  if ([flags.since, flags.until].some((moment) => moment !== undefined && !/^\d{4}-/.test(moment))) {
    throw new CliError(
      '--since and --until before now move from run to run: with --checkpoint give a time such as 2026-11-23T08:00:00Z.',
    );
  }
}

/** `--checkpoint` without `--follow`: only databases know what is new in them. Throws a `CliError` for other logs. */
async function incrementalOf(
  logs: readonly string[],
  { checkpoint, follow, settle }: ReplayFlags,
): Promise<ReplayOptions['incremental']> {
  if (checkpoint === undefined || follow || logs.some(isBucketAddress)) return undefined;
  const are = await Promise.all(logs.map(isDatabase));
  if (are.length > 0 && are.every(Boolean)) return { directory: checkpoint, settleMillis: settle };
  throw new CliError(
    '--checkpoint goes with --follow, with databases, or with s3://: a finished log is replayed whole.',
  );
}

/** What must not change between two runs that share a checkpoint, by flag: it decides spans and metrics. */
export function settingsOf(flags: ReplayFlags, io: Pick<Io, 'env'>): Readonly<Record<string, string>> {
  const { session, platform, model, profile, redact } = flags;
  return {
    '--trace-per': flags.tracePer,
    '--conventions': flags.conventions.toSorted().join(','),
    '--for': flags.for ?? '',
    '--drop-attribute': flags.dropAttribute.join(','),
    '--logs': String(flags.logs),
    '--capture-content': String(flags.captureContent),
    '--no-cost': String(!flags.cost),
    '--prices': flags.prices ?? '',
    '--reorder-window': millisUnless(REORDER_MILLIS.live, flags.reorderWindow),
    '--idle-timeout': millisUnless(FOLLOWED_IDLE_MILLIS, flags.idleTimeout),
    HERMES_OTEL_MAX_OPEN: String(flags.maxOpen),
    '--metric-interval': `${flags.metricInterval}ms`,
    '--no-metrics': String(!flags.metrics),
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE:
      io.env.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE ?? '',
    '--session': session.join(','),
    '--platform': platform.join(','),
    '--profile': profile.join(','),
    '--redact': redact.join(' '),
    '--timezone': flags.timezone ?? '',
    '--model': model.join(','),
    '--since': flags.since ?? '',
    '--until': flags.until ?? '',
    '--time-shift': flags.timeShift === '0' ? '' : (flags.timeShift ?? ''),
  };
}

/** '' for the default, also when it is written out. */
function millisUnless(standard: number, duration: number | undefined): string {
  return duration === undefined || duration === standard ? '' : `${duration}ms`;
}
