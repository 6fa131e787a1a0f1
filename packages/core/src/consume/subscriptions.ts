/** The subscriptions of a bus: made, joined, counted, moved and refused. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { Persistence } from '../driver/message.js';
import { AlreadySubscribedError, abortError, BusClosedError } from '../errors.js';
import type { Handle } from '../pipeline/compose.js';
import { validateTopicName } from '../topic-name.js';
import { anySignal, linkedSignal } from '../util/any-signal.js';
import { deferred } from '../util/promise.js';
import type { Attempt } from './attempt.js';
import { BusSubscription } from './bus-subscription.js';
import type { Consumer } from './consumer.js';
import { handleEnvelopes, handleMessages } from './invoke.js';
import { ConsumerOpener, type OpenConsumerOptions } from './open-consumer.js';
import type { ConsumePolicy } from './policy.js';
import { PreparedMove } from './prepared-move.js';
import { checkSubscribeCall } from './subscribe-options.js';
import { addTo, type Totals } from './totals.js';
import type { EnvelopeHandler, MessageHandler, SubscribeOptions, Subscription } from './types.js';

const SUBSCRIBE_TIMEOUT_MS = 30_000;

/** Parts of `Subscriptions`. A test may hand in its own. */
export interface SubscriptionsOptions extends OpenConsumerOptions {
  readonly connection: {
    readonly everConnected: boolean;
    /** @throws EbusError once the signal aborts */
    whenConnected(signal: AbortSignal, what: string): Promise<void>;
  };
  readonly middleware: OpenConsumerOptions['middleware'] & { onConsumeChange(listener: () => void): void };
  subscribed(of: { topic: string; group: string }): void;
  unsubscribed(of: { topic: string; group: string }): void;
}

/** A subscription that runs, and the parts to make a consumer for it again. */
interface Running {
  readonly subscription: BusSubscription;
  readonly ordered: boolean;
  readonly handler: Handle<Attempt>;
  readonly options: SubscribeOptions;
  /** The bus's own, for probes: leaves nothing behind, and its backlog is not counted. */
  readonly internal: boolean;
}

/** All subscriptions of a bus. A topic and a group may have one at a time. */
export class Subscriptions {
  readonly #options: SubscriptionsOptions;
  readonly #opener: ConsumerOpener;
  /** By topic and group; undefined while it is being made. */
  readonly #active = new Map<string, Running | undefined>();
  /** Topics that are being moved to another persistence. */
  readonly #moving = new Map<string, Promise<void>>();
  readonly #past: Totals = { handled: 0, failedAttempts: 0, inFlight: 0, oldestInFlightMs: 0 };
  readonly #joining = new Set<Promise<unknown>>();
  readonly #closing = new AbortController();

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
    this.#opener = new ConsumerOpener(options, (topic) => this.deadLettersInto(topic));
    options.middleware.onConsumeChange(() => {
      for (const running of this.#active.values()) running?.subscription.recompose();
    });
  }

  async subscribe(topic: string, handler: MessageHandler, options: SubscribeOptions): Promise<Subscription> {
    checkSubscribeCall('subscribe', topic, handler, options);
    return this.#open(topic, false, handleMessages(handler), options);
  }

  /** For the bus itself: sees messages published from now on, leaves no group behind, and never retries. */
  observe(topic: string, handler: MessageHandler, options: SubscribeOptions): Promise<Subscription> {
    const how: SubscribeOptions = { ...options, from: 'latest', maxRetries: 0, onExhausted: 'discard' };
    return this.#open(topic, false, handleMessages(handler), how, true);
  }

  async subscribeEnvelope<P>(
    topic: string,
    handler: EnvelopeHandler<P>,
    options: SubscribeOptions & { schema?: StandardSchemaV1<unknown, P> },
  ): Promise<Subscription> {
    checkSubscribeCall('subscribeEnvelope', topic, handler, options);
    return this.#open(topic, true, handleEnvelopes(handler, this.#options.codec, options), options);
  }

  get isQuiet(): boolean {
    for (const running of this.#active.values()) if (running?.subscription.isQuiet === false) return false;
    return true;
  }

  async quiet(): Promise<void> {
    await Promise.all([...this.#active.values()].map((running) => running?.subscription.quiet()));
  }

  /** Open subscriptions of applications. */
  active(): BusSubscription[] {
    return [...this.#active.values()].flatMap((running) =>
      running === undefined || running.internal || running.subscription.isClosing
        ? []
        : [running.subscription],
    );
  }

  /** The consumers of the subscriptions that run, those of the bus itself left out where asked. */
  consumers({ internal = true }: { internal?: boolean } = {}): Consumer[] {
    return [...this.#active.values()].flatMap((running) =>
      running === undefined || running.subscription.isClosing || (running.internal && !internal)
        ? []
        : running.subscription.consumers,
    );
  }

  /** The topics whose subscriptions dead-letter into that one. */
  deadLettersInto(deadLetterTopic: string): string[] {
    const found = this.consumers({ internal: false }).filter(
      (consumer) => consumer.deadLetterTopic === deadLetterTopic,
    );
    return [...new Set(found.map(({ topic }) => topic))];
  }

  /** Where the subscriptions to that topic put their dead letters. */
  deadLetterTopicsOf(topic: string): string[] {
    const found = this.consumers({ internal: false }).filter((consumer) => consumer.topic === topic);
    return found.map(({ deadLetterTopic }) => deadLetterTopic);
  }

  /** The connection is away, or back. */
  connectionChanged(isConnected: boolean): void {
    for (const consumer of this.consumers()) consumer.connectionChanged(isConnected);
  }

  totals(): Totals {
    const totals = { ...this.#past };
    for (const running of this.#active.values()) {
      if (running !== undefined) addTo(totals, running.subscription);
    }
    return totals;
  }

  /** Refuses new subscriptions and gives up those that are being made; returns those that run. */
  refuse(): BusSubscription[] {
    this.#closing.abort(new BusClosedError());
    return [...this.#active.values()].flatMap((running) =>
      running === undefined ? [] : [running.subscription],
    );
  }

  /**
   * While `work` runs, none of the topic's subscriptions is being made: those that were come first, and further ones
   * wait, so that they find the topic's persistence decided.
   */
  async whileMoving<T>(topic: string, work: () => Promise<T>): Promise<T> {
    const moving = deferred();
    this.#moving.set(topic, moving.promise);
    try {
      // Those that are being made come first.
      await Promise.allSettled(this.#joining);
      return await work();
    } finally {
      this.#moving.delete(topic);
      moving.resolve();
    }
  }

  /**
   * The topic is to have another persistence, and its messages come over the same route as before. Call the function returned
   * once it has.
   * @throws UnsupportedError where a subscription cannot go on then
   */
  newPolicies(topic: string, persistence: Persistence): () => void {
    const all = this.#of(topic).map(({ subscription, ordered, options }) => {
      const policy = this.#opener.policy(topic, ordered, { ...options, from: 'latest' }, persistence);
      return () => subscription.setPolicy(policy);
    });
    return () => {
      for (const set of all) set();
    };
  }

  /** A consumer on the route of a topic of this persistence for each subscription that runs, in position, and not begun. */
  async prepareMove(topic: string, persistence: Persistence): Promise<PreparedMove> {
    const signal = anySignal(this.#options.clock.timeout(SUBSCRIBE_TIMEOUT_MS), this.#closing.signal);
    const errorOf = (error: unknown) => this.#opener.errorOf(topic, error, undefined);
    const move = new PreparedMove({ signal, errorOf, logger: this.#options.logger });
    try {
      for (const running of this.#of(topic)) {
        const { subscription, ordered, options } = running;
        // Everything before this moment comes over the other route.
        const policy = this.#opener.policy(topic, ordered, { ...options, from: 'latest' }, persistence);
        move.add(subscription, await this.#opener.open(policy, running, signal));
      }
      return move;
    } catch (error) {
      await move.giveUp();
      throw this.#closed ? new BusClosedError() : errorOf(error);
    }
  }

  #of(topic: string): Running[] {
    return [...this.#active.values()].filter(
      (running): running is Running =>
        running?.subscription.topic === topic && !running.subscription.isClosing,
    );
  }

  /** Resolves when no subscription is being made or moved any more. */
  async atRest(): Promise<void> {
    await Promise.allSettled([...this.#joining, ...this.#moving.values()]);
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #open(
    topic: string,
    ordered: boolean,
    handler: Handle<Attempt>,
    options: SubscribeOptions,
    internal = false,
  ): Promise<Subscription> {
    if (this.#closed) throw new BusClosedError();
    const { signal } = options;
    if (signal?.aborted === true) throw abortError(signal, `subscribing to '${topic}'`);
    const { driver, connection } = this.#options;
    validateTopicName(topic);
    driver.validateTopic?.(topic, 'subscribe');
    // What the broker can do is known once it is connected.
    if (!connection.everConnected) await this.#connected(topic, signal);
    for (let moving = this.#moving.get(topic); moving !== undefined; moving = this.#moving.get(topic))
      await moving;
    if (this.#closed) throw new BusClosedError();
    const policy = this.#opener.policy(topic, ordered, options);
    const id = `${topic}\0${policy.group}`;
    if (this.#active.has(id)) throw new AlreadySubscribedError(topic, policy.group);
    // The place is taken before the first await, so that two calls at once cannot both have it.
    this.#active.set(id, undefined);
    const joining = this.#join(id, policy, { ordered, handler, options, internal });
    this.#joining.add(joining);
    try {
      return await joining;
    } catch (error) {
      this.#active.delete(id);
      throw this.#closed ? new BusClosedError() : this.#opener.errorOf(topic, error, signal);
    } finally {
      this.#joining.delete(joining);
    }
  }

  #connected(topic: string, signal: AbortSignal | undefined): Promise<void> {
    const timeout = this.#options.clock.timeout(SUBSCRIBE_TIMEOUT_MS);
    const either = anySignal(timeout, signal);
    return this.#options.connection.whenConnected(either, `subscribing to '${topic}'`);
  }

  async #join(
    id: string,
    policy: ConsumePolicy,
    how: Omit<Running, 'subscription'>,
  ): Promise<BusSubscription> {
    const { topic, group } = policy;
    const { signal } = how.options;
    const bounds = [this.#options.clock.timeout(SUBSCRIBE_TIMEOUT_MS), this.#closing.signal];
    const limit = linkedSignal(...bounds, ...(signal === undefined ? [] : [signal]));
    const first = await this.#opener.open(policy, how, limit.signal).finally(limit.release);
    const onAbort = () => void subscription.close();
    const subscription: BusSubscription = new BusSubscription(first, (closed) => {
      signal?.removeEventListener('abort', onAbort);
      addTo(this.#past, closed);
      this.#active.delete(id);
      this.#options.unsubscribed({ topic, group });
    });
    this.#active.set(id, { subscription, ...how });
    signal?.addEventListener('abort', onAbort, { once: true });
    if (this.#closed || signal?.aborted === true) {
      await subscription.close();
      throw new BusClosedError(); // Of an abort `#open` makes its own error.
    }
    try {
      subscription.begin();
    } catch (error) {
      await subscription.close({ timeout: 0 });
      throw error;
    }
    this.#options.subscribed({ topic, group });
    return subscription;
  }
}
