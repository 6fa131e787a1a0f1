/** Messages between core and a driver: plain data, one object a message, no behaviour. */
import type { HeaderList } from '../headers.js';

/**
 * A place in a log. Compared only for equality, and for order within one incarnation of a partition. Numbers and bigints are
 * ordered by value; of texts, runs of digits by value and other characters by code units, so `171-9` is before `171-10`.
 */
export type OffsetValue = number | bigint | string;

/** Where the broker put a message. JetStream: the stream sequence. Memory and Kafka: the offset in its log. */
export interface Position {
  readonly partition?: number;
  readonly offset: OffsetValue;
  /**
   * Names the log that the offset is in, where logs can be made anew under the same name (a topic's id, when a stream was
   * made). Offsets of two incarnations have no order.
   */
  readonly incarnation?: string | number;
}

/** `3:1042` with a partition, `1042` without. */
export function formatPosition(position: Position): string {
  return position.partition === undefined
    ? String(position.offset)
    : `${position.partition}:${position.offset}`;
}

/**
 * The prefix of all message ids of a topic. Brokers deduplicate over several topics at once (JetStream: over a
 * stream), so an id names its topic; `:` in the name is escaped, so that no two topics' ids meet.
 */
export function messageIdPrefix(topic: string): string {
  return `${/[:%]/.test(topic) ? topic.replaceAll('%', '%25').replaceAll(':', '%3A') : topic}:`;
}

/** The id as it was given when publishing; ids of other producers stay as they are. */
export function givenMessageId(topic: string, messageId: string | undefined): string | undefined {
  if (messageId === undefined) return undefined;
  const prefix = messageIdPrefix(topic);
  return messageId.startsWith(prefix) ? messageId.slice(prefix.length) : messageId;
}

/** Whether a topic's messages are kept until every group has handled them, or only handed on. */
export type Persistence = 'persistent' | 'ephemeral';

/**
 * One message to send. It belongs to the driver from `send` until the receipt; core does not modify it in
 * that time. A driver that keeps `value` beyond the receipt (as an in-process log does) must copy it, unless
 * `ownsValue` says that no other code holds these bytes.
 */
export interface OutgoingRecord {
  readonly topic: string;
  readonly persistence: Persistence;
  readonly key: string | Uint8Array | undefined;
  readonly value: Uint8Array;
  /** `value` is empty and stands for null, where `capabilities` say `tombstones`. An empty value is zero bytes otherwise. */
  readonly tombstone?: boolean | undefined;
  readonly headers: HeaderList;
  /** The partition to write it to, where the key does not decide. */
  readonly partition?: number | undefined;
  /**
   * For brokers that deduplicate: what makes this message one, over all topics of the broker (`<topic>:<id>`). Hand it to
   * the broker as it is. Stays the same over retries.
   */
  readonly messageId: string | undefined;
  /** True where core made `value` itself and will not touch it again. */
  readonly ownsValue: boolean;
  /** In the monotonic time of the host's clock: after it the caller no longer waits, and clients may give up. */
  readonly deadline: number;
}

/** A record that also takes the answer, for drivers whose `send` returns nothing. Answer once; later answers are ignored. */
export interface SendRecord extends OutgoingRecord {
  /** The topic's guarantee holds. `duplicate`: the broker had seen this message id, and did not store it again. */
  stored(position?: Position, duplicate?: boolean): void;
  /** It was not stored, or that is unknown; `classify` says whether the same record may be sent again. */
  failed(error: unknown): void;
}

/** The broker's answer to a record. */
export interface SendReceipt {
  /** The record's. With it the caller gets this object; without it core makes another. */
  readonly topic?: string;
  /** Left out where the broker does not tell. */
  readonly position?: Position;
  /** The broker had seen this message id, and did not store the message again. */
  readonly duplicate?: boolean;
}

/** Names one delivery to the driver that made it. Core hands it back untouched, at most once. */
export type SettleToken = unknown;

/** One received message. It is not modified after the driver handed it over; `value` is read-only by contract. */
export interface IncomingMessage {
  readonly token: SettleToken;
  readonly topic: string;
  readonly value: Uint8Array;
  /** True where the broker holds null; `value` is empty then. */
  readonly tombstone?: boolean | undefined;
  /** Text; bytes only where the key on the wire is no valid UTF-8. */
  readonly key?: string | Uint8Array | undefined;
  readonly headers: HeaderList;
  /**
   * False where none of the headers is `X-Redrive-Group`, in any case, and that is known without decoding them: core does not ask
   * for them then.
   */
  readonly redriven?: boolean | undefined;
  /** As it was sent, where the broker carries it. */
  readonly messageId?: string | undefined;
  /** Epoch milliseconds at which the broker (or else the producer) stamped it. */
  readonly timestamp?: number | undefined;
  readonly position?: Position | undefined;
  /** How often the broker has delivered it, 1-based, where it counts. */
  readonly deliveryCount?: number | undefined;
  /** True where the broker knows that it was delivered before. */
  readonly redelivered?: boolean | undefined;
  /**
   * Bytes of value, key and headers, where that is known or can be told without decoding; else core measures them. It
   * bounds the messages read ahead.
   */
  readonly size?: number | undefined;
}

/**
 * The outcome of a delivery. All but `released` mean: never deliver it to this group again.
 * `released`: hand it back, in order; this subscription will not settle it.
 */
export type SettleOutcome = 'handled' | 'dead-lettered' | 'discarded' | 'skipped' | 'released';

/** One delivery and its outcome. */
export interface Settlement {
  readonly token: SettleToken;
  readonly outcome: SettleOutcome;
}
