/** One member of a group, as core drives it. */
import {
  type CallOptions,
  type Demand,
  type DriverSubscriptionV1 as DriverSubscription,
  EbusError,
  type IncomingMessage,
  type PartitionLag,
  type ReceivedBatch,
  type Settlement,
  type SubscriptionSpec,
} from '@ebus/core/driver';
import type { ConsumerGroup, Member } from './consumer-group.js';
import type { TopicLog } from './topic-log.js';

const NO_DEMAND: Demand = { messages: 0, bytes: 0 };

export class MemorySubscription implements DriverSubscription, Member {
  readonly ordered: boolean;
  demand = NO_DEMAND;
  readonly #log: TopicLog;
  readonly #group: ConsumerGroup;
  readonly #onClosed: (subscription: MemorySubscription) => void;
  #answer: ((batch: ReceivedBatch) => void) | undefined;
  #stopped = false;
  #closed = false;

  constructor(log: TopicLog, spec: SubscriptionSpec, onClosed: (subscription: MemorySubscription) => void) {
    this.ordered = spec.ordering !== 'none';
    this.#onClosed = onClosed;
    this.#log = log;
    this.#group = log.join(spec, this);
  }

  receive(demand: Demand): ReceivedBatch | Promise<ReceivedBatch> {
    if (this.#stopped) return undefined;
    if (this.#answer !== undefined) {
      return Promise.reject(
        new EbusError('receive was called while the previous call was pending', { code: 'INTERNAL' }),
      );
    }
    this.demand = demand;
    const batch = this.#group.ask(this);
    if (batch !== undefined) return batch;
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  deliver(batch: readonly IncomingMessage[]): void {
    this.#reply(batch);
  }

  settle(done: readonly Settlement[]): void {
    this.#group.settle(this, done);
  }

  lag(): Promise<readonly PartitionLag[]> {
    const { unsettledCount: lag, unreadCount: unread, position, oldestTimestamp } = this.#group;
    return Promise.resolve([
      {
        partition: 0,
        lag,
        unread,
        position,
        settled: position - 1,
        ...(oldestTimestamp === undefined ? {} : { oldestTimestamp }),
      },
    ]);
  }

  /** Nothing is fetched ahead of demand, so there is nothing to give back. */
  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#group.leaveLine(this);
    this.#reply(undefined);
  }

  close(_options?: CallOptions): Promise<void> {
    this.stop();
    if (!this.#closed) {
      this.#closed = true;
      this.#log.leave(this.#group, this);
      this.#onClosed(this);
    }
    return Promise.resolve();
  }

  #reply(batch: ReceivedBatch): void {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(batch);
  }
}
