/** One topic's subscription to a consumer that it shares with others. */
import {
  type CallOptions,
  type Clock,
  type Demand,
  type DriverSubscriptionV1 as DriverSubscription,
  EbusError,
  type IncomingMessage,
  type PartitionLag,
  type Settlement,
  type SettleToken,
  type TimerHandle,
} from '@ebus/core/driver';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Queued, TopicQueue } from './topic-queue.js';
import type { UnifiedConsumer } from './unified-consumer.js';

/** How long the other topics' subscriptions are waited for before their absence is an error. */
const MISSING_AFTER_MS = 30_000;

type Batch = readonly IncomingMessage[] | undefined;

export class UnifiedMember implements DriverSubscription {
  readonly topic: string;
  readonly leaseMs: number;
  readonly #unified: UnifiedConsumer;
  readonly #queue: TopicQueue;
  readonly #onClosed: (member: UnifiedMember) => void;
  readonly #clock: Clock;
  #waiter: { demand: Demand; resolve(batch: Batch): void; reject(error: unknown): void } | undefined;
  #missingTimer: TimerHandle | undefined;
  #stopped = false;

  constructor(
    unified: UnifiedConsumer,
    topic: string,
    queue: TopicQueue,
    onClosed: (member: UnifiedMember) => void,
    clock: Clock,
  ) {
    this.topic = topic;
    this.leaseMs = unified.leaseMs;
    this.#unified = unified;
    this.#queue = queue;
    this.#onClosed = onClosed;
    this.#clock = clock;
    this.watchForMissing();
  }

  online(connection: NatsConnection): void {
    this.#unified.online(connection);
  }

  offline(): void {
    this.#unified.offline();
  }

  check(): void {}

  receive(demand: Demand): Batch | Promise<Batch> {
    if (this.#stopped) return undefined;
    if (this.#queue.waiting > 0) {
      const batch = this.#take(demand);
      this.#unified.wake();
      return batch;
    }
    return new Promise((resolve, reject) => {
      this.#waiter = { demand, resolve, reject };
    });
  }

  /** Something came for the topic. */
  feed(): void {
    const waiter = this.#waiter;
    if (waiter === undefined || this.#queue.waiting === 0) return;
    this.#waiter = undefined;
    waiter.resolve(this.#take(waiter.demand));
    this.#unified.wake();
  }

  fail(error: unknown): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.reject(error);
  }

  settle(done: readonly Settlement[]): void {
    this.#unified.settle(this.topic, done);
  }

  extendLease(tokens: readonly SettleToken[]): void {
    this.#unified.extendLease(tokens);
  }

  lag(): Promise<readonly PartitionLag[]> {
    return this.#unified.lag(this.topic);
  }

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#missingTimer !== undefined) this.#clock.clearTimeout(this.#missingTimer);
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.resolve(undefined);
  }

  async close(options: CallOptions): Promise<void> {
    this.stop();
    this.#onClosed(this);
    await this.#unified.leave(this.topic, options);
  }

  #take(demand: Demand): IncomingMessage[] {
    return this.#queue.take(demand).map((queued) => messageOf(queued));
  }

  /** Reports, again and again, that topics without a subscription keep this one waiting. */
  watchForMissing(): void {
    if (this.#stopped || this.#missingTimer !== undefined) return;
    this.#missingTimer = this.#clock.setTimeout(() => {
      this.#missingTimer = undefined;
      const missing = this.#unified.missing();
      if (missing.length === 0) return;
      this.fail(notComplete(missing));
      this.watchForMissing();
    }, MISSING_AFTER_MS);
    this.#missingTimer.unref();
  }
}

/** The same message, with a token that says where it came from. */
function messageOf(queued: Queued): IncomingMessage {
  const { topic, value, key, headers, messageId, timestamp, position, deliveryCount, redelivered } =
    queued.delivery;
  return {
    token: queued,
    topic,
    value,
    key,
    headers,
    messageId,
    timestamp,
    position,
    deliveryCount,
    redelivered,
  };
}

function notComplete(missing: readonly string[]): EbusError {
  return new EbusError(
    'the unified consumer begins once every topic of nats.jetstream.consumer.topics has a subscription here; ' +
      `still missing: ${missing.join(', ')}`,
    { code: 'SUBSCRIBE_FAILED', retryable: true },
  );
}
