/** One assigned partition: how far it was read, and what of that was settled and committed. */
import type { Message } from '@confluentinc/kafka-javascript';
import { type HeaderList, type IncomingMessage, type PartitionLag, PrefixTracker } from '@ebus/core/driver';
import { fromHeaders, isRedriven, sizeOf, textOrBytes } from '../mapping.js';
import type { TopicPartition } from '../questions.js';
import { encodeMetadata } from './commit-metadata.js';
import type { Place } from './lookup.js';
import type { Position } from './positions.js';

/** How far reading may run ahead of the oldest unsettled message. */
const MAX_SPAN = 10_000;

/** An offset to commit, with the metadata of `encodeMetadata`. */
export interface Commit extends TopicPartition {
  readonly offset: number;
  readonly metadata: string;
}

/** The read, settled and committed positions of a partition that this member has. */
export class Partition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** Empty until it is positioned. */
  topicId = '';
  tracker = new PrefixTracker(0);
  /** The next offset to fetch. */
  next = 0;
  /** Nothing is fetched before. */
  isPositioned = false;
  /**
   * The client was told not to fetch it. Undefined before it was told anything: in librdkafka a pause may outlive the assignment that
   * it was made in (`RD_KAFKA_TOPPAR_F_APP_PAUSE` of a partition that comes back soon).
   */
  paused: boolean | undefined;
  /** Core has no room for more of it. */
  stopped = false;
  /** The topic is another one by now, as the client says: nothing is taken before the log was looked at. */
  isDoubted = false;
  /** Goes to another member: nothing is pushed any more. */
  revoked = false;
  /** Gone: settling has no effect any more. */
  released = false;
  /** The last commit that the broker confirmed. */
  #committed: Commit | undefined;
  #hasSettled = true;
  /** The broker takes no metadata of that size. */
  #isPlain = false;
  #settledBefore = new Set<number>();
  /** One past the last message that the client gave and that was not received. */
  #passed = 0;
  /** Where reading stood when the log was last compared, and since when. */
  #stood: { readonly at: number; readonly since: number } | undefined;
  #behind: { readonly at: number; readonly since: number } | undefined;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Begins anew: deliveries of before settle nothing any more. */
  position(topicId: string, { offset, settled, isCommitted }: Position): void {
    this.topicId = topicId;
    this.next = offset;
    this.tracker = new PrefixTracker(offset);
    this.#settledBefore = new Set(settled);
    this.#passed = 0;
    this.#committed = undefined;
    this.#hasSettled = true;
    this.isPositioned = true;
    this.isDoubted = false;
    if (isCommitted) {
      const { topic, partition } = this;
      this.#committed = {
        topic,
        partition,
        offset,
        metadata: encodeMetadata(topicId, offset, (visit) => settled.forEach((one) => void visit(one))),
      };
    }
  }

  /** Its messages are to be handled here. */
  get isOpen(): boolean {
    return this.isPositioned && !this.revoked && !this.isDoubted;
  }

  /** It may not be read on before a message settles. */
  get isFull(): boolean {
    return this.tracker.span >= MAX_SPAN;
  }

  /**
   * Up to here all messages are settled. Beyond the last received one lie only transaction markers and compacted
   * offsets.
   */
  get settledUpTo(): number {
    return this.tracker.pending === 0 ? this.next : (this.tracker.watermark ?? this.next);
  }

  get place(): Place {
    return { offset: this.settledUpTo, topicId: this.topicId };
  }

  get isCommitted(): boolean {
    return this.#committed !== undefined;
  }

  /** The next commit; undefined where the broker knows it. */
  get uncommitted(): Commit | undefined {
    if (!this.isPositioned || this.released || !this.#hasSettled) return undefined;
    const { topic, partition, settledUpTo: offset } = this;
    const each = (visit: (one: number) => void) => {
      if (!this.#isPlain) this.tracker.forEachSettled(visit);
    };
    const metadata = encodeMetadata(this.topicId, offset, each);
    this.#hasSettled = false;
    if (offset === this.#committed?.offset && metadata === this.#committed.metadata) return undefined;
    return { topic, partition, offset, metadata };
  }

  /** The broker's answer about `commit`. */
  answered(commit: Commit, isStored: boolean, isTooLong = false): void {
    if (isStored) this.#committed = commit;
    else this.#hasSettled = true;
    if (isTooLong) this.#isPlain = true;
  }

  /** The client goes on at `next`, wherever it was: what was passed over comes again. */
  readAgain(): void {
    this.isDoubted = false;
    this.#passed = 0;
  }

  /** The client gave a message that is not received now: it comes again, or another member reads it. */
  passOver(offset: number): void {
    this.#passed = Math.max(this.#passed, offset + 1);
  }

  /** The client has read the log up to there. Nothing is settled by that before what it gave until then was received. */
  reachedEnd(offset: number): void {
    if (!this.isOpen || offset <= this.next || this.next < this.#passed) return;
    this.next = offset;
    this.#hasSettled = true;
  }

  /** @returns undefined for one that came or was settled before */
  receive(message: Message): KafkaDelivery | undefined {
    const { offset } = message;
    if (offset < this.next) return undefined;
    this.next = offset + 1;
    const handle = this.tracker.track(offset);
    if (this.#settledBefore.size === 0 || !this.#settledBefore.delete(offset)) {
      return new KafkaDelivery(message, this, handle);
    }
    this.settle(this.tracker, handle);
    return undefined;
  }

  /** @param tracker the delivery's: one of before the partition was positioned anew has no effect */
  settle(tracker: PrefixTracker, handle: number): void {
    if (this.released || tracker !== this.tracker) return;
    tracker.settle(handle);
    this.#hasSettled = true;
  }

  /**
   * The unread part of its lag, and since when that was seen to wait. Messages buffered in the client count as unread.
   *
   * @param now epoch milliseconds
   */
  unreadOf(
    { lag }: PartitionLag,
    end: number,
    now: number,
  ): Pick<PartitionLag, 'unread' | 'oldestTimestamp'> {
    if (!this.isPositioned) return {};
    const unread = Math.min(lag, Math.max(0, end - this.next));
    if (unread === 0) return { unread };
    if (this.#behind?.at !== this.next) this.#behind = { at: this.next, since: now };
    return { unread, oldestTimestamp: this.#behind.since };
  }

  /** For how long reading has stood, as the callers saw it; undefined where it has gone on since the last call. */
  standsFor(now: number): number | undefined {
    if (this.#stood?.at === this.next) return now - this.#stood.since;
    this.#stood = { at: this.next, since: now };
    return undefined;
  }

  /** Nothing of it is pushed or settled any more. */
  release(): void {
    this.revoked = true;
    this.released = true;
  }
}

/** A received message; its own token. Headers and key are decoded on first use. */
export class KafkaDelivery implements IncomingMessage {
  readonly topic: string;
  readonly value: Uint8Array;
  readonly tombstone: boolean;
  readonly timestamp: number | undefined;
  readonly position: { readonly partition: number; readonly offset: number };
  readonly size: number;
  readonly partition: Partition;
  readonly tracker: PrefixTracker;
  readonly handle: number;
  readonly #message: Message;
  #headers: HeaderList | undefined;

  constructor(message: Message, partition: Partition, handle: number) {
    this.#message = message;
    this.topic = partition.topic;
    this.partition = partition;
    this.tracker = partition.tracker;
    this.handle = handle;
    this.tombstone = message.value === null;
    this.value = message.value ?? EMPTY;
    const { timestamp } = message;
    this.timestamp = timestamp !== undefined && timestamp >= 0 ? timestamp : undefined;
    this.position = { partition: partition.partition, offset: message.offset };
    this.size = sizeOf(message);
  }

  get token(): this {
    return this;
  }

  get key(): string | Uint8Array | undefined {
    const { key } = this.#message;
    return key === null || key === undefined ? undefined : textOrBytes(key as Buffer);
  }

  get redriven(): boolean {
    return isRedriven(this.#message.headers);
  }

  get headers(): HeaderList {
    this.#headers ??= fromHeaders(this.#message.headers);
    return this.#headers;
  }
}

const EMPTY = new Uint8Array(0);
