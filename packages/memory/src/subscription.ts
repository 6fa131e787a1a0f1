/** One member of a group, as core drives it. */
import type {
  CallOptions,
  Credit,
  DriverSubscription,
  IncomingMessage,
  PartitionLag,
  Settlement,
  SubscriptionSink,
  SubscriptionSpec,
} from '@ebus/core/driver';
import type { ConsumerGroup, Member } from './consumer-group.js';
import type { LogMessage } from './log-message.js';
import type { TopicLog } from './topic-log.js';

/** A member of a group. Its room is the credit that core granted last; deliveries use it up. */
export class MemorySubscription implements DriverSubscription, Member {
  readonly ordered: boolean;
  readonly parks: boolean;
  messages = 0;
  bytes = 0;
  readonly #log: TopicLog;
  readonly #group: ConsumerGroup;
  readonly #sink: SubscriptionSink;
  readonly #onClosed: (subscription: MemorySubscription) => void;
  #stopped = false;
  #closed = false;

  constructor(
    log: TopicLog,
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    onClosed: (subscription: MemorySubscription) => void,
  ) {
    this.ordered = spec.ordering !== 'none';
    this.parks = spec.parks === true;
    this.#onClosed = onClosed;
    this.#log = log;
    this.#sink = sink;
    this.#group = log.join(spec, this);
  }

  request({ messages, bytes, partition }: Credit): void {
    if (this.#stopped || partition !== undefined) return;
    this.messages = messages;
    this.bytes = bytes;
    this.#group.credited(this);
  }

  deliver(batch: readonly LogMessage[]): void {
    this.messages -= batch.length;
    for (const { size } of batch) this.bytes -= size;
    this.#sink.push(batch as readonly IncomingMessage[]);
  }

  activated(): void {
    this.#sink.resumed();
  }

  settle(done: readonly Settlement[]): void {
    this.#group.settle(this, done);
  }

  lag(): Promise<readonly PartitionLag[]> {
    const { unsettledCount: lag, unreadCount: unread, position, oldestAgeMs } = this.#group;
    return Promise.resolve([
      {
        partition: 0,
        lag,
        unread,
        position,
        settled: position - 1,
        ...(oldestAgeMs === undefined ? {} : { oldestAgeMs }),
      },
    ]);
  }

  /** Nothing is fetched ahead of the credit, so there is nothing to give back. */
  stop(): void {
    this.#stopped = true;
    this.messages = 0;
    this.#group.credited(this);
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
}
