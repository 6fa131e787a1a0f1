/** One topic of a group, as core reads it. */
import {
  type AssignmentListener,
  type CallOptions,
  type Demand,
  type DriverSubscriptionV1 as DriverSubscription,
  EbusError,
  type PartitionLag,
  type ReceivedBatch,
  type Settlement,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import type { GroupConsumer } from './group-consumer.js';
import type { KafkaDelivery } from './partition.js';
import type { TopicShare } from './topic-share.js';

export class KafkaSubscription implements DriverSubscription {
  readonly spec: SubscriptionSpec;
  readonly topic: string;
  listener: AssignmentListener | undefined;
  readonly #group: GroupConsumer;
  readonly #share: TopicShare;
  #waiter: { demand: Demand; resolve(batch: ReceivedBatch): void; reject(error: unknown): void } | undefined;
  #failure: unknown;
  #stopped = false;

  constructor(spec: SubscriptionSpec, group: GroupConsumer, share: TopicShare) {
    this.spec = spec;
    this.topic = spec.topic;
    this.#group = group;
    this.#share = share;
  }

  /** Asked, and nothing was there. */
  get isHungry(): boolean {
    return this.#waiter !== undefined;
  }

  receive(demand: Demand): ReceivedBatch | Promise<ReceivedBatch> {
    if (this.#stopped) return undefined;
    this.#throwFailure();
    const batch = this.#take(demand);
    if (batch.length > 0) return batch;
    return new Promise((resolve, reject) => {
      this.#waiter = { demand, resolve, reject };
      this.#group.pump();
    });
  }

  /** Something came for the topic. */
  feed(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    const batch = this.#take(waiter.demand);
    if (batch.length === 0) return;
    this.#waiter = undefined;
    waiter.resolve(batch);
  }

  /** Fetching failed; core is told with the next batch that it asks for. */
  fail(error: unknown): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#failure = error;
    else waiter.reject(error);
  }

  settle(done: readonly Settlement[]): void {
    let freed = false;
    for (const { token, outcome } of done) {
      const { partition, handle } = token as KafkaDelivery;
      // What is released stays unsettled: whoever has the partition next begins there.
      if (outcome === 'released' || partition.released) continue;
      partition.tracker.settle(handle);
      freed ||= partition.paused && !partition.isFull;
    }
    if (!freed) return;
    this.#group.adjust(this.#share);
    this.feed();
  }

  onAssignment(listener: AssignmentListener): void {
    this.listener = listener;
    const partitions = this.#share.partitions.map(({ id }) => id);
    if (partitions.length > 0) listener.assigned(partitions);
  }

  lag(options: CallOptions): Promise<readonly PartitionLag[]> {
    return this.#group.lag(this.topic, options);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(undefined);
  }

  async close(options: CallOptions): Promise<void> {
    this.stop();
    await this.#group.leave(this.#share, this, options);
  }

  #take(demand: Demand): KafkaDelivery[] {
    const batch = this.#share.take(demand);
    if (batch.length > 0) this.#group.taken(this.#share);
    return batch;
  }

  #throwFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure === undefined) return;
    throw EbusError.from(failure);
  }
}
