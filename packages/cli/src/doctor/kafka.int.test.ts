/** The doctor on real Kafka brokers: deliberate misconfigurations, each of which is found, and a sound bus. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@ebus/core';
import { kafka } from '@ebus/kafka';
import { sharedService, startService } from '@ebus/services';
import kafkajs, { type Admin } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { uniqueName } from '../../../conformance/src/test-kit/unique-name.js';
import { Workshop } from '../testing/recorded-io.js';
import { expectSound } from '../testing/sound-bus.js';
import type { Finding } from './finding.js';

const HOUR = 3_600_000;
const TIMEOUT = { timeout: 180_000 };

/** Settings of topics that break a promise, by the finding. */
const TOPICS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  compaction: { 'cleanup.policy': 'compact' },
  'short-retention': { 'retention.ms': String(HOUR) },
  'size-limit': { 'retention.bytes': '1000000' },
  'message-limit': { 'max.message.bytes': '1000' },
  'unclean-election': { 'unclean.leader.election.enable': 'true' },
  timestamps: { 'message.timestamp.type': 'LogAppendTime' },
  'in-sync-unreachable': { 'min.insync.replicas': '2' },
};

async function client<T>(
  brokers: readonly string[],
  work: (admin: Admin, client: kafkajs.Kafka) => Promise<T>,
) {
  const client = new kafkajs.Kafka({ brokers: [...brokers], logLevel: kafkajs.logLevel.NOTHING });
  const admin = client.admin();
  await admin.connect();
  try {
    return await work(admin, client);
  } finally {
    await admin.disconnect();
  }
}

const entries = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings).map(([name, value]) => ({ name, value }));

describe('the doctor on Kafka', () => {
  it('finds each setting of a topic, and each state of a group, that breaks a promise', TIMEOUT, async () => {
    const { addresses: brokers } = await sharedService('kafka');
    const prefix = uniqueName('ill');
    const topicOf = (code: string) => `${prefix}.${code}`;
    const group = uniqueName('billing');
    await client(brokers, async (admin, kafka) => {
      const made = (code: string, settings: Readonly<Record<string, string>> = {}) => ({
        topic: topicOf(code),
        numPartitions: 1,
        replicationFactor: 1,
        configEntries: entries(settings),
      });
      const letters = made('dead.dlq', { 'retention.ms': String(HOUR), 'max.message.bytes': '1000' });
      const rest = [
        made('missed'),
        made('old', { 'retention.ms': String(HOUR) }),
        made('dead'),
        made('wanted'),
      ];
      const topics = [
        ...Object.entries(TOPICS).map(([code, settings]) => made(code, settings)),
        letters,
        ...rest,
      ];
      await admin.createTopics({ topics, waitForLeaders: true });
      const producer = kafka.producer();
      await producer.connect();
      const messages = ['a', 'b', 'c'].map((value) => ({ value }));
      await producer.send({ topic: topicOf('missed'), messages });
      // As published almost an hour ago.
      const timestamp = String(systemClock.now() - 0.9 * HOUR);
      await producer.send({ topic: topicOf('old'), messages: [{ value: 'a', timestamp }] });
      await producer.disconnect();
      for (const topic of ['missed', 'old'].map(topicOf))
        await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '0' }] });
      await admin.deleteTopicRecords({
        topic: topicOf('missed'),
        partitions: [{ partition: 0, offset: '2' }],
      });
    });
    const codes = [...Object.keys(TOPICS), 'missed', 'old', 'dead', 'gone'];
    const topics = Object.fromEntries(codes.map((code) => [topicOf(code), {}]));
    await using shop = await Workshop.with({
      type: 'kafka',
      serviceName: group,
      kafka: { brokers: [...brokers], producer: { requiredAcks: 1 } },
      topics: { ...topics, [topicOf('wanted')]: { partitions: 3, replicas: 2 } },
    });
    const found = await shop.json<Finding[]>('doctor');
    const of = (topic: string) => {
      const about = found.filter((one) => [topic, `${topic} / ${group}`].includes(one.about));
      return about.map(({ code }) => code);
    };
    for (const code of Object.keys(TOPICS)) expect(of(topicOf(code)), code).toContain(code);
    expect(of(topicOf('missed'))).toEqual(expect.arrayContaining(['missed', 'group-without-members']));
    expect(of(topicOf('old'))).toContain('retention-overtakes');
    expect(of(topicOf('dead.dlq'))).toEqual(
      expect.arrayContaining(['dead-letter-retention', 'dead-letter-limit']),
    );
    expect(of(topicOf('gone'))).toContain('topic-missing');
    expect(of(topicOf('wanted'))).toContain('topic-mismatch');
    expect(of('configuration')).toEqual(['acks-not-all']);
  });

  it('says nothing about a sound bus, and leaves nothing behind', TIMEOUT, async () => {
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
        client(brokers, async (admin) => ({
          topics: (await admin.listTopics()).filter((name) => name.startsWith(topic)),
          ends: await admin.fetchTopicOffsets(topic),
          positions: await admin.fetchOffsets({ groupId: serviceName, topics: [topic] }),
          members: (await admin.describeGroups([serviceName])).groups[0]?.members.length,
          groups: (await bus.inspect.groups(topic)).map(({ group }) => group),
        })),
    });
  });

  it('asks for permissions, and sees settings of the brokers', TIMEOUT, async () => {
    const users = ['reader', 'writer'];
    await using server = await startService('kafka', {
      own: true,
      protocol: 'SASL_PLAINTEXT',
      config: [
        'sasl.enabled.mechanisms=PLAIN',
        'listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ' +
          `${users.map((user) => `user_${user}="right"`).join(' ')};`,
        'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        'super.users=User:ANONYMOUS',
        'auto.create.topics.enable=true',
        'offsets.retention.minutes=60',
      ].join('\n'),
    });
    const file = join(server.folder as string, 'kafka-1', 'server.properties');
    const [, internal = ''] =
      /^advertised\.listeners=.*INTERNAL:\/\/([\d.]+:\d+)/m.exec(await readFile(file, 'utf8')) ?? [];
    const {
      AclOperationTypes: may,
      AclPermissionTypes,
      AclResourceTypes: kinds,
      ResourcePatternTypes,
    } = kafkajs;
    await client([internal], async (admin) => {
      const topics = ['orders', 'orders.dlq'].map((topic) => ({
        topic,
        numPartitions: 1,
        replicationFactor: 1,
      }));
      await admin.createTopics({ topics, waitForLeaders: true });
      const grants = [
        ...(['DESCRIBE', 'DESCRIBE_CONFIGS', 'READ'] as const).map(
          (one) => ['reader', one, kinds.TOPIC] as const,
        ),
        ...(['DESCRIBE', 'DESCRIBE_CONFIGS'] as const).map((one) => ['reader', one, kinds.CLUSTER] as const),
        ['writer', 'WRITE', kinds.TOPIC] as const,
      ];
      const rule = {
        host: '*',
        permissionType: AclPermissionTypes.ALLOW,
        resourcePatternType: ResourcePatternTypes.LITERAL,
      };
      const acl = grants.map(([user, operation, resourceType]) => ({
        ...{ ...rule, resourceType, principal: `User:${user}`, operation: may[operation] },
        resourceName: resourceType === kinds.CLUSTER ? 'kafka-cluster' : '*',
      }));
      await admin.createAcls({ acl });
    });
    const as = async (username: string, ...args: string[]) => {
      const login = {
        enabled: true,
        protocol: 'SASL_PLAINTEXT',
        mechanism: 'PLAIN',
        username,
        password: 'right',
      };
      await using shop = await Workshop.with({
        type: 'kafka',
        serviceName: 'billing',
        connectTimeout: '30s',
        kafka: { brokers: [...server.addresses], security: login },
        topics: { orders: {} },
      });
      const found = JSON.parse((await shop.run(['doctor', '--json', ...args])).out) as Finding[];
      return found.map(({ code }) => code);
    };
    expect(await as('reader')).toEqual(
      expect.arrayContaining(['publish-refused', 'dead-letters-refused', 'positions-expire', 'makes-topics']),
    );
    expect(await as('reader', '--role', 'consumer')).not.toContain('publish-refused');
    expect(await as('writer')).toContain('refused');
    expect(await as('nobody')).toEqual(['login-refused']);
    const ends = await client([internal], (admin) => admin.fetchTopicOffsets('orders'));
    expect(ends).toMatchObject([{ offset: '0' }]);
  });
});
