/** What a broker holds, looked at and changed by clients that know nothing of ebus. */
import { randomUUID } from 'node:crypto';
import type { Message } from '@confluentinc/kafka-javascript';
import type { LogAccess, StoredMessage } from '@ebus/conformance';
import type { Admin, Consumer, Producer } from 'kafkajs';
import { called, loadNativeClient } from '../native-client.js';
import { eventually, plainKafka } from './harness.js';

const BATCH = 500;
/** Where no log of a test ever is. */
const BEYOND = '1000000';

export class KafkaLog implements LogAccess {
  readonly #address: () => string;
  readonly #members = new Set<Consumer>();
  #admin: Promise<Admin> | undefined;
  #producer: Promise<Producer> | undefined;

  constructor(address: () => string) {
    this.#address = address;
  }

  async stored(topic: string): Promise<StoredMessage[]> {
    const admin = await this.#connected();
    const offsets = await admin.fetchTopicOffsets(topic);
    const ends = offsets.map(({ partition, low, high }) => ({
      partition,
      low: Number(low),
      high: Number(high),
    }));
    const missing = ends.reduce((sum, { low, high }) => sum + high - low, 0);
    const read = missing === 0 ? [] : await this.#read(topic, ends, missing);
    return read
      .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
      .map(({ value, key }) => ({
        value: String(value ?? ''),
        tombstone: value === null,
        ...(key === null || key === undefined ? {} : { key: String(key) }),
      }));
  }

  async write(topic: string, { value, tombstone, key, headers = {} }: StoredMessage): Promise<void> {
    this.#producer ??= connected(plainKafka([this.#address()]).producer({ createPartitioner: first }));
    await (await this.#producer).send({
      topic,
      messages: [{ value: tombstone === true ? null : Buffer.from(value), key: key ?? null, headers }],
    });
  }

  async readers(topic: string): Promise<string[]> {
    const admin = await this.#connected();
    const found: string[] = [];
    for (const { groupId } of (await admin.listGroups()).groups) {
      const [answer] = await admin.fetchOffsets({ groupId, topics: [topic] });
      if (answer?.partitions.some(({ offset }) => Number(offset) >= 0) === true) found.push(groupId);
    }
    return found;
  }

  async remove(topic: string): Promise<void> {
    const admin = await this.#connected();
    await admin.deleteTopics({ topics: [topic] });
    await eventually(async () => !(await admin.listTopics()).includes(topic), 'the topic is gone');
  }

  async recreate(topic: string): Promise<void> {
    const admin = await this.#connected();
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    const numPartitions = topics[0]?.partitions.length ?? 1;
    await this.remove(topic);
    await eventually(async () => {
      await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: true });
      return (await admin.fetchTopicOffsets(topic)).length === numPartitions;
    }, 'the topic is made anew');
  }

  async trim(topic: string, keep: number): Promise<void> {
    const admin = await this.#connected();
    const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }) => ({
      partition,
      offset: String(Math.max(Number(low), Number(high) - keep)),
    }));
    await admin.deleteTopicRecords({ topic, partitions });
  }

  async overrun(topic: string, groupId: string): Promise<void> {
    const admin = await this.#connected();
    const partitions = (await admin.fetchTopicOffsets(topic)).map(({ partition }) => ({
      partition,
      offset: BEYOND,
    }));
    // Its members have left a moment ago.
    await eventually(async () => {
      await admin.setOffsets({ groupId, topic, partitions });
    });
  }

  /** A member that assigns partitions in another way keeps those of ebus out. */
  async occupy(topic: string, groupId: string): Promise<() => Promise<void>> {
    const member = plainKafka([this.#address()]).consumer({ groupId, sessionTimeout: 6_000 });
    this.#members.add(member);
    await member.connect();
    await member.subscribe({ topic, fromBeginning: false });
    const joined = new Promise<void>((resolve) => {
      member.on(member.events.GROUP_JOIN, () => resolve());
    });
    await member.run({ autoCommit: false, eachMessage: async () => {} });
    await joined;
    return async () => {
      this.#members.delete(member);
      await member.disconnect();
    };
  }

  async close(): Promise<void> {
    for (const member of this.#members) await member.disconnect();
    await (await this.#producer)?.disconnect();
    await (await this.#admin)?.disconnect();
  }

  /** For what only this client asks of a broker. */
  admin(): Promise<Admin> {
    return this.#connected();
  }

  #connected(): Promise<Admin> {
    this.#admin ??= connected(plainKafka([this.#address()]).admin());
    return this.#admin;
  }

  async #read(
    topic: string,
    ends: readonly { partition: number; low: number; high: number }[],
    count: number,
  ): Promise<Message[]> {
    const { KafkaConsumer } = loadNativeClient();
    const consumer = new KafkaConsumer(
      {
        'bootstrap.servers': this.#address(),
        'group.id': `look-${randomUUID()}`,
        'enable.auto.commit': false,
      },
      { 'auto.offset.reset': 'earliest' },
    );
    try {
      await called((done) => consumer.connect({ allTopics: false, timeout: 5_000 }, done as never));
      consumer.setDefaultConsumeTimeout(100);
      consumer.assign(ends.map(({ partition, low }) => ({ topic, partition, offset: low })));
      const read: Message[] = [];
      const end = new Map(ends.map(({ partition, high }) => [partition, high]));
      await eventually(async () => {
        const batch = await called<Message[]>((done) => consumer.consume(BATCH, done as never));
        read.push(...batch.filter(({ partition, offset }) => offset < (end.get(partition) ?? 0)));
        return read.length >= count;
      }, `${count} records of ${topic}`);
      return read;
    } finally {
      await called((done) => consumer.disconnect(done as never)).catch(() => {});
    }
  }
}

/** Everything that strangers write in these tests goes to one partition. */
const first = () => () => 0;

async function connected<T extends { connect(): Promise<void> }>(client: T): Promise<T> {
  await client.connect();
  return client;
}
