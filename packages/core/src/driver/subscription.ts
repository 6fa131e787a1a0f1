/**
 * Receiving: core grants credit, the driver pushes. Every pushed and unsettled message belongs to
 * core: it buffers, renews leases, gives back at the end and tracks revocations. A driver keeps no messages.
 */
import type { CallOptions } from './call-options.js';
import type {
  IncomingMessage,
  OffsetValue,
  Persistence,
  Position,
  Settlement,
  SettleToken,
} from './message.js';

/** The topic, group and start of a subscription. */
export interface SubscriptionSpec {
  readonly topic: string;
  readonly persistence: Persistence;
  readonly group: string;
  /** False for a group of this process's own that leaves nothing behind. */
  readonly durable: boolean;
  /** Where a group without a position starts. */
  readonly from: 'earliest' | 'latest' | Date;
  /** The order that the subscription needs; core has checked it against the capabilities. */
  readonly ordering: 'none' | 'instance' | 'cluster';
  /**
   * Keys may be parked: before a member is pushed messages of a key that another member had, its sink hears `assigned` or
   * `resumed`. Default: false. Set only where `capabilities` say `parking`.
   */
  readonly parks?: boolean;
}

/**
 * How much core has room for. Absolute: it replaces the credit given before, and each message pushed uses it up. Nothing is
 * pushed while `messages` or `bytes` is 0 or less; the message that crosses `bytes` may still be pushed.
 */
export interface Credit {
  readonly messages: number;
  /** Of values, keys and headers. */
  readonly bytes: number;
  /**
   * So many messages are unsettled elsewhere and have to come (`unsettled`), although this member may hold more than its share
   * then: newer messages that are held wait for them. Never more than `messages` are pushed for that. Default: 0.
   */
  readonly missing?: number;
  /** The same for each partition that misses some, where a broker with leases has partitions. */
  readonly missingOf?: ReadonlyMap<number, number>;
  /**
   * About that partition alone, beside the credit of the whole subscription: with `messages` 0 the partition is paused, with
   * any other number it goes on. A partition that is assigned (again) is not paused.
   */
  readonly partition?: number;
}

/**
 * Core's end of one subscription. Its methods never throw, take constant time for each message, and may be called at any
 * time: pushes after core has given the subscription up are ignored, and so not settled.
 */
export interface SubscriptionSink {
  /**
   * Takes messages, in log order within a partition; those of a key that come again come before newer ones of it. Core does
   * not keep the array. Never more than the credit, except for messages that the client had handed out already when the
   * credit shrank: push those as well, rather than keep them. Where each partition is fetched by itself, each may bring one message
   * more than that: full ones must not wait for empty ones. Nothing is pushed before the first `request`. Handlers may
   * run, settle and request more from within `push`.
   */
  push(batch: readonly IncomingMessage[]): void;
  /**
   * This subscription's topic, group or consumer fails: not found, not allowed, refused by the group, taken
   * away. Core reports it, counts it against the subscription's health, and goes on; the driver keeps trying.
   */
  failed(error: unknown): void;
  /**
   * The broker answers (again): after `failed`, and after each interruption during which it may have handed unsettled
   * messages of the group to other members, or may hold them back. Call it before the first `push` that follows. On a
   * broker with leases core then asks for messages unsettled elsewhere, and holds back newer messages of the same
   * keys (`unsettled`). While the connection is away (`DriverHost.onState`, `Driver.reconnect`) core holds back all pushes, and
   * asks by itself once it is back. An interruption of one subscription alone only the driver can see.
   *
   * @param partition the only one that is concerned, where a broker with leases has partitions. `assigned` says it for new ones
   */
  resumed(partition?: number): void;
  /**
   * These deliveries are gone: their lease was given to another, or their log is. Core aborts the signals of those that run,
   * begins none of the others, and settles none of them.
   */
  lost(tokens: readonly SettleToken[]): void;
  /** Nothing will be pushed any more, and not because core asked for that; or what `drain` left has been pushed. */
  ended(): void;

  // Where members of a group share a topic by partitions. A message belongs to the one that its `position` names.

  /** These are this member's from now on. May come before `subscribe` resolves. */
  assigned(partitions: readonly number[]): void;
  /**
   * They go to another member: push nothing more of them. Core begins nothing more of them, lets running handlers
   * finish until the signal aborts at the latest, and settles those. Commit and release them when this resolves: a
   * message unsettled by then is never settled. Partitions do not wait for each other where they are revoked by calls
   * of their own.
   */
  revoked(partitions: readonly number[], options: CallOptions): Promise<void>;
  /**
   * They are another's already, or their log is gone: `why` says so, in words. Core aborts their handlers and settles nothing
   * of them from now on.
   */
  unassigned(partitions: readonly number[], why?: string): void;
}

/** The unsettled messages that a broker with leases counts. */
export interface UnsettledCount {
  /**
   * Deliveries that the group has not settled, those that this subscription holds included. May be too high for a moment
   * (settled here, and the broker does not know yet), never too low.
   */
  readonly count: number;
  /**
   * The newest offset that the group was given, where known: none of them is after it. A broker that was killed or has another
   * leader may say less than it gave: then core waits until it has given that again.
   */
  readonly through?: OffsetValue;
  /** The log that was counted in, as messages have it in their `position`. Default: the one that all of them are in. */
  readonly incarnation?: Position['incarnation'];
  /**
   * Whether other members of the group are at work: their messages are theirs. Undefined: not known, and taken for
   * no.
   */
  readonly others?: boolean;
}

/** Which unsettled messages are asked for. */
export interface UnsettledOptions extends CallOptions {
  /** Of that partition alone; given where partitions were assigned. */
  readonly partition?: number;
}

/** The driver's end of one subscription. */
export interface DriverSubscription {
  /** How long a delivery may stay unsettled before the broker hands it to another; core renews well before. */
  readonly leaseMs?: number;
  /**
   * Grants credit; see `Credit`. Called again and again, also from within `push` and right after it. A driver that has messages
   * at hand may push them at once, from within: in a loop with a guard, not recursively, since each `push` may request more.
   * Without credit the driver keeps its session with the broker alive by itself. Must not throw.
   */
  request(credit: Credit): void;
  /**
   * Settles deliveries in any order; core passes each at most once, and passes `released` ones in log order, after `stop`
   * has resolved. The array belongs to core again as soon as the call returned. Resolves once the broker has confirmed,
   * where it does: `revoked` and closing wait for that.
   */
  settle(done: readonly Settlement[]): void | Promise<void>;
  /** Renews the leases of pushed and unsettled messages, running or not. Needed where `leaseMs` is given. */
  extendLease?(tokens: readonly SettleToken[]): void;
  /**
   * The leases of these ran out before core could renew them: core has let go of them, and neither settles nor renews them. The broker
   * gives them to another member, or again to this one. For a driver that counts what it pushed, or keeps it.
   */
  letGo?(tokens: readonly SettleToken[]): void;
  /**
   * The group's unsettled messages. Needed for order on brokers with leases, where a dead process's messages come
   * again late: core asks at the first request and after each `resumed`, and looks at the messages with
   * `Driver.browse` from the group's position to learn their keys. Without `browse` it holds back every key. Where partitions
   * are assigned it asks for each of them, once it is assigned and after each `resumed` of it.
   */
  unsettled?(options: UnsettledOptions): Promise<UnsettledCount>;
  /** The group's unsettled messages, per partition. Rejects where that cannot be found out; health reports the error. */
  lag?(options: CallOptions): Promise<readonly PartitionLag[]>;
  /**
   * Draws a line, because the topic's messages will take another way (`DriverTopicAdmin.persistenceIs` is `route`).
   * Resolves once it is drawn. Earlier messages are still pushed, as credit permits. Once the group has settled them,
   * `sink.ended` is called. Later messages are never pushed. Rejects with nothing changed.
   * Absent where `stop` serves as well, because the remaining messages are not lost with this subscription.
   */
  drain?(options: CallOptions): Promise<void>;
  /**
   * Ends fetching. Messages on their way may still be pushed; resolves when no more will be. Core then gives back
   * messages that it did not begin. Settling stays possible until `close`. Idempotent.
   */
  stop(): void | Promise<void>;
  /**
   * Leaves the group after committing settled messages. Also called for a subscription that came too late for its
   * attempt. Clean-up has a signal of its own: the one of `subscribe` may have aborted.
   */
  close(options: CallOptions): Promise<void>;
}

/** How far a group is behind in one partition. Brokers without partitions report partition 0. */
export interface PartitionLag {
  readonly partition: number;
  /** Messages between the group's settled position and the end of the log. */
  readonly lag: number;
  /** The group's settled position. Only its movement matters, not its value. Where known. */
  readonly position?: OffsetValue;
  /**
   * Up to this offset, as receipts have it in their `position`, the group has settled all messages. Where known: it tells
   * whether a message was handled by another member.
   */
  readonly settled?: OffsetValue;
  /**
   * Of the lag, what no member of the group was given yet. Where known. 0 at the end of the log: markers of transactions and
   * messages that compaction removed are nothing to be given.
   */
  readonly unread?: number;
  /**
   * Milliseconds for which the oldest unsettled message has waited, where known: by one clock, so that setting another
   * machine's changes nothing. Never by a time that its producer wrote, which may be any.
   */
  readonly oldestAgeMs?: number;
  /** Epoch milliseconds by the broker's clock since when it waits, where nothing better is known. */
  readonly oldestTimestamp?: number;
}
