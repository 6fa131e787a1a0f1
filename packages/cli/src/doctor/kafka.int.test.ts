/** The doctor on a real Kafka broker: topics and groups that break a promise, and the same when they are mended. */
import { kafka } from '@ebus/kafka';
import { sharedService } from '@ebus/services';
import { beforeAll, describe, expect, it } from 'vitest';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { configure, entries, managed } from '../testing/kafka.js';
import { examined, expectFound, expectFoundOf, lettersOf, serious } from '../testing/misconfigured.js';
import { expectSound } from '../testing/sound-bus.js';
import { TOPICS, timestamp, type Wrong } from '../testing/wrong-on-kafka.js';
import type { Finding } from './finding.js';

const TIMEOUT = 180_000;

type Row = Wrong & { readonly topic: string };

describe('on a Kafka broker the doctor finds', () => {
  const [prefix, group] = [uniqueName('ill'), uniqueName('billing')];
  const rows: readonly Row[] = TOPICS.map((row, i) => ({ ...row, topic: `${prefix}.row${i}` }));
  let brokers: readonly string[];
  let found: readonly Finding[];
  const topics = Object.fromEntries(rows.map(({ topic, configured = {} }) => [topic, configured]));
  const examine = () => examined({ type: 'kafka', serviceName: group, kafka: { brokers }, topics });

  beforeAll(async () => {
    ({ addresses: brokers } = await sharedService('kafka'));
    await misconfigure(brokers, group, rows);
    found = await examine();
  }, TIMEOUT);

  it.each(rows)('$wrong', (row) => expectFoundOf(found, row));

  it(
    'nothing once they are mended',
    async () => {
      await mend(brokers, group, rows);
      await expect.poll(async () => serious(await examine()), { timeout: 20_000 }).toEqual([]);
    },
    TIMEOUT,
  );
});

const madeWith = (topic: string, settings: Readonly<Record<string, string>> = {}) => ({
  topic,
  numPartitions: 1,
  replicationFactor: 1,
  configEntries: entries(settings),
});

const misconfigure = (brokers: readonly string[], group: string, rows: readonly Row[]) =>
  managed(brokers, async (admin, client) => {
    const topics = rows
      .filter(({ isMissing = false }) => !isMissing)
      .flatMap(({ topic, settings, letters }) => [
        madeWith(topic, settings),
        ...(letters === undefined ? [] : [madeWith(lettersOf(topic), letters)]),
      ]);
    await admin.createTopics({ topics, waitForLeaders: true });
    const producer = client.producer();
    await producer.connect();
    for (const { topic, messages, removed } of rows) {
      if (messages === undefined) continue;
      const message = { value: 'a', timestamp: timestamp(messages.ageMs) };
      await producer.send({ topic, messages: Array.from({ length: messages.count }, () => message) });
      await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '0' }] });
      if (removed !== undefined)
        await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(removed) }] });
    }
    await producer.disconnect();
  });

/** As the remedies say. */
const mend = (brokers: readonly string[], group: string, rows: readonly Row[]) =>
  managed(brokers, async (admin) => {
    for (const { topic, settings, letters, configured, messages, isMissing = false } of rows) {
      if (isMissing) await admin.createTopics({ topics: [madeWith(topic)], waitForLeaders: true });
      if (configured?.partitions !== undefined)
        await admin.createPartitions({ topicPartitions: [{ topic, count: configured.partitions }] });
      if (configured?.retention !== undefined)
        await configure(admin, topic, { 'retention.ms': String(3 * 24 * 3_600_000) });
      if (settings !== undefined) await configure(admin, topic, {});
      if (letters !== undefined)
        await configure(admin, lettersOf(topic), { 'retention.ms': String(30 * 24 * 3_600_000) });
      if (messages !== undefined) {
        // As its service would by reading on.
        const partitions = [{ partition: 0, offset: String(messages.count) }];
        await admin.setOffsets({ groupId: group, topic, partitions });
      }
    }
  });

it(
  'finds members of another kind in the group of the service, and nothing once they have left',
  async () => {
    const { addresses: brokers } = await sharedService('kafka');
    const [topic, group] = [uniqueName('ill'), uniqueName('billing')];
    await managed(brokers, async (admin, client) => {
      await admin.createTopics({ topics: [madeWith(topic)], waitForLeaders: true });
      const consumer = client.consumer({ groupId: group });
      const joined = new Promise((resolve) => void consumer.on(consumer.events.GROUP_JOIN, resolve));
      await consumer.connect();
      await consumer.subscribe({ topic });
      await consumer.run({ eachMessage: () => Promise.resolve() });
      await joined;
      const config = { type: 'kafka', serviceName: group, kafka: { brokers }, topics: { [topic]: {} } };
      expectFound(await examined(config), topic, {
        wrong: 'members of another kind',
        finding: [
          'foreign-members',
          'error',
          /'RoundRobinAssigner'.*'cooperative-sticky'/,
          /stop them first/,
        ],
      });
      // For a service of another name they are none of its own.
      expect(serious(await examined({ ...config, serviceName: 'shipping' }))).toEqual([]);
      await consumer.disconnect();
      expect(serious(await examined(config))).toEqual([]);
    });
  },
  TIMEOUT,
);

it(
  'says nothing about a sound Kafka, and leaves nothing behind',
  async () => {
    const { addresses: brokers } = await sharedService('kafka');
    const [topic, serviceName] = [uniqueName('sound'), uniqueName('billing')];
    await expectSound({
      plugin: kafka,
      topic,
      config: {
        type: 'kafka',
        serviceName,
        kafka: { brokers: [...brokers] },
        topics: { [topic]: { retention: '7d', partitions: 2 } },
      },
      traces: (bus) =>
        managed(brokers, async (admin) => ({
          topics: (await admin.listTopics()).filter((name) => name.startsWith(topic)),
          ends: await admin.fetchTopicOffsets(topic),
          positions: await admin.fetchOffsets({ groupId: serviceName, topics: [topic] }),
          members: (await admin.describeGroups([serviceName])).groups[0]?.members.length,
          groups: (await bus.inspect.groups(topic)).map(({ group }) => group),
        })),
    });
  },
  TIMEOUT,
);
