/** Topics as configured, looked at with a client that knows nothing of ebus. */
import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TopicBuilder } from '@ebus/core';
import { runSource } from '@ebus/run-source';
import { sharedService, startService } from '@ebus/services';
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

it('two processes that configure the same 50 topics at once both succeed, and every topic is right', {
  timeout: 60_000,
}, async () => {
  const { bus, admin, topic: prefix } = await prepare();
  const file = fileURLToPath(new URL('./testing/configure-topics.ts', import.meta.url));
  const args = [addresses[0] as string, prefix, '50'];
  // A third party that wants something else of half of them, at the same time.
  const others = Object.fromEntries(
    Array.from({ length: 25 }, (_, index) => [`${prefix}.${index}`, { compression: 'zstd' } as const]),
  );
  const [one, two] = await Promise.all([
    runSource(file, args),
    runSource(file, args),
    bus.topics.apply(others),
  ]);
  for (const { code, stderr, stdout } of [one, two]) {
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toHaveLength(50);
  }
  for (let index = 0; index < 50; index++) {
    expect(await settings(admin, `${prefix}.${index}`)).toMatchObject({
      'retention.ms': String(2 * HOUR),
      'retention.bytes': String(5 * 1024 * 1024),
    });
  }
});

it('takes limits away again', async () => {
  const { bus, admin, topic } = await prepare();
  await bus.topics.configure(topic, { retention: '2h', maxSize: '5MB' });
  const none = { retention: 0, maxSize: -1 };
  expect(await bus.topics.configure(topic, none)).toMatchObject({ changed: ['retention', 'maxSize'] });
  expect(await settings(admin, topic)).toMatchObject({ 'retention.ms': '-1', 'retention.bytes': '-1' });
  expect(await bus.topics.configure(topic, none)).toMatchObject({ action: 'left' });
});

it('moving a topic to another persistence gives it the retention of that, unless it has its own', async () => {
  const { bus, admin, topic } = await prepare();
  await bus.topics.configure(topic, {});
  await bus.topics.setPersistence(topic, false);
  expect((await settings(admin, topic))['retention.ms']).toBe(String(HOUR));
  await bus.topics.setPersistence(topic, true);
  expect((await settings(admin, topic))['retention.ms']).toBe(String(7 * 24 * HOUR));
  await bus.topics.configure(topic, { retention: '3h' });
  await bus.topics.setPersistence(topic, false);
  expect((await settings(admin, topic))['retention.ms']).toBe(String(3 * HOUR));
});

/** What a batch begins with: Kafka's protocol, "Record Batch"; the low three bits of the attributes are the codec. */
const ATTRIBUTES_AT = 21;
const CODECS = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const;

it('stores batches with the codec that the builder says', { timeout: 60_000 }, async () => {
  const broker = cleanup.add(await startService('kafka', { own: true }), (one) => one.close());
  const bus = cleanup.add(await kafkaBus(broker.addresses), (one) => one.close());
  for (const codec of Object.keys(CODECS) as (keyof typeof CODECS)[]) {
    const topic = uniqueName(codec);
    await new TopicBuilder(topic).withCompression(codec).build(bus);
    const seen: string[] = [];
    await bus.subscribe(topic, (message) => void seen.push(message.text()));
    await bus.publish(topic, 'x'.repeat(10_000));
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(1);
    const segment = readFileSync(await segmentOf(broker.folder ?? '', topic));
    expect(segment.readInt16BE(ATTRIBUTES_AT) & 0x07, codec).toBe(CODECS[codec]);
    expect(segment.readInt32BE(8)).toBeLessThan(1_000);
  }
});

async function segmentOf(folder: string, topic: string): Promise<string> {
  const all = await readdir(folder, { recursive: true });
  const name = all.find((one) => one.endsWith(join(`${topic}-0`, '00000000000000000000.log')));
  if (name === undefined) throw new Error(`no segment of '${topic}' below ${folder}`);
  return join(folder, name);
}
