/** The `kafka` section of a bus configuration: what an application may write, its checks and its defaults. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import {
  type Bytes,
  type Duration,
  durationSetting,
  fileNameSetting,
  refusedSetting,
  sizeSetting,
  z,
} from '@ebus/core/driver';

export type KafkaPartitioner =
  | 'fnv1a_random'
  | 'fnv1a'
  | 'murmur2_random'
  | 'murmur2'
  | 'consistent_random'
  | 'consistent'
  | 'random';

export interface KafkaProducerConfig {
  /**
   * -1, the default: all in-sync replicas, idempotent. 1: only the leader, without idempotence, one request in flight.
   * 0: nobody; refused for persistent topics.
   */
  requiredAcks?: -1 | 0 | 1 | undefined;
  /** How long messages are collected into a batch. Default 5 ms. */
  flushFrequency?: Duration | undefined;
  /** The most messages of one batch. Default 10,000. */
  flushMessages?: number | undefined;
  /** How often the client sends a message again before it gives up. Default: until `messageTimeout`. */
  retryMax?: number | undefined;
  /** How long the broker may take to acknowledge. Default 10 s. */
  timeout?: Duration | undefined;
  /** The most bytes of one batch. Default 1,000,000. */
  batchSize?: Bytes | undefined;
  /** Messages that wait in the client before publishers do. Default 100,000. */
  bufferSize?: number | undefined;
  /** Which partition a key belongs to. Default `fnv1a_random`; Java and kafkajs use `murmur2_random`. */
  partitioner?: KafkaPartitioner | undefined;
}

export interface KafkaConsumerConfig {
  /** The group of subscriptions that name none. Default: the service name. */
  groupId?: string | undefined;
  /** Topics that the configured group subscribes from its first subscription on. Default none. */
  topics?: readonly string[] | undefined;
  /** Where a group without a position starts if the subscription does not say. Default `earliest`. */
  autoOffsetReset?: 'earliest' | 'latest' | undefined;
  /** A member that is silent for so long is expelled. Default 30 s. */
  sessionTimeout?: Duration | undefined;
  /** Default 3 s. */
  heartbeatInterval?: Duration | undefined;
  /** A member that does not poll for so long is expelled; ebus polls also while handlers are busy. Default 5 m. */
  maxProcessingTime?: Duration | undefined;
  /** Default 1. */
  fetchMinBytes?: Bytes | undefined;
  /** Default 50 MB. */
  fetchMaxBytes?: Bytes | undefined;
  /** How long the broker may wait for `fetchMinBytes`. Default 500 ms. */
  fetchMaxWait?: Duration | undefined;
}

export interface KafkaSecurityConfig {
  /** Default false. */
  enabled?: boolean | undefined;
  /** Default `SASL_SSL` with a mechanism, else `SSL`. */
  protocol?: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL' | undefined;
  /** Default `PLAIN` where there is a user name. */
  mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | undefined;
  username?: string | undefined;
  password?: string | undefined;
  certFile?: string | undefined;
  keyFile?: string | undefined;
  caFile?: string | undefined;
}

export interface KafkaConfig {
  /** `host:9092`. */
  brokers: readonly string[];
  /** Names the clients at the brokers. Default: the service name. */
  clientId?: string | undefined;
  /** How often the clients refresh what they know of the cluster. Default 5 m. */
  healthCheckInterval?: Duration | undefined;
  producer?: KafkaProducerConfig | undefined;
  consumer?: KafkaConsumerConfig | undefined;
  security?: KafkaSecurityConfig | undefined;
  /** librdkafka's own settings, applied last to producers and consumers. What ebus' guarantees rest on is refused. */
  librdkafka?: Readonly<Record<string, string | number | boolean>> | undefined;
}

declare module '@ebus/core' {
  interface Transports {
    kafka: KafkaConfig;
  }
}

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

const security = z
  .strictObject({
    enabled: z.boolean().optional().describe('Needed with any other key of this section.'),
    protocol: z
      .enum(['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'])
      .optional()
      .describe('Default: `SASL_SSL` with a login, else `SSL`.'),
    mechanism: z
      .enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'], {
        error:
          'must be PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; OAUTHBEARER needs tokens that ebus has no setting for',
      })
      .optional()
      .describe('Default: `PLAIN` where there is a user name.'),
    username: text.optional().describe('Goes with `password`.'),
    password: z.string().optional().describe('Goes with `username`.'),
    certFile: fileNameSetting().optional().describe('Client certificate, PEM; goes with `keyFile`.'),
    keyFile: fileNameSetting().optional().describe('Client key, PEM; goes with `certFile`.'),
    caFile: fileNameSetting().optional().describe("Who signs the brokers' certificates, PEM."),
  })
  .superRefine((value, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', message });
    const { enabled, protocol, username, password, mechanism, certFile, keyFile, caFile } = value;
    const login = username ?? password ?? mechanism;
    const tls = certFile ?? keyFile ?? caFile;
    const given = protocol ?? login ?? tls;
    if (enabled === undefined && given !== undefined) {
      problem('set enabled: true for these settings to apply, or enabled: false to go without them');
    }
    if (enabled === true && given === undefined) problem('enabled is true, and nothing says which security');
    if ((username === undefined) !== (password === undefined)) problem('username and password go together');
    if ((certFile === undefined) !== (keyFile === undefined)) problem('certFile and keyFile go together');
    if (mechanism !== undefined && username === undefined)
      problem('the mechanism needs username and password');
    if (protocol?.startsWith('SASL') && username === undefined)
      problem(`${protocol} needs username and password`);
    if (protocol !== undefined && !protocol.startsWith('SASL') && login !== undefined) {
      problem(`${protocol} has no login; use SASL_SSL or SASL_PLAINTEXT, or take the login out`);
    }
    if (protocol?.endsWith('PLAINTEXT') && tls !== undefined) {
      problem(`${protocol} has no TLS; use SSL or SASL_SSL, or take the files out`);
    }
  })
  .prefault({});

/** What ebus' guarantees rest on, and what to use instead. */
const RESERVED: Readonly<Record<string, string>> = {
  acks: 'use kafka.producer.requiredAcks',
  'request.required.acks': 'use kafka.producer.requiredAcks',
  'allow.auto.create.topics': 'topics are created by configuration only',
  'auto.offset.reset': 'use kafka.consumer.autoOffsetReset',
  'bootstrap.servers': 'use kafka.brokers',
  'metadata.broker.list': 'use kafka.brokers',
  'delivery.report.only.error': 'receipts come from delivery reports',
  'enable.auto.commit': 'only what was handled is committed',
  'enable.auto.offset.store': 'only what was handled is committed',
  'enable.idempotence': 'it follows kafka.producer.requiredAcks',
  'group.id': 'use kafka.consumer.groupId, or the group of a subscription',
  'group.instance.id': 'members leave in order when they close',
  'group.protocol': 'rebalancing is the classic protocol',
  'max.in.flight': 'it keeps the order of what is sent',
  'max.in.flight.requests.per.connection': 'it keeps the order of what is sent',
  'partition.assignment.strategy': 'rebalancing is cooperative',
  partitioner: 'use kafka.producer.partitioner',
  'compression.codec': 'use the compression of the topic',
  'compression.type': 'use the compression of the topic',
  'transactional.id': 'ebus does not use transactions',
  'security.protocol': 'use kafka.security',
  'sasl.mechanism': 'use kafka.security',
  'sasl.mechanisms': 'use kafka.security',
  'sasl.username': 'use kafka.security',
  'sasl.password': 'use kafka.security',
};

const librdkafka = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .superRefine((value, context) => {
    for (const key of Object.keys(value)) {
      const why = RESERVED[key] ?? (/_cb$/.test(key) ? 'callbacks are the adapter’s' : undefined);
      if (why !== undefined) {
        context.addIssue({ code: 'custom', path: [key], message: `cannot be overridden: ${why}` });
      }
    }
  })
  .default({})
  .describe("librdkafka's own settings, applied last; those that ebus' guarantees rest on are refused.");

const broker = z.string().regex(/^[^\s,/@?#=&]+:\d{1,5}$/, { error: "must be like 'host:9092'" });

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
