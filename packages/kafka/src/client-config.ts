/** The only mapping from our options to the clients': librdkafka's and, for administration, kafkajs'. */
import { readFileSync } from 'node:fs';
import type { ConsumerGlobalConfig, ProducerGlobalConfig } from '@confluentinc/kafka-javascript';
import { type Compression, ConfigError } from '@ebus/core/driver';
import kafkajs, { type KafkaConfig as KafkaJsConfig, type SASLOptions } from 'kafkajs';
import type { ResolvedKafkaConfig } from './kafka-config.js';

/** How long the client tries to deliver a message, over all its retries. */
const MESSAGE_TIMEOUT_MS = 30_000;
/** How long a topic may be unknown before a message or a subscription to it fails: it may just have been created. */
export const UNKNOWN_TOPIC_MS = 3_000;
/** The broker's limit decides, not the client's. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;
export const COMMIT_INTERVAL_MS = 1_000;

/** A codec and its level: what a producer of its own is needed for. */
export interface Codec {
  readonly compression: Compression;
  readonly level: number | undefined;
}

export function producerConfig(
  config: ResolvedKafkaConfig,
  serviceName: string,
  codec: Codec,
): ProducerGlobalConfig {
  const { producer } = config;
  const { requiredAcks: acks } = producer;
  return {
    ...common(config, serviceName),
    acks,
    'enable.idempotence': acks === -1,
    // Without idempotence only one keeps the order when something has to be sent again.
    'max.in.flight': acks === -1 ? 5 : 1,
    'linger.ms': producer.flushFrequency,
    'batch.num.messages': producer.flushMessages,
    'batch.size': producer.batchSize,
    'queue.buffering.max.messages': producer.bufferSize,
    'request.timeout.ms': producer.timeout,
    'message.timeout.ms': Math.max(MESSAGE_TIMEOUT_MS, producer.timeout),
    'message.max.bytes': MAX_MESSAGE_BYTES,
    'topic.metadata.propagation.max.ms': UNKNOWN_TOPIC_MS,
    ...(producer.retryMax === undefined ? {} : { 'message.send.max.retries': producer.retryMax }),
    partitioner: producer.partitioner,
    'compression.codec': codec.compression,
    ...(codec.level === undefined || codec.compression === 'snappy'
      ? {}
      : { 'compression.level': codec.level }),
    dr_cb: true,
    ...config.librdkafka,
  } as ProducerGlobalConfig;
}

export function consumerConfig(
  config: ResolvedKafkaConfig,
  serviceName: string,
  group: string,
  durable: boolean,
): ConsumerGlobalConfig {
  const { consumer } = config;
  return {
    ...common(config, serviceName),
    'group.id': group,
    'partition.assignment.strategy': 'cooperative-sticky',
    // What is stored is committed by the client; what is stored is decided here.
    'enable.auto.commit': durable,
    'auto.commit.interval.ms': COMMIT_INTERVAL_MS,
    'enable.auto.offset.store': false,
    // Start positions are given explicitly. This is for one that has expired meanwhile: nothing that is left is skipped.
    'auto.offset.reset': 'earliest',
    'session.timeout.ms': consumer.sessionTimeout,
    'heartbeat.interval.ms': consumer.heartbeatInterval,
    'max.poll.interval.ms': Math.max(consumer.maxProcessingTime, consumer.sessionTimeout),
    'fetch.min.bytes': consumer.fetchMinBytes,
    'fetch.max.bytes': consumer.fetchMaxBytes,
    'fetch.wait.max.ms': consumer.fetchMaxWait,
    // By default a full queue pauses fetching for a second, however quickly it is emptied.
    'fetch.queue.backoff.ms': 20,
    ...config.librdkafka,
  } as ConsumerGlobalConfig;
}

export function adminConfig(config: ResolvedKafkaConfig, serviceName: string): KafkaJsConfig {
  const { username, password } = config.security;
  const { protocol, mechanism } = protocolOf(config);
  const tls = tlsFiles(config);
  return {
    brokers: [...config.brokers],
    clientId: config.clientId ?? serviceName,
    logLevel: kafkajs.logLevel.NOTHING,
    ...(protocol.endsWith('SSL')
      ? {
          ssl: {
            ...(tls.caFile === undefined ? {} : { ca: textOf('caFile', tls.caFile) }),
            ...(tls.certFile === undefined ? {} : { cert: textOf('certFile', tls.certFile) }),
            ...(tls.keyFile === undefined ? {} : { key: textOf('keyFile', tls.keyFile) }),
          },
        }
      : {}),
    ...(mechanism === undefined
      ? {}
      : { sasl: { mechanism: mechanism.toLowerCase(), username, password } as SASLOptions }),
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 },
  };
}

function common(config: ResolvedKafkaConfig, serviceName: string): Record<string, unknown> {
  return {
    'bootstrap.servers': config.brokers.join(','),
    'client.id': config.clientId ?? serviceName,
    'allow.auto.create.topics': false,
    'topic.metadata.refresh.interval.ms': config.healthCheckInterval,
    'reconnect.backoff.ms': 100,
    'reconnect.backoff.max.ms': 2_000,
    'log.connection.close': false,
    'socket.keepalive.enable': true,
    ...securityOf(config),
  };
}

function securityOf(config: ResolvedKafkaConfig): Record<string, unknown> {
  const { username, password } = config.security;
  const { protocol, mechanism } = protocolOf(config);
  const { caFile, certFile, keyFile } = tlsFiles(config);
  // Read here as well: the client's own complaint does not say which setting it is about.
  if (caFile !== undefined) textOf('caFile', caFile);
  if (certFile !== undefined) textOf('certFile', certFile);
  if (keyFile !== undefined) textOf('keyFile', keyFile);
  return {
    'security.protocol': protocol.toLowerCase(),
    ...(mechanism === undefined
      ? {}
      : { 'sasl.mechanisms': mechanism, 'sasl.username': username, 'sasl.password': password }),
    ...(caFile === undefined ? {} : { 'ssl.ca.location': caFile }),
    ...(certFile === undefined ? {} : { 'ssl.certificate.location': certFile }),
    ...(keyFile === undefined ? {} : { 'ssl.key.location': keyFile }),
  };
}

function protocolOf({ security }: ResolvedKafkaConfig): { protocol: string; mechanism: string | undefined } {
  if (security.enabled !== true) return { protocol: 'PLAINTEXT', mechanism: undefined };
  const { username, protocol = username === undefined ? 'SSL' : 'SASL_SSL' } = security;
  return { protocol, mechanism: protocol.startsWith('SASL') ? (security.mechanism ?? 'PLAIN') : undefined };
}

function tlsFiles({ security }: ResolvedKafkaConfig) {
  const { enabled, caFile, certFile, keyFile } = security;
  return enabled === true ? { caFile, certFile, keyFile } : {};
}

function textOf(key: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `cannot read the file '${file}'`;
    throw new ConfigError(`kafka.security.${key}: ${message}`, {
      problems: [{ path: `kafka.security.${key}`, message }],
      cause,
    });
  }
}
