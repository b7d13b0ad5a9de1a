/** `hermes-otel consume`: a member of a Kafka consumer group, which replays what the logs of many agents send to a topic. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { isOlder } from '../../doctor/machine.ts';
import type { KafkaOptions, Sasl } from '../../fleet/kafka.ts';
import { type DeliveryAccount, summed } from '../../model/sink.ts';
import { errorInWords } from '../../model/system-error.ts';
import { AWS_VARIABLES, snapshotStore } from '../buckets.ts';
import { CliError } from '../cli-error.ts';
import { type CommandSpec, OTLP_VARIABLES } from '../command.ts';
import { choiceFlag, durationFlag, grouped, readFlags, switchFlag, textFlag, variablesOf } from '../flags.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Io } from '../io.ts';
import { noticesTo } from '../progress.ts';
import { notices, readReplayFlags, requireEndpoint } from '../receiver-flags.ts';
import {
  ADVANCED_FLAGS,
  BATCH_FLAGS,
  CI_FLAGS,
  DELIVERY_VARIABLES,
  INPUT_FLAGS,
  NAMING_FLAGS,
  OTLP_FLAGS,
  OUTPUT_FLAGS,
  type ReplayFlags,
} from '../replay-flags.ts';
import { replayOptions, settingsOf } from '../to-options.ts';

const KAFKA_FLAGS = grouped('Kafka', {
  brokers: textFlag('--brokers <hosts>', 'addresses of brokers, as host:port,host:port', {
    env: 'HERMES_OTEL_BROKERS',
  }),
  topic: textFlag('--topic <name>', 'topic whose messages are lines of logs', { env: 'HERMES_OTEL_TOPIC' }),
  group: textFlag('--group <name>', 'consumer group that shares the partitions', {
    env: 'HERMES_OTEL_GROUP',
    fallback: 'hermes-otel',
  }),
  checkpoint: textFlag(
    '--checkpoint <dir>',
    'directory that all consumers of the group see, or an address of s3://, for the state at each committed offset',
    { env: 'HERMES_OTEL_CHECKPOINT' },
  ),
  keyAs: textFlag('--key-as <what>', 'what names the log that a message is from: key, or header:NAME', {
    fallback: 'key',
  }),
  from: choiceFlag('--from <where>', 'where a group without offsets begins', ['earliest', 'latest'], {
    fallback: 'earliest',
  }),
  snapshotInterval: durationFlag(
    '--snapshot-interval <time>',
    'commit this often; what was sent since is sent again after a crash',
    { fallback: '1s' },
  ),
  sessionTimeout: durationFlag(
    '--session-timeout <time>',
    'give the partitions of a consumer that died to others after this long',
    { fallback: '10s' },
  ),
  tls: switchFlag('--tls', 'connect with TLS'),
  tlsCa: textFlag('--tls-ca <file>', 'trust the certificates in this PEM file; implies --tls'),
  sasl: choiceFlag('--sasl <mechanism>', 'authenticate by this mechanism', [
    'plain',
    'scram-sha-256',
    'scram-sha-512',
  ]),
  user: textFlag('--user <name>', 'name for --sasl', { env: 'HERMES_OTEL_KAFKA_USER' }),
  passwordFile: textFlag(
    '--password-file <file>',
    'file whose first line is the password for --sasl (env: HERMES_OTEL_KAFKA_PASSWORD)',
  ),
});

const { captureContent, redact, timezone } = INPUT_FLAGS;
const { exporter, output, traces, metrics, logs } = OUTPUT_FLAGS;
const { idleTimeout, reorderWindow, metricInterval } = ADVANCED_FLAGS;
/** Flags of `replay` that concern a topic as well. */
const SHARED_FLAGS = {
  endpointUrl: BATCH_FLAGS.endpointUrl,
  captureContent,
  redact,
  timezone,
  exporter: { ...exporter, fallback: ['otlp'], shown: 'otlp' },
  output,
  traces,
  metrics,
  logs,
  ...OTLP_FLAGS,
  ...NAMING_FLAGS,
  idleTimeout: {
    ...idleTimeout,
    help: 'close sessions after this much silence, in log time or of a source; 30m unless set',
  },
  reorderWindow: {
    ...reorderWindow,
    help: 'sort events by time within this window of log time; 5s unless set',
  },
  metricInterval,
  quiet: CI_FLAGS.quiet,
} as const;

export const CONSUME: CommandSpec = {
  flags: { ...KAFKA_FLAGS, ...SHARED_FLAGS },
  variables: {
    HERMES_OTEL_KAFKA_PASSWORD: 'password for --sasl',
    OTEL_RESOURCE_ATTRIBUTES: 'resource attributes, as key=value,key=value',
    ...variablesOf(DELIVERY_VARIABLES),
    ...OTLP_VARIABLES,
    ...AWS_VARIABLES,
  },
  examples: {
    'hermes-otel consume --brokers kafka:9092 --topic hermes-hooks --checkpoint /state --endpoint http://collector:4318':
      'one of several consumers; start as many as the topic has partitions, at most',
    'hermes-otel consume --brokers kafka:9093 --tls --sasl scram-sha-512 --user otel --password-file /run/secrets/kafka --topic hermes-hooks --checkpoint /state':
      'to a receiver on this machine, from brokers that ask for a password',
  },
  run: runConsume,
};

/** `EX_TEMPFAIL` of sysexits.h: a supervisor starts it again. */
const START_AGAIN = 75;
/** As of `replay`: another start would meet the same refusal. */
const NOT_DELIVERED = 1;

async function runConsume(command: Command, io: Io): Promise<number> {
  refuseOldNode(io);
  const own = readFlags(KAFKA_FLAGS, command, io.env);
  const kafka = kafkaOptions(own, io.env);
  const { checkpoint } = own;
  if (checkpoint === undefined)
    throw new CliError(
      'consume needs --checkpoint: a directory that all consumers of the group see, or an address of s3://.',
    );
  const flags = consumeFlags(command, io.env);
  requireEndpoint(flags, io.env);
  const options = await replayOptions(['topic'], flags, io);
  if (options.temporality === 'delta') {
    throw new CliError(
      'consume sends points again after a crash, which receivers of delta metrics would add up: unset OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE.',
    );
  }
  const say = noticesTo(io, flags.quiet);
  for (const sentence of notices(flags)) say(sentence);
  const { joinKafka } = await import('../../fleet/kafka.ts');
  const { consume } = await import('../../fleet/consume.ts');
  const store = await snapshotStore(checkpoint, flags.endpointUrl, io.env);
  const interrupt = watchInterrupts(io);
  try {
    const { messages, accounts, ended } = await consume(() => joinKafka(kafka), store, {
      ...options,
      topic: kafka.topic,
      group: kafka.group,
      from: own.from,
      snapshotIntervalMillis: own.snapshotInterval,
      settings: {
        ...settingsOf(flags, io),
        '--key-as': own.keyAs ?? '',
        '--reorder-window': `${flags.reorderWindow ?? ''}`,
      },
      signal: interrupt.signal,
      on: { notice: say, outage: say },
    });
    say(`${messages} messages; ${accountsInWords(accounts)}.`);
    if (ended === undefined) return 0;
    const next = ended.startAgain ? ` Exit code ${START_AGAIN}: start it again.` : '';
    io.stderr.write(`hermes-otel: ${ended.reason}.${next}\n`);
    return ended.startAgain ? START_AGAIN : NOT_DELIVERED;
  } finally {
    interrupt.leave();
  }
}

/** The client uses what older ones lack. */
const LEAST_NODE = [22, 22] as const;

function refuseOldNode({ versions }: Io): void {
  if (versions === undefined || !isOlder(versions.node, LEAST_NODE)) return;
  throw new CliError(
    `consume needs Node.js ${LEAST_NODE.join('.')} or newer, as its Kafka client does; this is ${versions.node}.`,
  );
}

function consumeFlags(command: Command, env: Io['env']): ReplayFlags {
  // A variable of `replay` means nothing here: a topic is followed, and its checkpoint is another one.
  const { HERMES_OTEL_FOLLOW: _follow, HERMES_OTEL_CHECKPOINT: _checkpoint, ...rest } = env;
  const read = readReplayFlags(command, { HERMES_OTEL_EXPORTER: 'otlp', ...rest });
  const local = read.exporter.find((name) => name === 'console' || name === 'openmetrics');
  if (local !== undefined)
    throw new CliError(`consume sends to a receiver or a file, not to ${local}: use -e otlp.`);
  return { ...read, follow: false, checkpoint: undefined, color: undefined };
}

type KafkaFlags = ReturnType<typeof readFlags<typeof KAFKA_FLAGS>>;

/** Throws a `CliError` that names the flag to mend. */
function kafkaOptions(flags: KafkaFlags, env: Io['env']): KafkaOptions {
  const { brokers = '', topic, group = '', keyAs = 'key' } = flags;
  if (brokers === '') throw new CliError('consume needs --brokers: host:port of at least one broker.');
  if (topic === undefined) throw new CliError('consume needs --topic.');
  const header = /^header:(.+)$/.exec(keyAs)?.[1];
  if (header === undefined && keyAs !== 'key')
    throw new CliError(`--key-as takes key or header:NAME, not "${keyAs}".`);
  const ca = flags.tlsCa === undefined ? undefined : fileText(flags.tlsCa, '--tls-ca');
  return {
    brokers: brokers.split(',').map((broker) => broker.trim()),
    topic,
    group,
    header,
    sessionTimeoutMillis: flags.sessionTimeout,
    tls: flags.tls || ca !== undefined ? { ca } : undefined,
    sasl: saslOf(flags, env),
  };
}

function saslOf({ sasl, user, passwordFile }: KafkaFlags, env: Io['env']): Sasl | undefined {
  if (sasl === undefined) return undefined;
  const [password = ''] =
    passwordFile === undefined
      ? [env.HERMES_OTEL_KAFKA_PASSWORD]
      : fileText(passwordFile, '--password-file').split(/\r?\n/);
  if (user === undefined || password === '') throw new CliError('--sasl needs --user and --password-file.');
  return { mechanism: sasl.toUpperCase() as Uppercase<typeof sasl>, username: user, password };
}

function fileText(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new CliError(`${flag}: ${path} cannot be read: ${errorInWords(error)}.`);
  }
}

function accountsInWords(accounts: readonly DeliveryAccount[]): string {
  return (
    summed(accounts, ({ signal }) => signal)
      .map(({ signal, made, accepted }) => `${accepted} of ${made} ${signal} accepted`)
      .join('; ') || 'nothing was sent'
  );
}
