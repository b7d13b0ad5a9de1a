/**
 * What the e2e test asks of Kafka beside `consume`, in a process of its own: the client wants a newer Node.js than the tests.
 *   client.js create BROKER TOPIC PARTITIONS [NAME=VALUE …]
 *   client.js produce BROKER TOPIC LINES_PER_SECOND   lines of KEY, tab, VALUE on standard input
 *   client.js lag BROKER TOPIC GROUP PARTITIONS
 *   client.js keys BROKER TOPIC   JSON: of each key, in hexadecimal digits, the partitions and the number of messages
 */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Admin, Consumer, Producer, stringSerializers } from '@platformatic/kafka';

const [command, broker, topic, ...rest] = process.argv.slice(2);
const connection = { clientId: 'e2e', bootstrapBrokers: [broker], retries: 20, retryDelay: 500 };

const COMMANDS = {
  async create(partitions, ...configs) {
    const admin = new Admin(connection);
    const named = configs.map((config) => config.split('=')).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      topics: [topic],
      partitions: Number(partitions),
      replicas: 1,
      configs: named,
    });
    await admin.close();
  },
  async produce(rate) {
    const producer = new Producer({ ...connection, serializers: stringSerializers });
    const began = Date.now();
    let sent = 0;
    let batch = [];
    const flush = async () => {
      // As a shipper does: a batch whose answer is lost with the broker is sent again.
      while (!(await producer.send({ messages: batch, acks: -1 }).catch(() => undefined))) await sleep(500);
      sent += batch.length;
      batch = [];
      const ahead = (sent / Number(rate)) * 1000 - (Date.now() - began);
      if (ahead > 0) await sleep(ahead);
    };
    for await (const line of createInterface({ input: process.stdin })) {
      const at = line.indexOf('\t');
      batch.push({ topic, key: line.slice(0, at), value: line.slice(at + 1) });
      if (batch.length >= 200) await flush();
    }
    if (batch.length > 0) await flush();
    await producer.close();
  },
  async lag(group, partitions) {
    const consumer = new Consumer({ ...connection, groupId: group });
    const numbers = Array.from({ length: Number(partitions) }, (_, number) => number);
    const committed = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: numbers }] });
    const ends = await consumer.listOffsets({ topics: [topic], partitions: { [topic]: numbers } });
    const lag = numbers.map(
      (number) => (ends.get(topic)?.[number] ?? 0n) - (committed.get(topic)?.[number] ?? -1n),
    );
    process.stdout.write(`${lag.reduce((sum, one) => sum + one, 0n)}\n`);
    await consumer.close();
  },
  async keys() {
    const consumer = new Consumer({ ...connection, groupId: 'keys' });
    const ends = (await consumer.listOffsets({ topics: [topic] })).get(topic) ?? [];
    let left = ends.reduce((sum, end) => sum + Number(end), 0);
    const keys = {};
    const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: false });
    for await (const { key, partition } of stream) {
      const name = key.toString('hex');
      keys[name] ??= { partitions: [], messages: 0 };
      const found = keys[name];
      if (!found.partitions.includes(partition)) found.partitions.push(partition);
      found.messages += 1;
      left -= 1;
      if (left === 0) break;
    }
    process.stdout.write(JSON.stringify(keys));
    await consumer.close(true);
  },
};

await COMMANDS[command](...rest);
