/** Each role with the permissions that the README lists for it, on a broker that forbids everything else. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventBus } from '@ebus/core';
import { type Service, startService } from '@ebus/services';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Cleanup, event, eventually, failure, kafkaBus, plainAdmin, uniqueName } from './testing/harness.js';
import { KafkaLog } from './testing/kafka-log.js';

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const USERS = ['publisher', 'consumer', 'operator', 'administrator'] as const;
type User = (typeof USERS)[number];

const cleanup = new Cleanup();
let server: Service;
let admin: Admin;
/** The listener on which everything is permitted. */
let internal: string;

beforeAll(async () => {
  const config = [
    'sasl.enabled.mechanisms=PLAIN',
    'listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required ' +
      `${USERS.map((user) => `user_${user}="right"`).join(' ')};`,
    'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users=User:ANONYMOUS',
  ].join('\n');
  server = await startService('kafka', { own: true, protocol: 'SASL_PLAINTEXT', config });
  const file = join(server.folder as string, 'kafka-1', 'server.properties');
  internal = /^advertised\.listeners=.*INTERNAL:\/\/([\d.]+:\d+)/m.exec(
    await readFile(file, 'utf8'),
  )?.[1] as string;
  admin = await plainAdmin([internal]);
});
afterEach(() => cleanup.run());
afterAll(async () => {
  await admin?.disconnect();
  await server?.close();
});

type Grant = readonly ['topic' | 'group' | 'cluster', string, keyof typeof AclOperationTypes];

/** A name that ends in `*` stands for all with that beginning. */
async function grant(user: User, ...grants: readonly Grant[]): Promise<void> {
  const kinds = {
    topic: AclResourceTypes.TOPIC,
    group: AclResourceTypes.GROUP,
    cluster: AclResourceTypes.CLUSTER,
  };
  await admin.createAcls({
    acl: grants.map(([kind, resourceName, operation]) => ({
      resourceType: kinds[kind],
      resourceName: resourceName.replace('*', ''),
      resourcePatternType: resourceName.endsWith('*')
        ? ResourcePatternTypes.PREFIXED
        : ResourcePatternTypes.LITERAL,
      principal: `User:${user}`,
      host: '*',
      operation: AclOperationTypes[operation],
      permissionType: AclPermissionTypes.ALLOW,
    })),
  });
}

const busOf = async (user: User, settings: Parameters<typeof kafkaBus>[1] = {}): Promise<EventBus> => {
  const security = {
    enabled: true,
    protocol: 'SASL_PLAINTEXT' as const,
    mechanism: 'PLAIN' as const,
    username: user,
    password: 'right',
  };
  return cleanup.add(
    await kafkaBus(server.addresses, { ...settings, kafka: { ...settings.kafka, security } }),
    (bus) => bus.close({ timeout: '2s' }),
  );
};

describe('what is enough', () => {
  it('to publish and to consume topics that are there, with dead letters', { timeout: 60_000 }, async () => {
    const [topic, group] = [uniqueName('topic'), uniqueName('group')];
    const letters = `${topic}.dlq`;
    for (const name of [topic, letters])
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 2 }] });
    await grant('publisher', ['topic', topic, 'WRITE']);
    await grant('consumer', ['topic', topic, 'READ'], ['group', group, 'READ'], ['topic', letters, 'WRITE']);
    const publisher = await busOf('publisher');
    const consumer = await busOf('consumer', { service: group });
    const handled: string[] = [];
    const letter = new Promise((resolve) => void consumer.on('deadLettered', resolve));
    await consumer.subscribeEnvelope(
      topic,
      ({ aggregateId }) => {
        if (aggregateId === 'bad') throw new Error('no');
        handled.push(aggregateId);
      },
      { maxRetries: 0 },
    );
    for (const id of ['good', 'bad']) await publisher.publishEnvelope(topic, event(id, 1));
    await eventually(() => handled.length === 1);
    await letter;
    // The position is committed, and leaving the group needs no more.
    await consumer.close();
    await eventually(async () => {
      const [answer] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
      const offsets = answer?.partitions.map(({ offset }) => Number(offset)) ?? [];
      return offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0) === 2;
    });
  });

  it('to look at dead letters and to redrive them', { timeout: 60_000 }, async () => {
    const [topic, group] = [uniqueName('topic'), uniqueName('group')];
    const letters = `${topic}.dlq`;
    for (const name of [topic, letters])
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] });
    await grant('consumer', ['topic', topic, 'READ'], ['group', group, 'READ'], ['topic', letters, 'WRITE']);
    await grant('publisher', ['topic', topic, 'WRITE']);
    await grant('operator', ['topic', letters, 'READ'], ['topic', letters, 'DESCRIBE_CONFIGS']);
    await grant('operator', ['group', 'ebus-*', 'READ'], ['topic', topic, 'WRITE']);
    const [publisher, operator] = [await busOf('publisher'), await busOf('operator')];
    const consumer = await busOf('consumer', { service: group });
    const handled: number[] = [];
    const letter = new Promise((resolve) => void consumer.on('deadLettered', resolve));
    await consumer.subscribeEnvelope(
      topic,
      ({ eventVersion }) => {
        if (handled.push(eventVersion) === 1) throw new Error('no');
      },
      { maxRetries: 0 },
    );
    await publisher.publishEnvelope(topic, event('a', 1));
    await letter;
    expect(await operator.deadLetters.list(topic)).toHaveLength(1);
    expect(await operator.deadLetters.redrive(topic)).toMatchObject({ redriven: 1, failed: [] });
    await eventually(() => handled.length === 2);
  });

  it('to make and change the topics of the configuration', { timeout: 60_000 }, async () => {
    const topic = uniqueName('topic');
    await grant('administrator', ['topic', topic, 'CREATE'], ['topic', topic, 'DESCRIBE']);
    await grant('administrator', ['topic', topic, 'DESCRIBE_CONFIGS'], ['topic', topic, 'ALTER_CONFIGS']);
    const bus = await busOf('administrator', { common: { topics: { [topic]: { retention: '1d' } } } });
    await bus.topics.configure(topic, { retention: '2d' });
    expect(await bus.topics.describe(topic)).toMatchObject({ retentionMs: 172_800_000 });
  });
});

describe('what lacks', () => {
  it('is said: publishing, consuming, the group', { timeout: 60_000 }, async () => {
    const [topic, other, group] = [uniqueName('topic'), uniqueName('topic'), uniqueName('group')];
    for (const name of [topic, other])
      await admin.createTopics({ topics: [{ topic: name, numPartitions: 1 }] });
    await grant('publisher', ['topic', topic, 'WRITE']);
    await grant('consumer', ['topic', topic, 'READ'], ['topic', other, 'DESCRIBE'], ['group', group, 'READ']);
    const publisher = await busOf('publisher');
    const consumer = await busOf('consumer', { service: group });
    const of = async (action: () => Promise<unknown>) => (await failure(action)).code;
    expect(await of(() => consumer.publish(topic, 'x'))).toBe('UNAUTHORIZED');
    expect(await of(() => consumer.subscribe(other, () => {}))).toBe('UNAUTHORIZED');
    expect(await of(() => consumer.subscribe(topic, () => {}, { group: uniqueName('foreign') }))).toBe(
      'UNAUTHORIZED',
    );
    expect(await of(() => publisher.subscribe(topic, () => {}))).toBe('UNAUTHORIZED');
  });
});

describe('a right to publish that is taken away and given back', () => {
  it('costs no event: none is acknowledged in place of another one', { timeout: 60_000 }, async () => {
    const topic = uniqueName('topic');
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await grant('publisher', ['topic', topic, 'WRITE']);
    const librdkafka = { 'topic.metadata.refresh.interval.ms': 50 };
    const bus = await busOf('publisher', { kafka: { librdkafka } });
    const sequences = [1, 2, 3];
    for (const sequence of sequences) {
      await bus.publishEnvelope(topic, event('a', sequence));
      await admin.deleteAcls({
        filters: [
          {
            resourceType: AclResourceTypes.TOPIC,
            resourceName: topic,
            resourcePatternType: ResourcePatternTypes.LITERAL,
            operation: AclOperationTypes.ANY,
            permissionType: AclPermissionTypes.ANY,
          },
        ],
      });
      // Long enough for the producer to hear of it from the broker without sending anything.
      await new Promise((resolve) => setTimeout(resolve, 500));
      await grant('publisher', ['topic', topic, 'WRITE']);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const log = new KafkaLog(() => internal);
    cleanup.add(log, (one) => one.close());
    const stored = (await log.stored(topic)).map(({ value }) => JSON.parse(value).payload.sequence);
    expect(stored).toEqual(sequences);
  });
});
