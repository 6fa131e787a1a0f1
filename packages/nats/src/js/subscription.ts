/** One topic of a group over JetStream, on a consumer of its own. */
import type {
  CallOptions,
  Clock,
  Credit,
  DriverSubscription,
  Logger,
  PartitionLag,
  Settlement,
  SettleToken,
  SubscriptionSink,
  SubscriptionSpec,
  UnsettledCount,
} from '@ebus/core/driver';
import type { Api } from '../api.js';
import { inTime, type Link } from '../link.js';
import type { Refused } from '../refusals.js';
import type { JetStreamDelivery } from './delivery.js';
import { lagOf, standing, stateOf } from './group-state.js';
import { Line } from './line.js';
import type { OpenConsumer } from './locator.js';
import { Puller, type PullerOptions } from './puller.js';
import { SingleTarget } from './target.js';

interface SubscriptionOptions extends Omit<PullerOptions, 'target' | 'topic' | 'accepts'> {
  readonly spec: SubscriptionSpec;
  readonly sink: SubscriptionSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly api: Api;
  onClosed?(subscription: JetStreamSubscription): void;
}

/** Pulls from its own consumer. Its lease is `ackWait`; core renews it for queued and running messages. */
export class JetStreamSubscription implements DriverSubscription {
  readonly leaseMs: number;
  readonly #options: SubscriptionOptions;
  readonly #target: SingleTarget;
  readonly #puller: Puller;
  /** The topic's messages take another way from there on. */
  #line: Line | undefined;

  constructor(options: SubscriptionOptions, consumer: OpenConsumer) {
    const { spec, sink, ackWait } = options;
    this.#options = options;
    this.leaseMs = ackWait;
    this.#target = new SingleTarget(sink);
    const accepts = (delivery: JetStreamDelivery) =>
      delivery.sequence <= (this.#line?.through ?? Number.POSITIVE_INFINITY) && this.#isOwn(delivery);
    this.#puller = new Puller({ ...options, topic: spec.topic, target: this.#target, accepts }, consumer);
  }

  /** False where the consumer's filter was changed to other subjects. */
  #isOwn({ topic }: JetStreamDelivery): boolean {
    if (topic === this.#options.spec.topic) return true;
    void this.#puller.inquiry.look();
    return false;
  }

  /** The stored subjects: the topic, or those of its partitions. */
  get #filter(): string {
    return this.#puller.locator.spec.filters[0] as string;
  }

  get failure(): unknown {
    return this.#target.failure;
  }

  online(link: Link): void {
    this.#puller.online(link);
  }

  offline(): void {
    this.#puller.offline();
  }

  refused(refused: Refused, error: Error): void {
    this.#puller.refused(refused, error);
  }

  request(credit: Credit): void {
    this.#target.credit = credit;
    this.#puller.fetch();
  }

  settle(done: readonly Settlement[]): void {
    this.#puller.settle(done);
  }

  extendLease(tokens: readonly SettleToken[]): void {
    this.#puller.extendLease(tokens);
  }

  letGo(tokens: readonly SettleToken[]): void {
    this.#puller.deliveries.drop(tokens);
    this.#puller.fetch();
  }

  async unsettled(options: CallOptions): Promise<UnsettledCount> {
    return standing(await this.#state(options), this.#puller.locator.spec.singleActive);
  }

  async lag(options: CallOptions): Promise<readonly PartitionLag[]> {
    const { info } = await this.#state(options);
    return [await lagOf(info, this.#options.api, this.#filter)];
  }

  async drain(): Promise<void> {
    const { streams, consumers, clock, logger, ackWait, spec, sink } = this.#options;
    const { locator, deliveries } = this.#puller;
    const through = await streams.lastSequence(locator.spec.stream, this.#filter);
    const info = () => consumers.info(locator.spec);
    const isStored = (sequence: number) => streams.holdsMessage(locator.spec.stream, sequence);
    this.#line = new Line({ through, topic: spec.topic, deliveries, info, isStored, clock, logger, ackWait });
    void this.#line.reached().then((isReached) => {
      if (isReached) sink.ended();
    });
  }

  stop(): Promise<void> {
    this.#line?.cancel();
    return this.#puller.stop();
  }

  /** Nothing of its consumer is left. */
  async retire(): Promise<void> {
    await this.stop();
    this.#puller.close();
  }

  async close({ signal }: CallOptions): Promise<void> {
    try {
      await inTime(this.#leave(), signal, 'leaving the consumer takes too long');
    } catch (err) {
      const { logger, spec } = this.#options;
      logger.debug({ err, topic: spec.topic }, 'leaving the consumer was not confirmed');
    }
    this.#puller.close();
    this.#options.onClosed?.(this);
  }

  async #leave(): Promise<void> {
    await this.stop();
    await this.#puller.leave();
  }

  #state({ signal }: CallOptions) {
    return stateOf(this.#puller, this.#options.spec.topic, signal);
  }
}
