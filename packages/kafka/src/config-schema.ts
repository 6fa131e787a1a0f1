/** The checks and defaults of the `kafka` section. */
import { durationSetting, refusedSetting, sizeSetting, z } from '@ebus/core/driver';
import { librdkafka } from './librdkafka-settings.js';
import { security } from './security-config.js';

const text = z.string().min(1);

const COMPRESSION = 'is a setting of each topic: topics.<name>.compression';
const ONLY_HANDLED = 'only what was handled is committed, on its own interval';

const producer = z
  .strictObject({
    compression: refusedSetting(COMPRESSION),
    compressionLevel: refusedSetting(COMPRESSION),
    idempotent: refusedSetting('follows requiredAcks: -1, the default, is idempotent'),
    flushBytes: refusedSetting('use batchSize instead'),
    maxMessageBytes: refusedSetting("is set by kafka.librdkafka: { 'message.max.bytes': … }"),
    requiredAcks: z
      .union([z.literal(-1), z.literal(0), z.literal(1)], {
        error: 'must be -1 (all in-sync replicas), 1 (the leader) or 0',
      })
      .default(-1)
      .describe(
        '`-1`: all in-sync replicas, idempotent. `1`: the leader, without idempotence. `0`: nobody; not on persistent topics.',
      ),
    flushFrequency: durationSetting()
      .prefault('5ms')
      .describe('How long messages are collected into a batch.'),
    flushMessages: z.int().min(1).max(1_000_000).default(10_000).describe('The most messages of one batch.'),
    retryMax: z
      .int()
      .min(0)
      .optional()
      .describe('How often the client sends a message again. Default: until the publish times out.'),
    timeout: durationSetting()
      .refine((ms) => ms >= 1 && ms <= 900_000, { error: 'must be 1 ms to 15 m' })
      .prefault('10s')
      .describe('How long the broker may take to acknowledge.'),
    batchSize: sizeSetting().prefault(1_000_000).describe('The most bytes of one batch.'),
    bufferSize: z
      .int()
      .min(1)
      .max(10_000_000)
      .default(100_000)
      .describe('Messages that wait in the client before publishers do.'),
    partitioner: z
      .enum([
        'fnv1a_random',
        'fnv1a',
        'murmur2_random',
        'murmur2',
        'consistent_random',
        'consistent',
        'random',
      ])
      .default('fnv1a_random')
      .describe('Which partition a key belongs to; Java and kafkajs use `murmur2_random`.'),
  })
  .refine((value) => value.requiredAcks !== -1 || value.retryMax !== 0, {
    error: 'retryMax 0 takes idempotence away; use at least 1, or requiredAcks: 1',
  })
  .prefault({});

const consumer = z
  .strictObject({
    rebalanceStrategy: refusedSetting('rebalancing is cooperative'),
    isolationLevel: refusedSetting("is set by kafka.librdkafka: { 'isolation.level': … }"),
    enableAutoCommit: refusedSetting(ONLY_HANDLED),
    autoCommitInterval: refusedSetting(ONLY_HANDLED),
    maxPollRecords: refusedSetting(
      'how many messages are read ahead follows the concurrency of the subscription',
    ),
    pipeline: refusedSetting(
      'handlers of different aggregates run side by side: keyedWorkerPool.workerCount',
    ),
    groupId: text
      .refine((name) => name === name.trim(), { error: 'must not begin or end with white space' })
      .optional()
      .describe('The group of subscriptions that name none. Default: the service name.'),
    topics: z
      .array(text)
      .default([])
      .describe('Topics that the group subscribes from its first subscription on.'),
    autoOffsetReset: z
      .enum(['earliest', 'latest'])
      .default('earliest')
      .describe('Where a group without a position starts if the subscription does not say.'),
    sessionTimeout: durationSetting().prefault('30s').describe('A member silent for so long is expelled.'),
    heartbeatInterval: durationSetting().prefault('3s').describe('How often a member says that it lives.'),
    maxProcessingTime: durationSetting()
      .prefault('5m')
      .describe(
        'A member that does not poll for so long is expelled; ebus polls while handlers are busy, too.',
      ),
    fetchMinBytes: sizeSetting()
      .prefault(1)
      .describe('The broker waits for so many bytes before it answers.'),
    fetchMaxBytes: sizeSetting().prefault('50MB').describe('The most bytes of one answer.'),
    fetchMaxWait: durationSetting()
      .prefault('500ms')
      .describe('How long the broker waits for `fetchMinBytes`.'),
  })
  .refine((value) => value.heartbeatInterval < value.sessionTimeout, {
    error: 'heartbeatInterval must be below sessionTimeout (a third of it is usual)',
  })
  .prefault({});

const broker = z.string().regex(/^[^\s,/@?#=&]+:\d{1,5}$/, { error: "must be like 'host:9092'" });

/** Validates the section `kafka` and fills in defaults, in milliseconds and bytes. Unknown keys are refused. */
export const kafkaConfigSchema = z.strictObject({
  brokers: z
    .array(broker)
    .min(1, { error: "must name at least one broker, such as 'localhost:9092'" })
    .describe('Addresses such as `localhost:9092`; required.'),
  clientId: text.optional().describe('Names the clients at the brokers. Default: the service name.'),
  healthCheckInterval: durationSetting()
    .prefault('5m')
    .describe('How often the clients refresh what they know of the cluster.'),
  net: refusedSetting("is set by kafka.librdkafka: { 'socket.timeout.ms': … }"),
  metadataRefreshFrequency: refusedSetting('use healthCheckInterval instead'),
  producer,
  consumer,
  security,
  librdkafka,
});

/** With every default filled in, durations in milliseconds and sizes in bytes. */
export type ResolvedKafkaConfig = z.output<typeof kafkaConfigSchema>;
