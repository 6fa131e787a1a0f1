/** The `nats` section of a bus configuration as applications write it. Checks and defaults: `config-schema.ts`. */
// Makes the module that is augmented below known to compilers that read this file alone.
import type {} from '@ebus/core';
import type { Bytes, Duration, TopicConfigStrategy } from '@ebus/core/driver';

/** A stream that exists is changed only in the settings written here; the defaults are for one that is made. */
export interface NatsStreamConfig {
  /** The stream that holds the topics which `subjects` cover; needs `subjects`. Default: a stream per topic. */
  name?: string | undefined;
  /** Subjects of the stream, wildcards allowed: `['orders.>']`. */
  subjects?: readonly string[] | undefined;
  /** Only `limits`: the others remove messages that some group has not seen. */
  retention?: 'limits' | undefined;
  /** Default `file`. Also for the streams of single topics. */
  storage?: 'file' | 'memory' | undefined;
  /** Default 1. Also for the streams of single topics. */
  replicas?: number | undefined;
  /** Default 24 h; 0: for ever. */
  maxAge?: Duration | undefined;
  /** Default -1: no limit. */
  maxBytes?: Bytes | -1 | undefined;
  /** Default -1: no limit. */
  maxMsgs?: number | undefined;
  /**
   * A full stream forgets its oldest message (`old`), or refuses the new one (`new`). Default `old`. Also for the
   * streams of single topics.
   */
  discard?: 'old' | 'new' | undefined;
}

/** `nats.jetstream.consumer`: names and limits of durable consumers. */
export interface NatsConsumerConfig {
  /** The group of subscriptions that name none. Default: the service name. */
  durableName?: string | undefined;
  /**
   * Names of the durable consumers, made of `{group}` and `{topic}` (with `_` for `.`). Default `{group}-{topic}`. To take over the
   * position of a service that names them otherwise: `{group}-unified_{topic}`.
   */
  name?: string | undefined;
  /** The stream sequence at which a durable consumer begins that is made. Default: the subscription's `from`. */
  startSequence?: number | undefined;
  /** Topics that share one unified consumer per stream and group. Default none: a consumer for each topic. */
  topics?: readonly string[] | undefined;
  /** Where a group without a position starts if the subscription does not say. Default `all`. */
  deliverPolicy?: 'all' | 'new' | undefined;
  /**
   * Default `explicit`: each message is acknowledged by itself. `all` is faster: an acknowledgement confirms all messages before its own.
   * After a crash the messages behind the oldest unsettled one come again, handled or not. Applies to ordered subscriptions; unordered
   * ones, and redrives, are always acknowledged one by one, since members share their consumer. `ordering: 'instance'` is refused.
   */
  ackPolicy?: 'explicit' | 'all' | undefined;
  /** `original` replays at the pace of publishing. Default `instant`. */
  replayPolicy?: 'instant' | 'original' | undefined;
  /** Unacknowledged messages per consumer, over all instances. Default 1000. */
  maxAckPending?: number | undefined;
  /** Waiting pull requests per consumer, over all instances. Default 512. */
  maxWaiting?: number | undefined;
  /** Another place for `nats.jetstream.maxDeliver`. */
  maxDeliver?: number | undefined;
}

/** `nats.jetstream`: persistent topics. Every key is optional. */
export interface NatsJetStreamConfig {
  /** Default true. False: every topic is ephemeral, over Core NATS. */
  enabled?: boolean | undefined;
  domain?: string | undefined;
  apiPrefix?: string | undefined;
  /** How long one attempt waits for the server's acknowledgement. Default 5 s. */
  publishTimeout?: Duration | undefined;
  /** How long a message may stay unacknowledged; renewed while it is handled or queued. Default 30 s. */
  ackWait?: Duration | undefined;
  /** Deliveries after which a message is dead-lettered without another attempt. Default: no limit. */
  maxDeliver?: number | undefined;
  /** Overrides the bus' `topicConfigStrategy`. */
  topicConfigStrategy?: TopicConfigStrategy | undefined;
  stream?: NatsStreamConfig | undefined;
  consumer?: NatsConsumerConfig | undefined;
}

/** `nats.security`: one login at most, and TLS. Applies only with `enabled: true`. */
export interface NatsSecurityConfig {
  /** Default false. */
  enabled?: boolean | undefined;
  token?: string | undefined;
  username?: string | undefined;
  password?: string | undefined;
  /** A file with an nkey seed. */
  nkeyFile?: string | undefined;
  /** A credentials file (JWT and seed). */
  credFile?: string | undefined;
  certFile?: string | undefined;
  keyFile?: string | undefined;
  caFile?: string | undefined;
  /** Accepts any certificate of the server. Default false. */
  skipVerify?: boolean | undefined;
  /** TLS from the first byte, for servers with `tls { handshake_first: true }`. Default false. */
  handshakeFirst?: boolean | undefined;
}

/** The section `nats`. Only `urls` is required. */
export interface NatsConfig {
  /** `nats://host:4222`, or `tls://host:4222`. The login goes under `security`. */
  urls: readonly string[];
  /** Names the connection at the server. Default: the service name. */
  clientId?: string | undefined;
  /** Attempts of the client to come back, per server; -1, the default: for ever. */
  maxReconnects?: number | undefined;
  /** Between two attempts. Default 2 s. */
  reconnectWait?: Duration | undefined;
  /** For one attempt to connect. Default 10 s. */
  connectionTimeout?: Duration | undefined;
  /** Between two pings; a server that leaves one unanswered for as long is given up. Default 10 s. */
  pingInterval?: Duration | undefined;
  /** The prefix of answers' subjects, for accounts with permissions per client. Default `_INBOX`. */
  inboxPrefix?: string | undefined;
  jetstream?: NatsJetStreamConfig | undefined;
  security?: NatsSecurityConfig | undefined;
}

declare module '@ebus/core' {
  interface Transports {
    nats: NatsConfig;
  }
}
