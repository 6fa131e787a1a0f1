/** Topics as configured, looked at with a client that knows nothing of ebus. */
import { sharedService } from '@ebus/services';
import type { Admin } from 'kafkajs';
import { afterEach, describe, expect, it } from 'vitest';
import { Cleanup, failure, kafkaBus, plainAdmin, uniqueName } from './testing/harness.js';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const { addresses } = await sharedService('kafka');
const HOUR = 3_600_000;

async function prepare() {
  const bus = cleanup.add(await kafkaBus(addresses), (one) => one.close());
  const admin = cleanup.add(await plainAdmin(addresses), (one) => one.disconnect());
  return { bus, admin, topic: uniqueName('topic') };
}

async function settings(admin: Admin, topic: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: 2, name: topic }],
  });
  return Object.fromEntries(resources[0]?.configEntries.map((e) => [e.configName, e.configValue]) ?? []);
}

async function partitionsOf(admin: Admin, topic: string): Promise<number> {
  return (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length ?? 0;
}

describe('configure', () => {
  it('creates a topic as asked for', async () => {
    const { bus, admin, topic } = await prepare();
    const outcome = await bus.topics.configure(topic, {
      persistence: 'persistent',
      partitions: 3,
      retention: '2d',
      maxSize: '10MB',
      compression: 'gzip',
      compressionLevel: 3,
    });
    expect(outcome.action).toBe('created');
    expect(await partitionsOf(admin, topic)).toBe(3);
    expect(await settings(admin, topic)).toMatchObject({
      'retention.ms': String(48 * HOUR),
      'retention.bytes': String(10 * 1024 * 1024),
      'cleanup.policy': 'delete',
      'compression.type': 'gzip',
      'compression.gzip.level': '3',
    });
    await bus.publish(topic, 'compressed by the producer as well');
    expect(await bus.topics.describe(topic)).toMatchObject({
      partitions: 3,
      replicas: 1,
      compression: 'gzip',
    });
  });

  it('keeps an ephemeral topic for an hour', async () => {
    const { bus, admin, topic } = await prepare();
    await bus.topics.configure(topic, { persistence: 'ephemeral' });
    expect((await settings(admin, topic))['retention.ms']).toBe(String(HOUR));
    expect((await bus.topics.configure(topic, { persistence: 'ephemeral' })).action).toBe('left');
  });

  it('changes what differs and leaves every other setting of the topic', async () => {
    const { bus, admin, topic } = await prepare();
    await admin.createTopics({
      topics: [
        {
          topic,
          numPartitions: 2,
          configEntries: [
            { name: 'retention.ms', value: String(HOUR * 5) },
            { name: 'max.message.bytes', value: '2000000' },
            { name: 'segment.bytes', value: '20000000' },
          ],
        },
      ],
    });
    const outcome = await bus.topics.configure(topic, { retention: '3d', compression: 'zstd' });
    expect(outcome).toMatchObject({ action: 'changed', changed: ['retention', 'compression'] });
    expect(await settings(admin, topic)).toMatchObject({
      'retention.ms': String(72 * HOUR),
      'compression.type': 'zstd',
      'max.message.bytes': '2000000',
      'segment.bytes': '20000000',
    });
    expect((await bus.topics.configure(topic, { retention: '3d', compression: 'zstd' })).action).toBe('left');
  });

  it('adds partitions only where that is allowed', async () => {
    const { bus, admin, topic } = await prepare();
    await bus.topics.configure(topic, { partitions: 2 });
    expect((await bus.topics.configure(topic, { partitions: 5 })).action).toBe('mismatched');
    expect(await partitionsOf(admin, topic)).toBe(2);
    await bus.topics.configure(topic, { partitions: 5 }, { allowPartitionIncrease: true });
    expect(await partitionsOf(admin, topic)).toBe(5);
  });

  it('refuses a compression level that the codec does not have, and names the range', async () => {
    const { bus, topic } = await prepare();
    const error = await failure(() =>
      bus.topics.configure(topic, { compression: 'gzip', compressionLevel: 12 }),
    );
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toContain('between 1 and 9');
  });

  it('says why the broker refuses a topic', async () => {
    const { bus, topic } = await prepare();
    const error = await failure(() => bus.topics.configure(topic, { replicas: 3 }));
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(/replication.factor/i);
  });
});

it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)(
  'messages compressed with %s arrive',
  async (compression) => {
    const { topic } = await prepare();
    const common = { topics: { [topic]: { compression } } };
    const bus = cleanup.add(await kafkaBus(addresses, { common }), (one) => one.close());
    const seen: string[] = [];
    await bus.subscribe(topic, (message) => void seen.push(message.text()));
    await bus.publish(topic, 'x'.repeat(10_000));
    await expect.poll(() => seen.length).toBe(1);
  },
);
