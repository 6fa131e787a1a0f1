/** Version 1 of the driver interface, for adapters that did not move yet: `bridge-v1.ts` carries them. To be deleted. */
import type { Capabilities } from './capabilities.js';
import type { BrowseSpec, CallOptions, DriverHost, ErrorClass, PingReply } from './driver.js';
import type {
  IncomingMessage,
  OutgoingRecord,
  Persistence,
  SendReceipt,
  Settlement,
  SettleToken,
} from './message.js';
import type { PartitionLag, SubscriptionSpec } from './subscription.js';
import type { DriverTopicAdmin, TopicConfigStrategy } from './topic-admin.js';

/** What core offers a driver of version 1. */
export interface DriverHostV1 extends DriverHost {
  /**
   * For drivers without `DriverTopicAdmin.exists`: the broker does not have a topic that is used. Resolves once core has
   * created it (`DriverTopicAdmin.create`); rejects with `TOPIC_NOT_FOUND` where that is not wanted.
   */
  provision(topic: string): Promise<void>;
}

export interface DriverV1<Native = unknown> {
  /** The version of this interface that the driver was written for. */
  readonly specVersion: 1;
  /** The transport's name as in OpenTelemetry's `messaging.system`. */
  readonly system: string;
  /** The client objects, for what ebus does not cover. */
  readonly native: Native;
  /** What `persistence: 'auto'` means here. */
  readonly defaultPersistence: Persistence;
  /** Whether other services may use the same broker: then no two of them may get the same group by default. */
  readonly isShared: boolean;
  /** The configured group of subscriptions that name none. Core falls back to the service name, then to `clientId`. */
  readonly defaultGroup?: string | undefined;
  /** The configured name of this client at the broker; what core calls the service where that has no name. */
  readonly clientId?: string | undefined;
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

  capabilities(persistence: Persistence): Capabilities;

  /** The broker's own naming rules, beyond ebus's. @throws TopicNameError */
  validateTopic?(topic: string, use: 'publish' | 'subscribe'): void;

  /** Called once, before anything else. Rejects with `ConnectionError` naming the addresses. */
  connect(host: DriverHostV1, options: CallOptions): Promise<void>;

  /**
   * Replaces the client by a new one on the same settings, after `connect` succeeded or failed, also while the present
   * one claims to be well. Sends that are not acknowledged reject as retryable, and every open subscription goes on
   * with the new client: its position, its unsettled deliveries and a pending `receive` included. One attempt.
   * Absent where there is no client that could fail.
   */
  reconnect?(options: CallOptions): Promise<void>;

  /** A real round trip to the broker. May say how many brokers the client knows of. */
  ping(options: CallOptions): Promise<PingReply>;

  /**
   * One attempt to send. Records are written in the order of the calls; the driver pipelines and batches.
   * Returns or resolves with the receipt once the topic's guarantee holds; answering synchronously is allowed
   * and is the fast path. Throwing and rejecting mean the same.
   */
  send(record: OutgoingRecord): SendReceipt | Promise<SendReceipt>;

  /**
   * Joins a group on a topic. Resolves when assigned and positioned: what is published afterwards is received.
   * The start position is pinned by then, so that a crash before the first commit loses nothing.
   */
  subscribe(spec: SubscriptionSpec, options: CallOptions): Promise<DriverSubscriptionV1>;

  /**
   * Looks at what a persistent topic holds, and takes nothing: it joins no group, leases no message, moves no position, and
   * leaves nothing behind, however it ends. Oldest first, per partition, up to the end of the log at the time of the first
   * `next()`; what nobody has answered yet is waited for, and never taken for the end. Any number may look at once. The tokens
   * mean nothing. Rejects when the signal aborts. Present where `capabilities` say `browse`.
   */
  browse?(spec: BrowseSpec, options: CallOptions): AsyncIterable<IncomingMessage>;

  /** Maps an error of the client to a code, and says whether the same call may succeed later. */
  classify(error: unknown): ErrorClass;

  /** Disconnects after everything handed over has been sent or the signal aborts. Called once, last. */
  close(options: CallOptions): Promise<void>;
}

/** How much core has room for. A driver never hands over more messages, and stops at the first past `bytes`. */
export interface Demand {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * How a driver tells core which shares of the topic (Kafka's partitions) are this member's; a message belongs to the one
 * that its `position` names. Nothing of one that was revoked or lost may be received before it is assigned again.
 */
export interface AssignmentListener {
  assigned(partitions: readonly number[]): void;
  /**
   * They go to another member. Core begins nothing more of them, lets run what runs, until the signal aborts at the
   * latest, and settles it. Commit and release them when this resolves; what is not settled by then never will be.
   */
  revoked(partitions: readonly number[], options: CallOptions): Promise<void>;
  /** They are another's already. Core aborts what runs and settles nothing of them from now on. */
  lost(partitions: readonly number[]): void;
}

/** Messages in log order; `undefined` ends the subscription. */
export type ReceivedBatch = readonly IncomingMessage[] | undefined;

export interface DriverSubscriptionV1 {
  /** How long a delivery may stay unsettled before the broker hands it to another; core renews well before. */
  readonly leaseMs?: number;

  /**
   * The next messages in log order: at least one, at most the demand; pending while there are none.
   * Resolves with `undefined` once `stop` was called or the subscription ended. Core calls it again only after
   * the previous call resolved; not calling it is the backpressure, during which the driver keeps its session
   * with the broker alive by itself. Released messages come again before newer ones of their key. Rejecting
   * means that fetching failed; core reports it and, after a pause, asks again. Answering synchronously is allowed
   * where messages are at hand, and is the fast path.
   */
  receive(demand: Demand): ReceivedBatch | Promise<ReceivedBatch>;

  /**
   * Settles deliveries in any order; core passes each at most once, and passes `released` ones in log order.
   * The array belongs to core again as soon as the call returned.
   */
  settle(done: readonly Settlement[]): void | Promise<void>;

  /** Renews the leases of deliveries that are running or queued. Needed where `leaseMs` is given. */
  extendLease?(tokens: readonly SettleToken[]): void;

  /**
   * Where members of a group share a topic by assignment: called at most once, before the first `receive`; what is
   * assigned by then is told at once.
   */
  onAssignment?(listener: AssignmentListener): void;

  /** What the group has not settled yet, per partition. */
  lag?(options: CallOptions): Promise<readonly PartitionLag[]>;

  /**
   * Draws a line, because the topic's messages will take another way (`DriverTopicAdmin.persistenceIs` is `route`).
   * Resolves once it is drawn. What was published before is still handed over, and then, once the group has settled
   * that, `receive` resolves with `undefined`; what is published afterwards never is. Rejects with nothing changed.
   * Absent where `stop` serves as well, because what is left is not lost with this subscription.
   */
  drain?(options: CallOptions): Promise<void>;

  /** No more deliveries; a pending `receive` resolves with `undefined`. What was fetched and not yet handed
   * over goes back to the broker. Settling stays possible until `close`. */
  stop(): void;

  /** Leaves the group after committing what was settled. */
  close(options: CallOptions): Promise<void>;
}
