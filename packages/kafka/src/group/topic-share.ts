/** One topic in a group: the partitions that are this member's, and who reads them. */
import type { Credit, SubscriptionSink } from '@ebus/core/driver';
import { classify } from '../errors.js';
import type { ByPartition } from '../questions.js';
import type { Partition } from './partition.js';
import type { Start } from './positions.js';

/** The state of one topic of this member: partitions, credit and reader. */
export class TopicShare {
  readonly topic: string;
  reader: SubscriptionSink | undefined;
  /** Set while the subscription is being made: it is refused by this. */
  refuse: ((error: unknown) => void) | undefined;
  /** Aborts once the topic is left. */
  readonly left = new AbortController();
  /** Where partitions without a position begin; of those that there were when the subscription was made. */
  starts: ByPartition<Start> = new Map();
  #isAdmitted = false;
  /** Fetching is paused until core has room again. */
  isStalled = false;
  /** Core was told of a failure. */
  hasFailed = false;
  readonly partitions = new Map<number, Partition>();
  /** How many partitions the topic had when it was last asked. */
  #width = 0;
  /** Core's room. */
  messages = 0;
  bytes = 0;
  /** The most of a grant; a stalled topic goes on at half of it. */
  #largest = 1;
  /** Bytes of a message, as the last batches had them. */
  #typical = 1_024;

  constructor(topic: string) {
    this.topic = topic;
  }

  get hasRoom(): boolean {
    return this.messages > 0 && this.bytes > 0;
  }

  /** How many may be polled: never more than there is room for, by number and by what messages of the topic weigh. */
  get room(): number {
    return this.hasRoom ? Math.max(1, Math.min(this.messages, Math.floor(this.bytes / this.#typical))) : 0;
  }

  /** @returns whether the topic has more partitions than it had before */
  widenedTo(width: number): boolean {
    const isWider = this.#width > 0 && width > this.#width;
    this.#width = width;
    return isWider;
  }

  grant({ messages, bytes }: Credit): void {
    this.messages = messages;
    this.bytes = bytes;
    this.#largest = Math.max(this.#largest, messages);
    // Resuming fetches anew what was fetched already: not for a handful of messages.
    if (this.isStalled && this.hasRoom && messages >= this.#largest >> 1) this.isStalled = false;
  }

  used(messages: number, bytes: number): void {
    this.messages -= messages;
    this.bytes -= bytes;
    this.#typical = Math.max(bytes / messages, this.#typical * 0.9);
  }

  /** The group has said that this member is in, with a part of the topic or without. */
  admit(): void {
    this.#isAdmitted = true;
  }

  /**
   * The group or the client took partitions away. No partition is no answer then: the group's next assignment is one.
   *
   * @param gone all of them where it is left out
   */
  lose(gone: Iterable<number> = [...this.partitions.keys()]): void {
    for (const partition of gone) this.partitions.delete(partition);
    this.#isAdmitted = false;
  }

  /** The group has answered, every partition that this member has is positioned, and its position is the group's. */
  isReady(durable: boolean): boolean {
    if (!this.#isAdmitted) return false;
    for (const { isPositioned, isCommitted } of this.partitions.values()) {
      if (!isPositioned || (durable && !isCommitted)) return false;
    }
    return true;
  }

  shouldPause({ isPositioned, isFull, stopped }: Partition): boolean {
    return this.reader === undefined || this.isStalled || isFull || stopped || !isPositioned;
  }

  /** Core is told; a subscription that is being made is refused where the error is no passing one. */
  failed(error: unknown): void {
    if (this.refuse !== undefined && !classify(error).retryable) return this.refuse(error);
    this.hasFailed = true;
    this.reader?.failed(error);
  }

  resumed(): void {
    if (!this.hasFailed) return;
    this.hasFailed = false;
    this.reader?.resumed();
  }
}
