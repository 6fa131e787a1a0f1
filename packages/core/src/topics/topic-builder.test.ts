import { describe, expect, it } from 'vitest';
import { ConfigError } from '../errors.js';
import { highThroughputTopic, lowThroughputTopic, mediumThroughputTopic } from './presets.js';
import { TopicBuilder } from './topic-builder.js';
import type { TopicOptions, TopicOutcome } from './types.js';

const orders = () => new TopicBuilder('business.orders');
const problemsOf = (builder: TopicBuilder): string[] => {
  try {
    builder.toOptions();
  } catch (error) {
    if (ConfigError.isInstance(error)) return error.problems.map(({ message }) => message);
    throw error;
  }
  return [];
};

describe('TopicBuilder', () => {
  it('collects every option, and configures the topic on anything that has topics', async () => {
    const configured: [string, TopicOptions, unknown][] = [];
    const outcome = { topic: 'business.orders' } as TopicOutcome;
    const topics = {
      configure: async (topic: string, options: TopicOptions, how: unknown) => {
        configured.push([topic, options, how]);
        return outcome;
      },
    };
    const builder = orders()
      .withPartitions(10)
      .withReplication(3)
      .snappyCompression()
      .persistent()
      .withRetention('7d')
      .withMaxSize('1GB')
      .withMaxMessages(1e6)
      .withDescription('Orders of the shop');
    expect(await builder.build({ topics }, { strategy: 'createOnly' })).toBe(outcome);
    const options = {
      partitions: 10,
      replicas: 3,
      compression: 'snappy',
      compressionLevel: 6,
      persistence: 'persistent',
      retention: '7d',
      maxSize: '1GB',
      maxMessages: 1e6,
      description: 'Orders of the shop',
    };
    expect(configured).toEqual([['business.orders', options, { strategy: 'createOnly' }]]);
    expect(new TopicBuilder('orders').toOptions()).toEqual({});
  });

  it('gives each algorithm its level, unless one is said', () => {
    const levelOf = (builder: TopicBuilder) => builder.toOptions().compressionLevel;
    expect(levelOf(orders().snappyCompression())).toBe(6);
    expect(levelOf(orders().lz4Compression())).toBe(9);
    expect(levelOf(orders().gzipCompression())).toBe(6);
    expect(levelOf(orders().zstdCompression())).toBe(3);
    expect(levelOf(orders().noCompression())).toBeUndefined();
    expect(levelOf(orders().gzipCompressionLevel(9))).toBe(9);
    expect(levelOf(orders().zstdCompressionLevel(22))).toBe(22);
    expect(levelOf(orders().withCompressionLevel(2).withCompression('gzip'))).toBe(2);
    // Another algorithm's level says nothing about this one.
    expect(levelOf(orders().gzipCompressionLevel(9).zstdCompression())).toBe(3);
  });

  it('takes fields from a preset; later calls override just theirs', () => {
    expect(highThroughputTopic()).toEqual({
      partitions: 10,
      replicas: 3,
      compression: 'snappy',
      retention: '7d',
      maxSize: '1GB',
    });
    expect(mediumThroughputTopic()).toMatchObject({
      partitions: 5,
      replicas: 2,
      retention: '3d',
      maxSize: '500MB',
    });
    expect(lowThroughputTopic()).toMatchObject({
      partitions: 3,
      replicas: 1,
      retention: '1d',
      maxSize: '100MB',
    });
    const built = orders()
      .withDescription('kept')
      .usePreset(mediumThroughputTopic())
      .withPartitions(7)
      .ephemeral();
    expect(built.toOptions()).toEqual({
      ...mediumThroughputTopic(),
      compressionLevel: 6,
      description: 'kept',
      partitions: 7,
      persistence: 'ephemeral',
    });
    expect(built.auto().toOptions().persistence).toBe('auto');
  });

  it('throws everything that is wrong at once, the name included', () => {
    const builder = new TopicBuilder('no spaces')
      .withPartitions(101)
      .withReplication(0)
      .withRetention('59s')
      .withCompression('brotli' as never)
      .withMaxMessages(-2);
    expect(problemsOf(builder)).toEqual([
      "invalid topic name 'no spaces': topic name cannot contain spaces",
      'partitions must be between 1 and 100',
      'replication must be between 1 and 5',
      'retention must be at least 1m',
      'invalid compression algorithm: brotli',
      'maxMessages: must be a positive integer, or 0 for no limit, got -2',
    ]);
    expect(() => builder.toOptions()).toThrow(/^cannot build topic 'no spaces': invalid topic name/);
  });

  it.each([
    [orders().gzipCompressionLevel(10), 'gzip compression level must be between 1 and 9'],
    [orders().gzipCompressionLevel(0), 'gzip compression level must be between 1 and 9'],
    [orders().zstdCompressionLevel(23), 'zstd compression level must be between 1 and 22'],
    [orders().withCompression('x' as never), 'invalid compression algorithm: x'],
    [orders().withPartitions(2.5), 'partitions must be between 1 and 100'],
    [orders().withReplication(6), 'replication must be between 1 and 5'],
    [orders().withRetention(-1), 'retention must be at least 1m'],
  ])('says what may be: %#', (builder, message) => {
    expect(problemsOf(builder)).toEqual([message]);
  });

  it('is right again once a later call has set it right, and rejects from build', async () => {
    expect(orders().withPartitions(0).withPartitions(1).toOptions()).toEqual({ partitions: 1 });
    const topics = { configure: () => Promise.reject(new Error('asked')) };
    await expect(orders().withPartitions(0).build({ topics })).rejects.toThrow(ConfigError);
  });

  it('does not mind replicas above partitions', () => {
    expect(problemsOf(orders().withPartitions(1).withReplication(3))).toEqual([]);
  });
});
