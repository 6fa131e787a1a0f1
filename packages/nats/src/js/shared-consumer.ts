/**
 * One consumer for all declared topics of a group in a stream: a puller with many filters that pushes into many sinks. Its
 * filter stays as it was made, because a consumer does not rewind for a topic that is added.
 */
import {
  type CallOptions,
  type Credit,
  type DriverSubscription,
  EbusError,
  type PartitionLag,
  type Settlement,
  type SettleToken,
  type SubscriptionSink,
  type SubscriptionSpec,
  type TimerHandle,
  type UnsettledCount,
  UnsupportedError,
  within,
} from '@ebus/core/driver';
import type { Api } from '../api.js';
import type { Link } from '../link.js';
import type { Refused } from '../refusals.js';
import type { JetStreamDelivery } from './delivery.js';
import { lagOf, standing, stateOf } from './group-state.js';
import type { OpenConsumer } from './locator.js';
import { Puller, type PullerOptions } from './puller.js';
import { type Member, SharedTarget } from './shared-target.js';

/** How long the other topics' subscriptions are waited for before their absence is an error. */
const MISSING_AFTER_MS = 30_000;

/** Options of a `SharedConsumer`. */
export interface SharedOptions extends Omit<PullerOptions, 'target' | 'topic' | 'accepts'> {
  /** Of its topics, those that are declared here: each is to have a subscription. */
  readonly expected: readonly string[];
  readonly api: Api;
}

/** Fetches once every expected topic has a subscription here. Closes with the last of them. */
export class SharedConsumer {
  readonly target: SharedTarget;
  readonly puller: Puller;
  readonly options: SharedOptions;
  readonly #refused = new Set<string>();
  /** Each topic had a subscription: messages were asked for. */
  #hasBegun = false;
  #closing: Promise<void> | undefined;
  #missingTimer: TimerHandle | undefined;

  constructor(options: SharedOptions, consumer: OpenConsumer) {
    const { expected } = options;
    this.options = options;
    this.target = new SharedTarget(expected);
    const accepts = (delivery: JetStreamDelivery) =>
      this.target.takes(delivery.topic) || this.#refuse(delivery.topic);
    const topic = consumer.spec.filters[0] as string;
    this.puller = new Puller({ ...options, topic, target: this.target, accepts }, consumer);
  }

  /** Resolves once it is closed; undefined while it is open. */
  get closing(): Promise<void> | undefined {
    return this.#closing;
  }

  /**
   * Order across instances for one topic means a single active client for all of them.
   * @throws UnsupportedError where the consumer is read already without one
   */
  async join(
    spec: SubscriptionSpec,
    sink: SubscriptionSink,
    onClosed: (one: SharedSubscription) => void,
  ): Promise<SharedSubscription> {
    const { locator } = this.puller;
    if (spec.ordering === 'cluster' && !locator.spec.singleActive) {
      if (this.#hasBegun) throw tooLate(spec.topic);
      await this.puller.becomeSingleActive();
    }
    // Its messages that came since its last subscription ended come again, and newer ones must not pass them.
    this.puller.receiver.refused.clear();
    const subscription = new SharedSubscription(this, spec.topic, sink, onClosed);
    if (this.target.missing.length === 0) this.#hasBegun = true;
    this.watchForMissing();
    return subscription;
  }

  /** The last one closes the door. */
  async left(options: CallOptions): Promise<void> {
    this.watchForMissing();
    if (this.target.size > 0) return;
    this.#closing ??= this.#close();
    await within(this.#closing, options.signal, () => {});
  }

  /** Reports, again and again, that topics without a subscription keep the others waiting. */
  watchForMissing(): void {
    if (this.#missingTimer !== undefined || this.target.missing.length === 0 || this.target.size === 0)
      return;
    this.#missingTimer = this.options.clock.setTimeout(() => {
      this.#missingTimer = undefined;
      const { missing } = this.target;
      if (missing.length > 0) this.target.failed(notComplete(missing));
      this.watchForMissing();
    }, MISSING_AFTER_MS);
    this.#missingTimer.unref();
  }

  async #close(): Promise<void> {
    const { clock, logger } = this.options;
    const consumer = this.puller.locator.spec;
    if (this.#missingTimer !== undefined) clock.clearTimeout(this.#missingTimer);
    await this.puller.stop();
    await this.puller.leave().catch((err: unknown) => {
      logger.debug({ err, consumer: consumer.name }, 'leaving the consumer was not confirmed');
    });
  }

  /** Not declared any more, or its subscription has gone: it waits for one that has it. */
  #refuse(topic: string): false {
    if (this.#refused.has(topic)) return false;
    this.#refused.add(topic);
    const text =
      'the unified consumer delivers a topic that has no subscription here; its messages wait for one, and hold up the ' +
      'others when they are many: subscribe to it, or delete the consumer to begin anew';
    this.options.logger.warn({ topic, consumer: this.puller.locator.spec.name }, text);
    return false;
  }
}

/** One topic's subscription to a consumer that it shares. */
export class SharedSubscription implements DriverSubscription {
  readonly leaseMs: number;
  readonly #shared: SharedConsumer;
  readonly #topic: string;
  readonly #member: Member;
  readonly #onClosed: (subscription: SharedSubscription) => void;

  constructor(
    shared: SharedConsumer,
    topic: string,
    sink: SubscriptionSink,
    onClosed: (one: SharedSubscription) => void,
  ) {
    this.leaseMs = shared.options.ackWait;
    this.#shared = shared;
    this.#topic = topic;
    this.#member = shared.target.join(topic, sink);
    this.#onClosed = onClosed;
  }

  get failure(): unknown {
    return this.#member.failure;
  }

  online(link: Link): void {
    if (this.#shared.puller.link !== link) this.#shared.puller.online(link);
  }

  offline(): void {
    if (this.#shared.puller.link !== undefined) this.#shared.puller.offline();
  }

  refused(refused: Refused, error: Error): void {
    this.#shared.puller.refused(refused, error);
  }

  request(credit: Credit): void {
    this.#member.credit = credit;
    this.#shared.puller.fetch();
  }

  settle(done: readonly Settlement[]): void {
    this.#shared.puller.settle(done);
  }

  extendLease(tokens: readonly SettleToken[]): void {
    this.#shared.puller.extendLease(tokens);
  }

  letGo(tokens: readonly SettleToken[]): void {
    this.#shared.puller.deliveries.drop(tokens);
    this.#shared.puller.fetch();
  }

  /** Messages of the other topics' subscriptions here are not elsewhere. */
  async unsettled({ signal }: CallOptions): Promise<UnsettledCount> {
    const { puller } = this.#shared;
    const { deliveries } = puller;
    // What comes after the question is not in its answer for sure.
    const others = [...deliveries].filter(({ topic }) => topic !== this.#topic);
    const { count, ...rest } = standing(
      await stateOf(puller, this.#topic, signal),
      puller.locator.spec.singleActive,
    );
    const { through = 0 } = rest;
    const held = others.filter((one) => deliveries.holds(one) && one.sequence <= Number(through)).length;
    return { count: count - held, ...rest };
  }

  /** Of the whole consumer, all its topics together: the server does not tell them apart. */
  async lag({ signal }: CallOptions): Promise<readonly PartitionLag[]> {
    const { puller, options } = this.#shared;
    const { info } = await stateOf(puller, this.#topic, signal);
    return [await lagOf(info, options.api, this.#topic)];
  }

  async stop(): Promise<void> {
    // What has come is pushed: core hands it back.
    this.#shared.puller.receiver.flush();
    this.#shared.target.leave(this.#topic, this.#member);
    if (this.#shared.target.size === 0) await this.#shared.puller.stop();
  }

  async close(options: CallOptions): Promise<void> {
    await this.stop();
    this.#onClosed(this);
    await this.#shared.left(options);
  }
}

function tooLate(topic: string): UnsupportedError {
  return new UnsupportedError(
    `the topics of a unified consumer are read with one ordering, and '${topic}' demands 'cluster' after all others were ` +
      'subscribed with less: give them the same ordering, or take it out of nats.jetstream.consumer.topics',
  );
}

function notComplete(missing: readonly string[]): EbusError {
  return new EbusError(
    'the unified consumer begins once every topic of nats.jetstream.consumer.topics has a subscription here; ' +
      `still missing: ${missing.join(', ')}`,
    { code: 'SUBSCRIBE_FAILED', retryable: true },
  );
}
