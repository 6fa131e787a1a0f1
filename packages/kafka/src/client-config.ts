/** The only mapping from our options to the clients': librdkafka's and, for administration, kafkajs'. */
import type { ConsumerGlobalConfig, ProducerGlobalConfig } from '@confluentinc/kafka-javascript';
import type { Compression } from '@ebus/core/driver';
import kafkajs, { type KafkaConfig as KafkaJsConfig } from 'kafkajs';
import { kafkajsSecurity, librdkafkaSecurity } from './client-security.js';
import type { ResolvedKafkaConfig } from './config-schema.js';

/** How long the client tries to deliver a message, over all its retries. */
const MESSAGE_TIMEOUT_MS = 30_000;
/** How long a topic may be unknown before a message or a subscription to it fails: it may just have been created. */
export const UNKNOWN_TOPIC_MS = 3_000;
/** The broker's limit decides, not the client's. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024;
/** How long a broker may take to answer a question, or a consumer's request. Health waits 5 s, and says so itself. */
export const QUESTION_MS = 6_000;
/** Fetched and not yet polled, over all partitions of a group; the window of each subscription comes after it. */
const QUEUE_KBYTES = 16 * 1024;
/** The same in messages: in the size of its queue the client counts values only, neither keys nor headers. */
const QUEUE_MESSAGES = 500;
/** Overrides that are about the network, not about messages. */
const OF_ALL_CLIENTS =
  /^(api|broker|client|connections|debug|log|metadata|reconnect|socket|ssl|statistics|topic)[._]/;
/** librdkafka's default for a message, and the least that it takes. */
const MESSAGE_BYTES = 1_000_000;
const LEAST_MESSAGE_BYTES = 1_000;
/** librdkafka takes no more. */
const MAX_FETCH_MIN_BYTES = 100_000_000;

/** Sent and not acknowledged, or waiting for it; beyond it publishers wait. Twice the largest message. */
const SEND_QUEUE_KBYTES = (2 * MAX_MESSAGE_BYTES) / 1024;
/** Of `producer.timeout`. */
const GIVE_UP_AFTER = 0.6;

/** A codec and its level. Each needs a producer of its own. */
export interface Codec {
  readonly compression: Compression;
  readonly level: number | undefined;
}

/**
 * Settings of one producer. Overrides of `kafka.librdkafka` come last.
 * @throws ConfigError for a TLS file that cannot be read
 */
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
    'queue.buffering.max.kbytes': SEND_QUEUE_KBYTES,
    'request.timeout.ms': producer.timeout,
    // A request to a leader that hangs is given up early enough to reach the next leader in time.
    'socket.timeout.ms': Math.max(1_000, Math.round(producer.timeout * GIVE_UP_AFTER)),
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

/**
 * Settings of one group's consumer: cooperative rebalancing, commits by ebus, errors for positions outside the log.
 * @throws ConfigError for a TLS file that cannot be read
 */
export function consumerConfig(
  config: ResolvedKafkaConfig,
  serviceName: string,
  group: string,
): ConsumerGlobalConfig {
  const { consumer } = config;
  return {
    ...common(config, serviceName),
    'group.id': group,
    'partition.assignment.strategy': 'cooperative-sticky',
    // Commits carry metadata and are known by their answer, so ebus makes them.
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    // Where reading begins is given with each partition. A position outside of the log is an error, which ebus tells and mends.
    'auto.offset.reset': 'error',
    // The end of the log is behind nothing, whatever the offsets of transaction markers say.
    'enable.partition.eof': true,
    'session.timeout.ms': consumer.sessionTimeout,
    'heartbeat.interval.ms': consumer.heartbeatInterval,
    'max.poll.interval.ms': Math.max(consumer.maxProcessingTime, consumer.sessionTimeout),
    'socket.timeout.ms': QUESTION_MS,
    'queued.max.messages.kbytes': QUEUE_KBYTES,
    'queued.min.messages': QUEUE_MESSAGES,
    'fetch.min.bytes': Math.min(consumer.fetchMinBytes, MAX_FETCH_MIN_BYTES),
    'fetch.max.bytes': Math.max(LEAST_MESSAGE_BYTES, consumer.fetchMaxBytes),
    // The client takes no smaller fetch than this, which is about sending.
    'message.max.bytes': Math.max(LEAST_MESSAGE_BYTES, Math.min(consumer.fetchMaxBytes, MESSAGE_BYTES)),
    'fetch.wait.max.ms': consumer.fetchMaxWait,
    // By default a full queue pauses fetching for a second, however quickly it is emptied. This one is, in 10 ms at 50,000 messages a second.
    'fetch.queue.backoff.ms': 5,
    ...config.librdkafka,
    // That a topic was made anew, and how far its membership is, the client says only in these lines.
    debug: [config.librdkafka.debug ?? [], 'topic', 'cgrp'].flat().join(','),
  } as ConsumerGlobalConfig;
}

/** Settings of kafkajs' admin client, for creating and altering topics. */
export function adminConfig(config: ResolvedKafkaConfig, serviceName: string): KafkaJsConfig {
  return {
    brokers: [...config.brokers],
    clientId: config.clientId ?? serviceName,
    logLevel: kafkajs.logLevel.NOTHING,
    ...kafkajsSecurity(config),
    requestTimeout: QUESTION_MS,
    authenticationTimeout: QUESTION_MS,
    enforceRequestTimeout: true,
    retry: { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 },
  };
}

/** For questions about topics, groups and offsets: a connection that nothing else waits on. */
export function questionsConfig(config: ResolvedKafkaConfig, serviceName: string): ConsumerGlobalConfig {
  return {
    ...common(config, serviceName),
    'socket.timeout.ms': QUESTION_MS,
    ...Object.fromEntries(Object.entries(config.librdkafka).filter(([key]) => OF_ALL_CLIENTS.test(key))),
  } as ConsumerGlobalConfig;
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
    ...librdkafkaSecurity(config),
  };
}
