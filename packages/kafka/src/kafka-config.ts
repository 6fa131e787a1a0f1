/** The `kafka` section of a bus configuration, as applications write it. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import type { Bytes, Duration } from '@ebus/core/driver';
import type { LibrdkafkaSettings } from './librdkafka-settings.js';

/** Hash functions of keys, by librdkafka's names. All producers of a topic need the same one. */
export type KafkaPartitioner =
  | 'fnv1a_random'
  | 'fnv1a'
  | 'murmur2_random'
  | 'murmur2'
  | 'consistent_random'
  | 'consistent'
  | 'random';

/** `kafka.producer`; every key is optional. */
export interface KafkaProducerConfig {
  /**
   * -1, the default: all in-sync replicas, idempotent. 1: only the leader, without idempotence, one request in flight.
   * 0: no acknowledgement; refused for persistent topics.
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

/** `kafka.consumer`; every key is optional. */
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

/** A token of a provider. */
export interface OauthBearerToken {
  readonly value: string;
  /** Epoch milliseconds. The client asks for the next token when four fifths of the time until then have passed. */
  readonly expiresAt: number;
  /** Default: none; brokers that read it from the token need none. */
  readonly principal?: string | undefined;
  /** SASL extensions, such as Confluent Cloud's `logicalCluster`. */
  readonly extensions?: Readonly<Record<string, string>> | undefined;
}

/** `kafka.security`: login and TLS. Applies only with `enabled: true`. */
export interface KafkaSecurityConfig {
  /** Default false. */
  enabled?: boolean | undefined;
  /** Default `SASL_SSL` with a login, else `SSL`. */
  protocol?: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL' | undefined;
  /** Default `PLAIN` with a user name, `OAUTHBEARER` with a token provider. */
  mechanism?: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512' | 'OAUTHBEARER' | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /**
   * Gives tokens for `OAUTHBEARER`, as AWS MSK IAM and Confluent Cloud take them. Only in code. Each client calls it when it
   * connects and before its token ends; a rejection is retried.
   */
  oauthBearer?: { token(): Promise<OauthBearerToken> } | undefined;
  certFile?: string | undefined;
  keyFile?: string | undefined;
  /** Of an encrypted `keyFile`. */
  keyPassword?: string | undefined;
  caFile?: string | undefined;
  /** Accepts any certificate of the brokers. Default false. Warned of at every start. */
  skipVerify?: boolean | undefined;
}

/** The section `kafka`. Only `brokers` is required. */
export interface KafkaConfig {
  /** `host:9092`. */
  brokers: readonly string[];
  /** Names the clients at the brokers. Default: the service name. */
  clientId?: string | undefined;
  /** How often the clients refresh their metadata of the cluster. Default 5 m. */
  healthCheckInterval?: Duration | undefined;
  producer?: KafkaProducerConfig | undefined;
  consumer?: KafkaConsumerConfig | undefined;
  security?: KafkaSecurityConfig | undefined;
  /** librdkafka's own settings, applied last to its clients. Only those of a fixed list: sizes, times, network, statistics. */
  librdkafka?: LibrdkafkaSettings | undefined;
}

declare module '@ebus/core' {
  interface Transports {
    kafka: KafkaConfig;
  }
}
