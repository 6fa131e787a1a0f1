/** One topic in a group: the partitions that are this member's, and who reads them. */
import type { Demand } from '@ebus/core/driver';
import type { KafkaDelivery, Partition } from './partition.js';
import type { KafkaSubscription } from './subscription.js';

/** Fetched and not handed over: past either the topic has enough. */
const ENOUGH = 2_000;
const ENOUGH_BYTES = 16 * 1024 * 1024;

export class TopicShare {
  readonly name: string;
  reader: KafkaSubscription | undefined;
  /** Where a group without a position starts, by `topic:partition`; of partitions that were there by then. */
  starts: ReadonlyMap<string, number> = new Map();
  /** Assigned and positioned at least once, or found to have no part of it. */
  isReady = false;
  /** Fetching is paused until what there is has been handed over. */
  stalled = false;
  /** Aborted when the reader has gone: nobody is left to drain. */
  readonly left = new AbortController();
  readonly #partitions = new Map<number, Partition>();
  #ring: Partition[] = [];
  #turn = 0;

  constructor(name: string) {
    this.name = name;
  }

  get partitions(): readonly Partition[] {
    return this.#ring;
  }

  get(id: number): Partition | undefined {
    return this.#partitions.get(id);
  }

  add(partition: Partition): void {
    this.#partitions.set(partition.id, partition);
    this.#ring = [...this.#partitions.values()];
  }

  delete(id: number): Partition | undefined {
    const partition = this.#partitions.get(id);
    this.#partitions.delete(id);
    this.#ring = [...this.#partitions.values()];
    return partition;
  }

  /** What can be handed over: a partition that is full holds back only itself. */
  get buffered(): number {
    let count = 0;
    for (const partition of this.#ring) if (isOpen(partition)) count += partition.buffer.length;
    return count;
  }

  get hasEnough(): boolean {
    let count = 0;
    let bytes = 0;
    for (const partition of this.#ring) {
      if (!isOpen(partition)) continue;
      count += partition.buffer.length;
      bytes += partition.bufferedBytes;
    }
    return count >= ENOUGH || bytes >= ENOUGH_BYTES;
  }

  get hasLittle(): boolean {
    return this.buffered < ENOUGH / 2;
  }

  shouldPause(partition: Partition): boolean {
    return this.reader === undefined || this.stalled || partition.isFull || !partition.isPositioned;
  }

  /** The next in log order of each partition, the partitions in turn. */
  take({ messages, bytes }: Demand): KafkaDelivery[] {
    const batch: KafkaDelivery[] = [];
    const ring = this.#ring;
    let room = bytes;
    for (let i = 0; i < ring.length && batch.length < messages && room > 0; i++) {
      this.#turn = (this.#turn + 1) % ring.length;
      const partition = ring[this.#turn] as Partition;
      if (partition.revoked) continue;
      while (batch.length < messages && room > 0 && !partition.isFull) {
        const next = partition.take();
        if (next === undefined) break;
        batch.push(next);
        room -= next.size;
      }
    }
    return batch;
  }
}

const isOpen = (partition: Partition) => !partition.revoked && !partition.isFull;
