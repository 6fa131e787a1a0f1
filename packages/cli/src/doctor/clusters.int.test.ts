/** The doctor on clusters of three: copies that are too few, and brokers that are away. */
import { type Service, startService } from '@ebus/services';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { configure, entries, managed as managedKafka } from '../testing/kafka.js';
import { examined, expectFound, type Misconfiguration, serious } from '../testing/misconfigured.js';
import { consumerOf, managed as managedNats, streamOf } from '../testing/nats.js';
import type { Finding } from './finding.js';

const TIMEOUT = 180_000;
const PATIENCE = { timeout: 40_000, interval: 500 };
const ALL = [1, 2, 3];

interface Row extends Misconfiguration {
  readonly topic: string;
  readonly replicas: readonly number[];
  readonly least?: number;
}

const COPIES: readonly Row[] = [
  {
    wrong: 'one replica',
    topic: 'single',
    replicas: [1],
    least: 1,
    finding: ['few-replicas', 'warning', /one of 3 brokers has the only copy/, /replicas: 3;/],
  },
  {
    wrong: 'acknowledgements of one replica',
    topic: 'early',
    replicas: ALL,
    least: 1,
    finding: ['in-sync-too-few', 'warning', /min\.insync\.replicas is 1 of 3/, /min\.insync\.replicas=2/],
  },
  {
    wrong: 'acknowledgements of every replica',
    topic: 'all',
    replicas: ALL,
    least: 3,
    finding: ['in-sync-all', 'warning', /is 3, as many as there are replicas/, /min\.insync\.replicas=2/],
  },
  {
    wrong: 'acknowledgements of more than there are',
    topic: 'none',
    replicas: [1, 2],
    least: 3,
    finding: ['in-sync-unreachable', 'error', /is 3, and there are 2 replicas/, /min\.insync\.replicas=1/],
  },
];

const positions: Misconfiguration = {
  wrong: 'one replica of the positions of groups',
  finding: ['positions-few-replicas', 'warning', /__consumer_offsets has one replica/, /factor=3/],
};
const behind: Misconfiguration = {
  wrong: 'a broker that is away',
  finding: ['under-replicated', 'warning', /fewer replicas in sync/, /broker that is away/],
};
const leaderless: Misconfiguration = {
  wrong: 'the only replica is away',
  finding: ['no-leader', 'error', /1 partitions have no leader/, /start the brokers/],
};

describe('on a Kafka cluster the doctor finds', () => {
  let cluster: Service;
  let found: readonly Finding[];
  const examine = (...topics: string[]) =>
    examined({
      type: 'kafka',
      serviceName: 'billing',
      connectTimeout: '30s',
      kafka: { brokers: cluster.addresses },
      topics: Object.fromEntries(topics.map((topic) => [topic, {}])),
    });
  const names = COPIES.map(({ topic }) => topic);

  beforeAll(async () => {
    const config = 'offsets.topic.replication.factor=1\noffsets.topic.num.partitions=1';
    cluster = await startService('kafka', { own: true, nodes: 3, config });
    const topics = COPIES.map(({ topic, replicas, least }) => ({
      topic,
      replicaAssignment: [{ partition: 0, replicas: [...replicas] }],
      configEntries: entries({ 'min.insync.replicas': String(least) }),
    }));
    await managedKafka(cluster.addresses, (admin) => admin.createTopics({ topics, waitForLeaders: true }));
    // Kafka makes the topic for positions when it is asked for a group the first time.
    const asked = () =>
      managedKafka(cluster.addresses, async (admin) => {
        await admin.fetchOffsets({ groupId: 'billing', topics: names }).catch(() => {});
        return admin.listTopics();
      });
    await vi.waitFor(async () => expect(await asked()).toContain('__consumer_offsets'), PATIENCE);
    found = await examine(...names);
  }, TIMEOUT);
  afterAll(() => cluster.close());

  it.each(COPIES)('$wrong', (row) => expectFound(found, row.topic, row));

  it('one replica of the positions of groups', () => expectFound(found, 'groups', positions));

  it(
    'nothing once they are mended',
    async () => {
      await managedKafka(cluster.addresses, async (admin) => {
        const partitionAssignment = [{ partition: 0, replicas: ALL }];
        const groups = await admin.listTopics();
        const moved = [...names, ...groups.filter((name) => name === '__consumer_offsets')];
        const topics = moved.map((topic) => ({ topic, partitionAssignment }));
        await admin.alterPartitionReassignments({ topics });
        for (const topic of names) await configure(admin, topic, { 'min.insync.replicas': '2' });
      });
      await expect.poll(async () => serious(await examine(...names)), PATIENCE).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    'brokers that are away',
    async () => {
      const topics = [{ topic: 'lost', replicaAssignment: [{ partition: 0, replicas: [3] }] }];
      await managedKafka(cluster.addresses, (admin) => admin.createTopics({ topics, waitForLeaders: true }));
      await cluster.stop(3);
      const away = async () => (await examine('early', 'lost')).map(({ code }) => code);
      await expect.poll(away, PATIENCE).toEqual(expect.arrayContaining(['under-replicated', 'no-leader']));
      const told = await examine('early', 'lost');
      expectFound(told, 'early', behind);
      expectFound(told, 'lost', leaderless);
      await cluster.restart(3);
      await expect.poll(async () => serious(await examine('early')), PATIENCE).toEqual([]);
    },
    TIMEOUT,
  );
});

describe('on a NATS cluster the doctor finds', () => {
  let cluster: Service;
  const examine = () =>
    examined({
      type: 'nats',
      serviceName: 'billing',
      connectTimeout: '30s',
      nats: { urls: cluster.addresses },
      topics: { 'shop.orders': {} },
    });
  beforeAll(async () => {
    cluster = await startService('nats', { own: true, nodes: 3 });
  }, TIMEOUT);
  afterAll(() => cluster.close());

  it(
    'one replica, a server that is away, and nothing once they are mended',
    async () => {
      const topic = 'shop.orders';
      const name = streamOf(topic);
      const served = [cluster.addresses[0] as string];
      await managedNats(served, async ({ streams, consumers }) => {
        await streams.add({ name, subjects: [topic] });
        await consumers.add(name, consumerOf(topic, 'billing'));
      });
      expectFound(await examine(), topic, COPIES[0] as Row);
      await managedNats(served, ({ streams }) => streams.update(name, { num_replicas: 3 }));
      await expect.poll(async () => serious(await examine()), PATIENCE).toEqual([]);
      await cluster.stop(3);
      await expect
        .poll(async () => (await examine()).map(({ code }) => code), PATIENCE)
        .toContain('under-replicated');
      expectFound(await examine(), topic, behind);
      await cluster.restart(3);
      await expect.poll(async () => serious(await examine()), PATIENCE).toEqual([]);
    },
    TIMEOUT,
  );
});
