/**
 * The driver interface: all that a transport has to implement.
 *
 * A driver translates and nothing else: connect, send, receive as credit permits, settle, administer topics, report lag,
 * classify errors. Every method makes one attempt; retrying, numbering the attempts, buffering, order, timeouts, dead
 * letters, tracing, metrics and shutdown are core's. Unless stated otherwise core may call methods concurrently, and a driver
 * rejects with an `EbusError`, or with an error that `classify` understands.
 */
import type { Clock } from '../clock.js';
import type { ErrorCode } from '../errors.js';
import type { Logger } from '../logger.js';
import type { CallOptions } from './call-options.js';
import type { Capabilities } from './capabilities.js';
import type { IncomingMessage, OffsetValue, Persistence, SendReceipt, SendRecord } from './message.js';
import type { ServerAddress } from './server-address.js';
import type { DriverSubscription, SubscriptionSink, SubscriptionSpec } from './subscription.js';
import type { DriverTopicAdmin, TopicConfigStrategy, TopicSpec } from './topic-admin.js';

export type { CallOptions } from './call-options.js';

/**
 * One attempt of several. Core makes the next one only after this one has answered, or has not heeded its signal for a
 * second. A result after that is too late: see `Attempts`, which retires it.
 */
export interface AttemptOptions extends CallOptions {
  /** From 1, rising: `connect` and `reconnect` of a driver count together, each subscription counts its own. */
  readonly attempt: number;
}

/** The state of its connection that the client reports. */
export interface ConnectionChange {
  readonly status: 'connected' | 'reconnecting' | 'failed';
  readonly cause?: unknown;
  /** The attempt whose client says so. Core ignores what clients say that were replaced. */
  readonly attempt?: number;
}

/** Core's services for a driver. */
export interface DriverHost {
  readonly serviceName: string;
  /** The group of subscriptions that name none; undefined where each has to. */
  readonly defaultGroup: string | undefined;
  /** The only source of time: wall and monotonic time, timers, signals that abort after a time, chance. */
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether topics may be made and changed where they are not configured. */
  readonly topicConfigStrategy: TopicConfigStrategy;
  /** The options that the application wrote for a topic, without defaults; undefined for an unconfigured topic. */
  configuredTopic(topic: string): Partial<TopicSpec> | undefined;
  /**
   * Reports a change of the connection as it happens; `failed` means the client has given up for good. That `reconnect`
   * succeeded is seen by its resolving: `connected` is not listened to meanwhile. While the last report is not `connected`,
   * core calls neither `send` nor `sendBatch`.
   */
  onState(change: ConnectionChange): void;
}

/** The answer to a ping. */
export interface PingReply {
  readonly brokers?: number;
}

/** The topic to read, and the start. */
export interface BrowseSpec {
  readonly topic: string;
  /**
   * A date: from the first message that the broker stored then or later. A group: from its settled position, or from the beginning
   * where it has none. `at`: by partition, the first offset to be read; beyond the end there is nothing, and partitions that
   * it does not name are read from their beginning.
   */
  readonly from:
    | 'earliest'
    | Date
    | { readonly group: string }
    | { readonly at: ReadonlyMap<number, OffsetValue> };
  /** That partition alone, where the topic has such. */
  readonly partition?: number;
}

/** The meaning of a client's error. */
export interface ErrorClass {
  readonly code: ErrorCode;
  /** Whether the same call may succeed later. Unknown errors are retryable wherever giving up would be silent. */
  readonly retryable: boolean;
}

/**
 * A transport under core. Methods may be called concurrently unless they say otherwise. Each call makes one attempt;
 * core retries.
 */
export interface Driver<Native = unknown> {
  /** The version of this interface that the driver was written for. */
  readonly specVersion: 2;
  /** The transport's name as in OpenTelemetry's `messaging.system`. */
  readonly system: string;
  /** The client objects, for features that ebus does not cover. */
  readonly native: Native;
  /** The persistence for `persistence: 'auto'`. */
  readonly defaultPersistence: Persistence;
  /** Whether other services may use the same broker: then no two of them may get the same group by default. */
  readonly isShared: boolean;
  /** The configured group of subscriptions that name none. Core falls back to the service name, then to `clientId`. */
  readonly defaultGroup?: string | undefined;
  /** The configured name of this client at the broker; core's name for the service where that has none. */
  readonly clientId?: string | undefined;
  /** The server at the other end, or the first of those that are configured. May change. Spans name it. */
  readonly server?: ServerAddress | undefined;
  /** Where a group without a position starts on a persistent topic, if the subscription does not say. */
  readonly defaultFrom?: 'earliest' | 'latest' | undefined;
  /**
   * A message that the broker has delivered more often than that fails for good without an attempt: it may be what
   * ends the processes that handle it. Default: no limit.
   */
  readonly maxDeliveries?: number | undefined;
  /** Overrides the bus' `topicConfigStrategy`. */
  readonly topicConfigStrategy?: TopicConfigStrategy | undefined;
  /** How many unacknowledged sends this client is comfortable with; core's default is 10,000. */
  readonly maxInFlight?: number;
  /** Absent where topics cannot be administered. */
  readonly admin?: DriverTopicAdmin;

  /** Asked again where it may change, as after the first connection. */
  capabilities(persistence: Persistence): Capabilities;
  /** The broker's own naming rules, beyond ebus's. @throws TopicNameError */
  validateTopic?(topic: string, use: 'publish' | 'subscribe'): void;

  /**
   * One attempt to connect; before anything else, and again after it failed where there is no `reconnect`. Rejects with
   * `ConnectionError` naming the addresses. Certificates, keys and credentials are read from their files at every attempt.
   */
  connect(host: DriverHost, options: AttemptOptions): Promise<void>;
  /**
   * Replaces the client by a new one on the same settings, after `connect` succeeded or failed, also while the
   * present one claims to be well. Sends that are not acknowledged fail as retryable, and every open subscription
   * goes on with the new client: the same sink, credit, position and unsettled deliveries; call its `sink.resumed`,
   * and `sink.lost` for deliveries that cannot be settled any more. One attempt. Absent where there is no client that
   * could fail.
   */
  reconnect?(options: AttemptOptions): Promise<void>;
  /** A real round trip to the broker. May say how many brokers the client knows of. */
  ping(options: CallOptions): Promise<PingReply>;

  /**
   * One attempt to send. Records are written in the order of the calls; the driver pipelines and batches. Not called
   * while the connection is reported to be away; records handed over by then fail as retryable, or are kept by a
   * client that declares `retriesInClient`, and are never written after their `deadline`. Answer in one of three
   * ways, once the topic's guarantee holds: return (or resolve with) a receipt; return nothing and call
   * `record.stored` or `record.failed`, at once or later, exactly once; or throw or reject. The second is for clients
   * with callbacks: no promise for each message.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: a driver that answers through the record returns nothing.
  send(record: SendRecord): SendReceipt | Promise<SendReceipt> | void;
  /**
   * As `send` for each of them in order, where writing many in one call is cheaper. Each record is answered by its `stored` or
   * `failed`; throwing fails those that were not answered. The array belongs to core again as soon as the call returned.
   */
  sendBatch?(records: readonly SendRecord[]): void;

  /**
   * One attempt to join a group on a topic that is there. Resolves when the broker has said that this member is
   * assigned and positioned, never because a time has passed: later messages are received. The start position is
   * pinned by then, so that a crash before the first commit loses nothing. Rejects with the error of the group, the
   * topic or the login. The sink is of this attempt alone.
   */
  subscribe(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    options: AttemptOptions,
  ): Promise<DriverSubscription>;
  /**
   * Reads a persistent topic's messages, and takes nothing: it joins no group, leases no message, moves no position, and
   * leaves nothing behind, however it ends. Oldest first, per partition, up to the end of the log at the time of the first
   * `next()`; a pending answer is waited for, and never taken for the end. Any number may look at once. The tokens
   * mean nothing. Rejects when the signal aborts. Present where `capabilities` say `browse`.
   */
  browse?(spec: BrowseSpec, options: CallOptions): AsyncIterable<IncomingMessage>;

  /** Maps an error of the client to a code, and says whether the same call may succeed later. */
  classify(error: unknown): ErrorClass;
  /** Disconnects once all records handed over have been sent, or the signal aborts. Called once, last. */
  close(options: CallOptions): Promise<void>;
}
