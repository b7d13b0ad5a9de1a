/** The flags of `replay` in the groups of its help, and the settings that only a variable sets. */
import { CONVENTION_NAMES } from '../conventions/names.ts';
import { RECEIVER_NAMES } from '../conventions/receivers.ts';
import { ENDPOINT_URL } from './buckets.ts';
import {
  choiceFlag,
  choicesFlag,
  countFlag,
  durationFlag,
  type FlagValues,
  grouped,
  listFlag,
  sizeFlag,
  switchFlag,
  textFlag,
} from './flags.ts';

export const EXPORTERS = ['console', 'otlp', 'otlp_grpc', 'otlp_file', 'openmetrics'] as const;

export const INPUT_FLAGS = grouped('Input', {
  captureContent: switchFlag('--capture-content', 'keep messages, arguments and results, truncated', {
    env: 'HERMES_OTEL_CAPTURE_CONTENT',
  }),
  redact: listFlag(
    '--redact <pattern>',
    'also redact what matches this regular expression, or those in @file, one a line; repeatable',
    { env: 'HERMES_OTEL_REDACT' },
  ),
  assumeTimes: switchFlag('--assume-times', 'give lines without a time an artificial one, a second apart'),
  timezone: textFlag(
    '--timezone <zone>',
    'zone of times without one (Europe/Berlin, +02:00) where no time of Hermes shows it [default: UTC]',
  ),
  hermesHome: textFlag('--hermes-home <dir>', "read all databases and recorder's logs of this Hermes home"),
  agentLog: listFlag(
    '--agent-log <file>',
    "Hermes's text log for a database, or none; logs/agent.log* beside it unless set; repeatable",
  ),
});

/** Of several processes that replay many logs. */
export const BATCH_FLAGS = grouped('Input', {
  shard: textFlag(
    '--shard <i/n>',
    'replay only the logs of process i of n, from 0; auto in an indexed Job of Kubernetes',
    { env: 'HERMES_OTEL_SHARD' },
  ),
  endpointUrl: ENDPOINT_URL,
});

export const FILTER_FLAGS = grouped('Filters', {
  session: listFlag('--session <id>', 'replay only sessions whose id starts with this; repeatable'),
  since: textFlag(
    '--since <time>',
    'replay only turns that started at or after: ISO 8601, or 2h for two hours ago',
  ),
  until: textFlag('--until <time>', 'replay only turns that started before: ISO 8601, or 2h'),
  platform: listFlag(
    '--platform <name>',
    'replay only turns of this platform (cli, telegram, cron, …); repeatable',
  ),
  profile: listFlag('--profile <name>', 'replay only turns of this profile of Hermes; repeatable'),
  model: listFlag('--model <name>', 'replay only turns of this model; repeatable'),
});

export const OUTPUT_FLAGS = grouped('Output', {
  exporter: choicesFlag(
    '-e, --exporter <name>',
    `send to this exporter: ${EXPORTERS.join(', ')}, or an npm package; repeatable`,
    EXPORTERS,
    {
      env: 'HERMES_OTEL_EXPORTER',
      fallback: 'console',
      // The live plugin's other words for it.
      aliases: { grpc: 'otlp_grpc', otlp_proto_grpc: 'otlp_grpc' },
      isOther: (name): name is string => name !== '',
    },
  ),
  output: textFlag(
    '-o, --output <file>',
    'write otlp_file and openmetrics to this file; - is standard output',
    { fallback: '-' },
  ),
  traces: switchFlag('--no-traces', 'send no spans'),
  metrics: switchFlag('--no-metrics', 'send no metrics'),
  logs: switchFlag(
    '--logs',
    'also send retries, failures, approvals and other moments as log records, tied to their spans',
    { env: 'HERMES_OTEL_LOGS' },
  ),
});

export const OTLP_FLAGS = grouped('OTLP', {
  endpoint: textFlag(
    '--endpoint <url>',
    'send to this base address; /v1/traces and /v1/metrics are added (env: OTEL_EXPORTER_OTLP_ENDPOINT and its kin, default: http://localhost:4318)',
  ),
  header: listFlag('--header <key=value>', 'add this header to every request; repeatable'),
  retryFor: durationFlag('--retry-for <time>', 'retry a failed request for this long', {
    env: 'HERMES_OTEL_RETRY_FOR',
    fallback: '60s',
  }),
  deadLetter: textFlag(
    '--dead-letter <file>',
    'append requests that failed for good to this file, as OTLP/JSON lines for "hermes-otel send"',
    { env: 'HERMES_OTEL_DEAD_LETTER' },
  ),
  flushInterval: durationFlag(
    '--flush-interval <time>',
    'maximum time a finished span is buffered before it is sent',
    { env: 'HERMES_OTEL_FLUSH_INTERVAL', fallback: '500ms' },
  ),
});

export const NAMING_FLAGS = grouped('Naming', {
  for: choiceFlag(
    '--for <receiver>',
    'set conventions, signals, path and headers for this receiver; every other flag still wins',
    RECEIVER_NAMES,
    { env: 'HERMES_OTEL_FOR' },
  ),
  conventions: choicesFlag(
    '--conventions <names>',
    `name spans and metrics by these conventions: ${CONVENTION_NAMES.join(', ')}; several may be joined by commas`,
    CONVENTION_NAMES,
    { env: 'HERMES_OTEL_CONVENTIONS', fallback: 'hermes' },
  ),
  dropAttribute: listFlag(
    '--drop-attribute <name>',
    'leave out this attribute; * stands for any characters, and !name keeps one; repeatable',
  ),
  cost: switchFlag('--no-cost', 'leave out what model calls cost'),
  prices: textFlag(
    '--prices <file>',
    'read own prices of models from this JSON file; they come before the built-in ones',
    { env: 'HERMES_OTEL_PRICES' },
  ),
  tracePer: choiceFlag(
    '--trace-per <unit>',
    'make one trace for each session or for each turn',
    ['session', 'turn'],
    { env: 'HERMES_OTEL_TRACE_PER', fallback: 'session' },
  ),
  serviceName: textFlag(
    '--service-name <name>',
    'set service.name of the resource; hermes-agent unless set',
    { env: 'OTEL_SERVICE_NAME' },
  ),
  resource: listFlag(
    '--resource <key=value>',
    'set a resource attribute, in addition to OTEL_RESOURCE_ATTRIBUTES; repeatable',
  ),
});

export const FOLLOW_FLAGS = grouped('Following', {
  follow: switchFlag(
    '-f, --follow',
    'continue with what is appended to files, directories and globs, until interrupted',
    { env: 'HERMES_OTEL_FOLLOW' },
  ),
  checkpoint: textFlag(
    '--checkpoint <dir>',
    'save how far a followed log, a database or a bucket was read, and continue there the next time; for a bucket also an address of s3://',
    { env: 'HERMES_OTEL_CHECKPOINT' },
  ),
  settle: durationFlag(
    '--settle <time>',
    'with --checkpoint, replay a session of a database when it has ended or was silent for this long',
    { env: 'HERMES_OTEL_SETTLE', fallback: '1h' },
  ),
  openSpans: choiceFlag(
    '--open-spans <how>',
    'withhold open sessions and turns until they end, or also send them before, as incomplete',
    ['withhold', 'send'],
    { env: 'HERMES_OTEL_OPEN_SPANS', fallback: 'withhold' },
  ),
  statsInterval: durationFlag(
    '--stats-interval <time>',
    'print progress on standard error this often; SIGUSR1 prints it at any time',
    { env: 'HERMES_OTEL_STATS_INTERVAL' },
  ),
});

export const CI_FLAGS = grouped('CI', {
  strict: switchFlag('--strict', 'exit 1 when a line was lost', { env: 'HERMES_OTEL_STRICT' }),
  failOn: listFlag(
    '--fail-on <budget>',
    "exit 1 when this holds: 'errors>0', 'turn_p95>60s', 'error_rate>5%', 'cost>1', 'tool:terminal errors>0'; repeatable",
  ),
  summary: choiceFlag(
    '--summary <format>',
    'print a summary on standard output: markdown for a job page (appended to $GITHUB_STEP_SUMMARY when an exporter prints), or the budgets as junit or as github annotations',
    ['none', 'markdown', 'junit', 'github'],
    { fallback: 'none' },
  ),
  summaryFile: textFlag(
    '--summary-file <file>',
    'write the summary to this file instead, as markdown unless --summary says otherwise',
  ),
  report: textFlag('--report <file>', 'write the account of every line and span as JSON'),
  diagnostics: textFlag(
    '--diagnostics <file>',
    'write every diagnostic as a line of JSON, while it runs; the report keeps the first 1,000',
  ),
  quiet: switchFlag('-q, --quiet', 'print no summary and no progress'),
});

export const ADVANCED_FLAGS = grouped('Advanced', {
  idleTimeout: durationFlag(
    '--idle-timeout <time>',
    'close sessions that are silent for this long in log time; never, and 30m with --follow, unless set',
    { env: 'HERMES_OTEL_IDLE_TIMEOUT' },
  ),
  reorderWindow: durationFlag(
    '--reorder-window <time>',
    'sort events by time within this window of log time; 5s, and 250ms for a log read as it grows, unless set',
    { env: 'HERMES_OTEL_REORDER_WINDOW' },
  ),
  metricInterval: durationFlag('--metric-interval <time>', "collect metrics this often, on the log's clock", {
    env: 'HERMES_OTEL_METRIC_INTERVAL',
    fallback: '60s',
  }),
  timeShift: textFlag(
    '--time-shift <time>',
    'move the whole log in time: now (for its newest event), or a duration such as 30d or -2h',
  ),
});

/** Settings without a flag: the help lists their variables. */
export const DELIVERY_VARIABLES = {
  concurrency: countFlag(undefined, 'requests in flight at once', {
    env: 'HERMES_OTEL_CONCURRENCY',
    fallback: 4,
  }),
  maxRequestBytes: sizeFlag(undefined, 'largest request, before compression', {
    env: 'HERMES_OTEL_MAX_REQUEST_BYTES',
    fallback: '4mb',
  }),
  shutdownTimeout: durationFlag(undefined, 'time that an interrupted run has to send what is in flight', {
    env: 'HERMES_OTEL_SHUTDOWN_TIMEOUT',
    fallback: '10s',
  }),
} as const;

export const REPLAY_VARIABLES = {
  ...DELIVERY_VARIABLES,
  pollInterval: durationFlag(undefined, 'how often followed files are checked', {
    env: 'HERMES_OTEL_POLL_INTERVAL',
    fallback: '250ms',
  }),
  maxOpen: countFlag(undefined, 'open turns kept in memory; the oldest beyond it are closed as incomplete', {
    env: 'HERMES_OTEL_MAX_OPEN',
    fallback: 100_000,
  }),
} as const;

export const REPLAY_FLAGS = {
  ...INPUT_FLAGS,
  ...BATCH_FLAGS,
  ...FILTER_FLAGS,
  ...OUTPUT_FLAGS,
  ...OTLP_FLAGS,
  ...NAMING_FLAGS,
  ...FOLLOW_FLAGS,
  ...CI_FLAGS,
  ...ADVANCED_FLAGS,
  ...REPLAY_VARIABLES,
} as const;

export type ReplayFlags = FlagValues<typeof REPLAY_FLAGS> & {
  /** `undefined`: as the terminal and NO_COLOR say. */
  readonly color: boolean | undefined;
};

/** The flags that decide which spans a log becomes, for commands that read finished logs. */
export const SPAN_FLAGS = {
  ...INPUT_FLAGS,
  tracePer: NAMING_FLAGS.tracePer,
  cost: NAMING_FLAGS.cost,
  prices: NAMING_FLAGS.prices,
  ...FILTER_FLAGS,
  idleTimeout: {
    ...ADVANCED_FLAGS.idleTimeout,
    help: 'close sessions that are silent for this long in log time; never unless set',
  },
  reorderWindow: {
    ...ADVANCED_FLAGS.reorderWindow,
    help: 'sort events by time within this window of log time; 5s unless set',
  },
  maxOpen: REPLAY_VARIABLES.maxOpen,
} as const;
