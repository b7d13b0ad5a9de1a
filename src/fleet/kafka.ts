/**
 * A member of a Kafka consumer group, by `@platformatic/kafka` and the classic protocol. The client is trusted with little:
 * each join opens a new stream at the offsets that are named, so nothing that was fetched for an earlier assignment arrives,
 * and a commit that it would repeat for a later generation is emptied.
 */
import { isUtf8 } from 'node:buffer';
import type { Consumer, Message as KafkaMessage, MessagesStream } from '@platformatic/kafka';
import { tlsTrouble } from '../export/http/classify.ts';
import { errorCode } from '../model/system-error.ts';
import { ReplayError } from '../replay/replay-error.ts';
import {
  type Assignment,
  type GroupMember,
  type Message,
  type PartitionOffsets,
  Unreachable,
} from './group.ts';

export interface KafkaOptions {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly group: string;
  /** What names a source: the key of a message, or the header of this name. */
  readonly header?: string | undefined;
  /** A member that is silent for so long is taken for dead. */
  readonly sessionTimeoutMillis: number;
  /** `undefined`: no TLS. `ca` is PEM; `undefined`: as Node trusts. */
  readonly tls?: { readonly ca: string | undefined } | undefined;
  readonly sasl?: Sasl | undefined;
}

export interface Sasl {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

type Client = Consumer<Buffer, Buffer, Buffer, Buffer>;
type Stream = MessagesStream<Buffer, Buffer, Buffer, Buffer>;

/** Heartbeats in the time after which a member counts as dead. */
const HEARTBEATS = 5;
/** Of one `next`: a snapshot may be due between two of them. */
const MOST_MESSAGES = 2000;

/** Throws a `ReplayError` when the client is not installed, the topic does not exist, or it is compacted. */
export async function joinKafka(options: KafkaOptions): Promise<GroupMember> {
  const kafka = await loadClient();
  const connection = {
    clientId: 'hermes-otel',
    bootstrapBrokers: [...options.brokers],
    ...(options.tls && { tls: options.tls.ca === undefined ? {} : { ca: options.tls.ca } }),
    ...(options.sasl && { sasl: { ...options.sasl } }),
    strict: false,
    retries: 5,
    timeout: 15_000,
  };
  const { topic } = options;
  await reached(() => refuseCompacted(new kafka.Admin(connection), topic));
  const { sessionTimeoutMillis: sessionTimeout } = options;
  const membership = {
    sessionTimeout,
    heartbeatInterval: Math.floor(sessionTimeout / HEARTBEATS),
    // The others wait so long for a member that is dead, or still sends what it has read.
    rebalanceTimeout: sessionTimeout,
  };
  const { group: groupId } = options;
  const client: Client = new kafka.Consumer({
    ...connection,
    ...membership,
    groupId,
    groupProtocol: 'classic',
  });
  return await member(client, options, () => client.joinGroup(membership));
}

async function loadClient(): Promise<typeof import('@platformatic/kafka')> {
  try {
    return await import('@platformatic/kafka');
  } catch (error) {
    const message = 'consume needs the Kafka client beside it: npm install @platformatic/kafka@2.12.1';
    throw new ReplayError('destination', message, { cause: error });
  }
}

async function reached<T>(use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } catch (error) {
    if (error instanceof ReplayError) throw error;
    throw refusal(error) ?? new Unreachable(`Kafka: ${reasonOf(error)}`, { cause: error });
  }
}

/** What another start would meet again: it is for the user to mend. */
function refusal(error: unknown): ReplayError | undefined {
  const codes = [...chainOf(error)].map((one) => errorCode(one) ?? '');
  if (codes.includes('PLT_KFK_AUTHENTICATION')) {
    const sentence = 'Kafka refuses the password: check --sasl, --user and --password-file.';
    return new ReplayError('destination', sentence, { cause: error });
  }
  const trouble = codes.map(tlsTrouble).find((words) => words !== undefined);
  if (trouble === undefined) return undefined;
  const sentence = `Kafka cannot be reached: ${trouble}; check --tls-ca (whom to trust), and that the port is one for TLS.`;
  return new ReplayError('destination', sentence, { cause: error });
}

/** An error and what is behind it. */
function* chainOf(error: unknown): Generator<Error> {
  if (!(error instanceof Error)) return;
  yield error;
  for (const inner of error instanceof AggregateError ? error.errors : [error.cause]) yield* chainOf(inner);
}

/** The innermost reasons: the client's own messages say only which request failed. */
function reasonOf(error: unknown): string {
  const innermost = [...chainOf(error)].filter((one) => [...chainOf(one)].length === 1);
  return [...new Set(innermost.map(({ message }) => message.replace(/\.$/, '')))].join(', ') || String(error);
}

/** Compaction removes events. */
async function refuseCompacted(admin: import('@platformatic/kafka').Admin, topic: string): Promise<void> {
  try {
    const TOPIC = 2;
    const described = await admin.describeConfigs({
      resources: [{ resourceType: TOPIC, resourceName: topic, configurationKeys: ['cleanup.policy'] }],
    });
    const policy = described[0]?.configs.find(({ name }) => name === 'cleanup.policy')?.value ?? '';
    if (!policy.includes('compact')) return;
  } finally {
    await admin.close();
  }
  throw new ReplayError(
    'invalid-option',
    `The topic ${topic} is compacted, which removes events: set its cleanup.policy to delete.`,
  );
}

async function member(
  client: Client,
  { topic, header }: KafkaOptions,
  join: () => Promise<unknown>,
): Promise<GroupMember> {
  let assignment: Assignment | undefined;
  let stream: Stream | undefined;
  let problem: unknown;
  /** Offsets that are being committed. */
  const committing = new Set<unknown[]>();
  const lose = () => {
    assignment = undefined;
    for (const offsets of committing) offsets.length = 0;
  };
  client.on('consumer:group:leave', lose);
  client.on('consumer:group:join', ({ assignments = [] }) => {
    lose();
    assignment = { partitions: assignments.find((one) => one.topic === topic)?.partitions ?? [] };
  });
  const fail = (error: unknown) => {
    problem ??= error;
  };
  client.on('error', fail);
  client.on('consumer:heartbeat:stalled', () => fail(new Error('the group does not answer heartbeats')));
  // Tracked once by hand: a topic whose last stream closes would make the client join again.
  client.topics.track(topic);
  await reached(join);

  function drain(from: Stream): readonly Message[] {
    const messages: Message[] = [];
    while (messages.length < MOST_MESSAGES) {
      const message: KafkaMessage<Buffer, Buffer, Buffer, Buffer> | null = from.read();
      if (message === null) break;
      messages.push(messageOf(message, header));
    }
    return messages;
  }

  return {
    assignment: () => assignment,
    offsets: (partitions) =>
      reached(async () => {
        const topics = [{ topic, partitions: [...partitions] }];
        const [committed, earliest, end] = await Promise.all([
          client.listCommittedOffsets({ topics }),
          client.listOffsets({
            topics: [topic],
            partitions: { [topic]: [...partitions] },
            timestamp: EARLIEST,
          }),
          client.listOffsets({
            topics: [topic],
            partitions: { [topic]: [...partitions] },
            timestamp: LATEST,
          }),
        ]);
        const at = (found: Map<string, bigint[]>, partition: number) => found.get(topic)?.[partition] ?? -1n;
        return new Map(
          partitions.map((partition): [number, PartitionOffsets] => {
            const before = at(committed, partition);
            return [
              partition,
              {
                committed: before < 0n ? undefined : before,
                earliest: at(earliest, partition),
                end: at(end, partition),
              },
            ];
          }),
        );
      }),
    readFrom: (from) =>
      reached(async () => {
        const before = stream;
        stream = await client.consume({
          topics: [topic],
          mode: 'manual',
          fallbackMode: 'fail',
          offsets: Array.from(from, ([partition, offset]) => ({ topic, partition, offset })),
          autocommit: false,
          maxWaitTime: 100,
        });
        stream.on('error', fail);
        // Without a listener for it the client fetches nothing.
        stream.on('readable', () => {});
        before?.destroy();
      }),
    async next(withinMillis) {
      const owned = assignment;
      if (problem !== undefined) throw new Unreachable(`Kafka: ${reasonOf(problem)}`, { cause: problem });
      const ready = owned === undefined || stream === undefined ? [] : drain(stream);
      if (ready.length > 0) return ready;
      await soon(stream, withinMillis);
      return owned === undefined || owned !== assignment || stream === undefined ? [] : drain(stream);
    },
    commit: (partition, offset) =>
      reached(async () => {
        const owned = assignment;
        const offsets = [{ topic, partition, offset, leaderEpoch: -1 }];
        committing.add(offsets);
        try {
          await client.commit({ offsets });
        } finally {
          committing.delete(offsets);
        }
        if (offsets.length === 0 || owned !== assignment)
          throw new Error('the group rebalanced before the commit');
      }),
    async close() {
      stream?.destroy();
      await client.close(true).catch(() => undefined);
    },
  };
}

const EARLIEST = -2n;
const LATEST = -1n;

/** Resolves when the stream has something to read, or after so long. */
function soon(stream: Stream | undefined, withinMillis: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stream?.off('readable', done);
      resolve();
    };
    const timer = setTimeout(done, withinMillis);
    stream?.on('readable', done);
  });
}

/** The Collector's key is a hash of 16 bytes. */
function nameOf(source: Buffer): string {
  return source.toString(isUtf8(source) ? 'utf8' : 'hex');
}

function messageOf(
  { partition, offset, key, value, timestamp, headerEntries }: KafkaMessage<Buffer, Buffer, Buffer, Buffer>,
  header: string | undefined,
): Message {
  const named = header && headerEntries.find(([name]) => String(name) === header)?.[1];
  // A message may lack both, whatever the types say.
  const source: Buffer | null | undefined = header === undefined ? key : named || undefined;
  return {
    partition,
    offset,
    source: source ? nameOf(source) : '',
    text: (value as Buffer | null)?.toString('utf8') ?? '',
    producedAt: Number(timestamp),
  };
}
