/** The flags of `replay`, in the order of its help. */
import { CONVENTION_NAMES } from '../conventions/names.ts';
import {
  choiceFlag,
  choicesFlag,
  countFlag,
  durationFlag,
  type FlagValues,
  listFlag,
  sizeFlag,
  switchFlag,
  textFlag,
} from './flags.ts';

export const EXPORTERS = ['console', 'otlp', 'otlp_grpc', 'otlp_file', 'openmetrics'] as const;
export type ExporterName = (typeof EXPORTERS)[number];

/** Where spans and points go, and as whom. */
export const DESTINATION_FLAGS = {
  exporter: choicesFlag(
    {
      flags: '-e, --exporter <name>',
      help: `where to: ${EXPORTERS.join(', ')}; repeatable`,
      env: 'HERMES_OTEL_EXPORTER',
      fallback: 'console',
    },
    EXPORTERS,
    // The live plugin's other words for it.
    { grpc: 'otlp_grpc', otlp_proto_grpc: 'otlp_grpc' },
  ),
  endpoint: textFlag({
    flags: '--endpoint <url>',
    help: 'OTLP base address; /v1/traces and /v1/metrics are added (env: OTEL_EXPORTER_OTLP_ENDPOINT and its kin, default: http://localhost:4318)',
  }),
  header: listFlag({ flags: '--header <key=value>', help: 'header of every OTLP request; repeatable' }),
  output: textFlag({
    flags: '-o, --output <file>',
    help: 'file for otlp_file and openmetrics; - is standard output',
    fallback: '-',
  }),
  serviceName: textFlag({
    flags: '--service-name <name>',
    help: 'service.name of the resource, hermes-agent unless set',
    env: 'OTEL_SERVICE_NAME',
  }),
  resource: listFlag({
    flags: '--resource <key=value>',
    help: 'resource attribute, added to OTEL_RESOURCE_ATTRIBUTES; repeatable',
  }),
  traces: switchFlag({ flags: '--no-traces', help: 'send no spans' }, true),
  metrics: switchFlag({ flags: '--no-metrics', help: 'send no metrics' }, true),
} as const;

/** How spans and points are delivered. */
export const DELIVERY_FLAGS = {
  concurrency: countFlag({
    flags: '--concurrency <count>',
    help: 'requests under way at once',
    env: 'HERMES_OTEL_CONCURRENCY',
    fallback: 4,
  }),
  maxRequestBytes: sizeFlag({
    flags: '--max-request-bytes <size>',
    help: 'largest request, before compression',
    env: 'HERMES_OTEL_MAX_REQUEST_BYTES',
    fallback: '4mb',
  }),
  compression: {
    ...textFlag({
      flags: '--compression <name>',
      help: 'gzip or none (env: OTEL_EXPORTER_OTLP_COMPRESSION)',
    }),
    choices: ['gzip', 'none'],
  },
  exportTimeout: durationFlag({
    flags: '--export-timeout <time>',
    help: 'how long one request may take, 10s unless set (env: OTEL_EXPORTER_OTLP_TIMEOUT, in ms)',
    fallback: undefined,
  }),
  retryFor: durationFlag({
    flags: '--retry-for <time>',
    help: 'how long a request is tried again',
    env: 'HERMES_OTEL_RETRY_FOR',
    fallback: '60s',
  }),
  deadLetter: textFlag({
    flags: '--dead-letter <file>',
    help: 'append requests that failed for good, as OTLP/JSON lines; see "hermes-otel send"',
    env: 'HERMES_OTEL_DEAD_LETTER',
  }),
  flushInterval: durationFlag({
    flags: '--flush-interval <time>',
    help: 'how long a finished span may wait for company',
    env: 'HERMES_OTEL_FLUSH_INTERVAL',
    fallback: '500ms',
  }),
  shutdownTimeout: durationFlag({
    flags: '--shutdown-timeout <time>',
    help: 'how long an interrupted replay may take to send what is under way',
    env: 'HERMES_OTEL_SHUTDOWN_TIMEOUT',
    fallback: '10s',
  }),
} as const;

/** How the log is read as spans. */
export const RECONSTRUCT_FLAGS = {
  captureContent: switchFlag({
    flags: '--capture-content',
    help: 'keep messages, arguments and results, cut short',
    env: 'HERMES_OTEL_CAPTURE_CONTENT',
  }),
  conventions: choicesFlag(
    {
      flags: '--conventions <names>',
      help: `names on spans and metrics: ${CONVENTION_NAMES.join(', ')}; several may be joined by commas`,
      env: 'HERMES_OTEL_CONVENTIONS',
      fallback: 'hermes',
    },
    CONVENTION_NAMES,
  ),
  tracePer: choiceFlag(
    {
      flags: '--trace-per <unit>',
      help: 'one trace for each session or for each turn',
      env: 'HERMES_OTEL_TRACE_PER',
      fallback: 'session',
    },
    ['session', 'turn'],
  ),
  metricInterval: durationFlag({
    flags: '--metric-interval <time>',
    help: "how often metrics are collected, on the log's clock",
    env: 'HERMES_OTEL_METRIC_INTERVAL',
    fallback: '60s',
  }),
  idleTimeout: durationFlag({
    flags: '--idle-timeout <time>',
    help: 'close sessions silent for so long in log time; 30m with --follow',
    env: 'HERMES_OTEL_IDLE_TIMEOUT',
    fallback: undefined,
  }),
  reorderWindow: durationFlag({
    flags: '--reorder-window <time>',
    help: 'put events in order of time within this window of log time; 5s, and 250ms for a log read as it grows',
    env: 'HERMES_OTEL_REORDER_WINDOW',
    fallback: undefined,
  }),
  assumeTimes: switchFlag({
    flags: '--assume-times',
    help: 'give lines without a time an artificial one, a second apart',
  }),
  maxOpen: countFlag({
    flags: '--max-open <count>',
    help: 'open turns kept in memory; the oldest beyond it are closed as incomplete',
    env: 'HERMES_OTEL_MAX_OPEN',
    fallback: 100_000,
  }),
} as const;

/** When the log happened, as receivers see it. */
export const TIME_FLAGS = {
  timeShift: textFlag({
    flags: '--time-shift <time>',
    help: 'move the whole log: now (its newest event), or a time such as 30d or -2h',
  }),
} as const;

/** Logs that still grow. */
export const FOLLOW_FLAGS = {
  follow: switchFlag({
    flags: '-f, --follow',
    help: 'go on with what is appended to files, directories and globs, until interrupted',
    env: 'HERMES_OTEL_FOLLOW',
  }),
  pollInterval: durationFlag({
    flags: '--poll-interval <time>',
    help: 'how often followed files are looked at',
    env: 'HERMES_OTEL_POLL_INTERVAL',
    fallback: '250ms',
  }),
  checkpoint: textFlag({
    flags: '--checkpoint <dir>',
    help: 'write down how far --follow came, and go on there the next time, also after a crash',
    env: 'HERMES_OTEL_CHECKPOINT',
  }),
  openSpans: choiceFlag(
    {
      flags: '--open-spans <how>',
      help: 'open sessions and turns: withhold sends each once, when it ends; send also shows them as incomplete before',
      env: 'HERMES_OTEL_OPEN_SPANS',
      fallback: 'withhold',
    },
    ['withhold', 'send'],
  ),
  statsInterval: durationFlag({
    flags: '--stats-interval <time>',
    help: 'tell on standard error how it goes, so often; SIGUSR1 asks at any time',
    env: 'HERMES_OTEL_STATS_INTERVAL',
    fallback: undefined,
  }),
} as const;

/** Which sessions and turns are replayed. */
export const FILTER_FLAGS = {
  session: listFlag({ flags: '--session <id>', help: 'only sessions whose id begins so; repeatable' }),
  since: textFlag({
    flags: '--since <time>',
    help: 'only turns that began at or after: ISO 8601, or 2h for two hours ago',
  }),
  until: textFlag({ flags: '--until <time>', help: 'only turns that began before: ISO 8601, or 2h' }),
  platform: listFlag({
    flags: '--platform <name>',
    help: 'only turns of this platform (cli, telegram, cron…); repeatable',
  }),
  model: listFlag({ flags: '--model <name>', help: 'only turns of this model; repeatable' }),
} as const;

/** What is told about the run. */
export const REPORT_FLAGS = {
  strict: switchFlag({ flags: '--strict', help: 'exit 1 when a line was lost', env: 'HERMES_OTEL_STRICT' }),
  report: textFlag({ flags: '--report <file>', help: 'write the account of every line and span as JSON' }),
  diagnostics: textFlag({
    flags: '--diagnostics <file>',
    help: 'write every diagnostic as a line of JSON while it runs; the report keeps the first 1,000',
  }),
  quiet: switchFlag({ flags: '-q, --quiet', help: 'no summary and no progress on standard error' }),
  failOn: listFlag({
    flags: '--fail-on <budget>',
    help: "exit 1 when it holds: 'errors>0', 'turn_p95>60s', 'tokens>100000'; repeatable",
  }),
  summary: choiceFlag(
    { flags: '--summary <format>', help: 'a summary on standard output for a job page', fallback: 'none' },
    ['none', 'markdown'],
  ),
} as const;

export const REPLAY_FLAGS = {
  ...DESTINATION_FLAGS,
  ...DELIVERY_FLAGS,
  ...RECONSTRUCT_FLAGS,
  ...TIME_FLAGS,
  ...FOLLOW_FLAGS,
  ...FILTER_FLAGS,
  ...REPORT_FLAGS,
} as const;

export type ReplayFlags = FlagValues<typeof REPLAY_FLAGS> & {
  /** `undefined`: as the terminal and NO_COLOR say. */
  readonly color: boolean | undefined;
};
