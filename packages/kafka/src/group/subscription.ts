/** One topic of a group, as core drives it. */
import type { CallOptions, Credit, DriverSubscription, PartitionLag, Settlement } from '@ebus/core/driver';
import type { Membership } from './membership.js';
import type { KafkaDelivery } from './partition.js';
import type { TopicShare } from './topic-share.js';

/** Credit, settlements and lag of one topic. Offsets are committed up to the oldest unsettled message. */
export class KafkaSubscription implements DriverSubscription {
  readonly #group: Membership;
  readonly #share: TopicShare;
  #closed = false;

  constructor(group: Membership, share: TopicShare) {
    this.#group = group;
    this.#share = share;
  }

  request(credit: Credit): void {
    const share = this.#share;
    if (credit.partition === undefined) {
      const wasStalled = share.isStalled;
      share.grant(credit);
      if (wasStalled && !share.isStalled) this.#group.adjust(share);
    } else {
      const partition = share.partitions.get(credit.partition);
      if (partition === undefined) return;
      partition.stopped = credit.messages <= 0;
      this.#group.adjust(share);
    }
    this.#group.pump();
  }

  settle(done: readonly Settlement[]): void {
    let isFreed = false;
    for (const { token, outcome } of done) {
      const { partition, tracker, handle } = token as KafkaDelivery;
      // What is released stays unsettled: whoever has the partition next begins there.
      if (outcome === 'released') continue;
      partition.settle(tracker, handle);
      isFreed ||= partition.paused === true && !partition.isFull;
    }
    if (isFreed) this.#group.adjust(this.#share);
  }

  lag(options: CallOptions): Promise<readonly PartitionLag[]> {
    return this.#group.lag(this.#share.topic, options);
  }

  stop(): void {
    this.#share.messages = 0;
  }

  async close(options: CallOptions): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#group.leave(this.#share, options);
  }
}
