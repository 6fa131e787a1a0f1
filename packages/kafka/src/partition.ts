/** One assigned partition: what was fetched and not handed over, and what of it was settled. */

import type { Message } from '@confluentinc/kafka-javascript';
import {
  Deque,
  type HeaderList,
  type IncomingMessage,
  type PartitionLag,
  PrefixTracker,
} from '@ebus/core/driver';
import { fromHeaders, textOrBytes } from './mapping.js';

/** How far handing over may run ahead of the oldest unsettled message. */
export const MAX_SPAN = 10_000;

export class Partition {
  readonly topic: string;
  readonly id: number;
  readonly buffer = new Deque<KafkaDelivery>();
  readonly tracker: PrefixTracker;
  bufferedBytes = 0;
  /** Where fetching goes on after what was received. */
  next: number;
  /** Its position is the group's, or was pinned for it. Nothing is fetched before. */
  isPositioned = false;
  /** The client was told not to fetch it. */
  paused = false;
  /** Goes to another member: nothing is handed over any more. */
  revoked = false;
  /** Gone: settling has no effect any more. */
  released = false;
  /** The watermark that the client was given, and will commit. */
  stored: number | undefined;

  constructor(topic: string, id: number, start: number) {
    this.topic = topic;
    this.id = id;
    this.next = start;
    this.tracker = new PrefixTracker(start);
    this.stored = start;
  }

  /** It may not be handed over before something settles. */
  get isFull(): boolean {
    return this.tracker.span >= MAX_SPAN;
  }

  /**
   * Of its lag, what was not handed over yet, and since when the first of that waits, if it is here. By its arrival: a
   * producer may have stamped it with any time.
   */
  unreadOf({ lag, position }: PartitionLag, end: number): Pick<PartitionLag, 'unread' | 'oldestTimestamp'> {
    if (!this.isPositioned) return {};
    const head = this.buffer.peek();
    const handedOver = Math.max(Number(position ?? 0), head?.offset ?? this.next);
    return {
      unread: Math.min(lag, Math.max(0, end - handedOver)),
      ...(head === undefined ? {} : { oldestTimestamp: head.arrivedAt }),
    };
  }

  /** What may be committed and is not yet known to the client. */
  get unstored(): number | undefined {
    const { watermark } = this.tracker;
    return watermark !== undefined && watermark > (this.stored ?? -1) ? watermark : undefined;
  }

  /**
   * @param arrivedAt epoch milliseconds
   * @returns false for one that came before, which may happen where fetching begins anew
   */
  receive(message: Message, arrivedAt: number): boolean {
    if (message.offset < this.next) return false;
    this.next = message.offset + 1;
    this.buffer.push(new KafkaDelivery(message, this, arrivedAt));
    this.bufferedBytes += message.size;
    return true;
  }

  /** Hands one over: from now on it is unsettled. */
  take(): KafkaDelivery | undefined {
    const delivery = this.buffer.shift();
    if (delivery === undefined) return undefined;
    this.bufferedBytes -= delivery.size;
    delivery.handle = this.tracker.track(delivery.offset);
    return delivery;
  }

  /** Nothing of it is handed over or settled any more. */
  release(): void {
    this.revoked = true;
    this.released = true;
    this.buffer.clear();
  }
}

/** A received message; its own token. Headers and key are decoded when somebody looks. */
export class KafkaDelivery implements IncomingMessage {
  readonly topic: string;
  readonly value: Uint8Array;
  readonly timestamp: number | undefined;
  readonly offset: number;
  readonly partition: Partition;
  /** Epoch milliseconds. */
  readonly arrivedAt: number;
  handle = -1;
  readonly #message: Message;
  #headers: HeaderList | undefined;

  constructor(message: Message, partition: Partition, arrivedAt: number) {
    this.#message = message;
    this.topic = partition.topic;
    this.partition = partition;
    this.arrivedAt = arrivedAt;
    this.offset = message.offset;
    // A tombstone: no value is an empty one.
    this.value = message.value ?? EMPTY;
    this.timestamp =
      message.timestamp !== undefined && message.timestamp >= 0 ? message.timestamp : undefined;
  }

  get token(): this {
    return this;
  }

  get key(): string | Uint8Array | undefined {
    const { key } = this.#message;
    return key === null || key === undefined ? undefined : textOrBytes(key as Buffer);
  }

  get headers(): HeaderList {
    this.#headers ??= fromHeaders(this.#message.headers);
    return this.#headers;
  }

  get position(): { partition: number; offset: number } {
    return { partition: this.partition.id, offset: this.offset };
  }

  get size(): number {
    return this.#message.size;
  }
}

const EMPTY = new Uint8Array(0);
