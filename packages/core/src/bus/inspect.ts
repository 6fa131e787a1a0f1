/** `bus.inspect`: the subscriptions of this process, and the topics and groups of its broker. Looking changes nothing. */
import type { Clock } from '../clock.js';
import type { BusSubscription } from '../consume/bus-subscription.js';
import type { HaltedMessage, Subscription, SubscriptionStats } from '../consume/types.js';
import type { Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import type { DriverTopicAdmin } from '../driver/topic-admin.js';
import type { BrokerFigures, GroupFigures, TopicFigures } from '../driver/topic-figures.js';
import { UnsupportedError } from '../errors.js';
import { look } from '../inspect/look.js';
import { rateOf, type Samples } from '../inspect/rate.js';
import { type AskOptions, LOOK_OPTIONS, type LookFrom, type LookOptions } from '../inspect/types.js';
import { type Message, ReceivedMessage } from '../pipeline/message.js';
import { validateTopicName } from '../topic-name.js';
import { linkedSignal } from '../util/any-signal.js';
import { SIGNAL_OPTIONS } from '../util/common-options.js';
import { checkOptions } from '../util/options.js';
import { orClosed } from '../util/or-closed.js';
import { shown } from '../util/shown.js';
import { abortable } from '../util/waiting.js';

/** A question about the broker takes at most so long. */
const ASK_MS = 30_000;

/** A subscription of this process. */
export interface SubscriptionReport {
  readonly topic: string;
  readonly group: string;
  readonly deadLetterTopic: string;
  readonly stats: SubscriptionStats;
  /** Since an earlier call, at least a second before; undefined where there was none. */
  readonly handledPerSecond: number | undefined;
  /** Where its keys stand still, and why. Parked keys: `bus.deadLetters.keys(topic)`. */
  readonly halted: readonly HaltedMessage[];
}

/** Parts of `bus.inspect`. */
export interface InspectOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly subscriptions: { active(): readonly BusSubscription[] };
  persistenceOf(topic: string): Persistence;
  readonly closing: AbortSignal;
}

/**
 * `bus.inspect`. Any number of calls may run at once, on any number of buses. None joins a group, moves a position or leaves
 * anything on the broker. All end with the bus: `BUS_CLOSED`.
 */
export class Inspect {
  readonly #options: InspectOptions;
  readonly #samples = new WeakMap<BusSubscription, Samples>();

  /** @internal */
  constructor(options: InspectOptions) {
    this.#options = options;
  }

  /** The subscriptions of this bus, health probes left out. Asks nobody. */
  subscriptions(): SubscriptionReport[] {
    return this.#options.subscriptions.active().map((subscription) => {
      const { topic, group, deadLetterTopic } = subscription;
      const stats = subscription.stats();
      const handledPerSecond = this.#rate(subscription, stats.handled);
      return {
        topic,
        group,
        deadLetterTopic,
        stats,
        handledPerSecond,
        halted: subscription.haltedMessages(),
      };
    });
  }

  /** One of `subscriptions()`, as `subscribe` returned it: to pause it, or to let a halted key go on. Undefined where there is none. */
  subscription(topic: string, group: string): Subscription | undefined {
    return this.#options.subscriptions
      .active()
      .find((subscription) => subscription.topic === topic && subscription.group === group);
  }

  /**
   * The broker's topics by name, configured here or not: settings, counts, sizes. What the broker and ebus keep for themselves is
   * left out, and so is what this login may not see.
   * @throws UnsupportedError where the transport cannot tell; EbusError `ABORTED`, and the broker's errors
   */
  async topics(options: AskOptions = {}): Promise<TopicFigures[]> {
    checkOptions('inspect.topics', options, SIGNAL_OPTIONS);
    const all = await this.#ask('listing topics', options, (admin, signal) =>
      admin.listTopics(undefined, { signal }),
    );
    return [...all].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** One topic; undefined where it is not there. @throws TopicNameError, and what `topics` throws */
  async topic(topic: string, options: AskOptions = {}): Promise<TopicFigures | undefined> {
    checkOptions(`inspect.topic('${shown(topic)}')`, options, SIGNAL_OPTIONS);
    validateTopicName(topic);
    const [found] = await this.#ask(`asking for '${topic}'`, options, (admin, signal) =>
      admin.listTopics([topic], { signal }),
    );
    return found;
  }

  /**
   * The groups that read a topic, by name, ebus' own or not, with their lag.
   * @throws TopicNameError, EbusError `TOPIC_NOT_FOUND`, and what `topics` throws
   */
  async groups(topic: string, options: AskOptions = {}): Promise<GroupFigures[]> {
    checkOptions(`inspect.groups('${shown(topic)}')`, options, SIGNAL_OPTIONS);
    validateTopicName(topic);
    const all = await this.#ask(`asking for the groups of '${topic}'`, options, (admin, signal) =>
      admin.listGroups(topic, { signal }),
    );
    return [...all].sort((a, b) => (a.group < b.group ? -1 : 1));
  }

  /** The broker itself. @throws what `topics` throws */
  async broker(options: AskOptions = {}): Promise<BrokerFigures> {
    checkOptions('inspect.broker', options, SIGNAL_OPTIONS);
    return this.#ask('asking for the broker', options, async (admin, signal) => {
      if (admin.describeBroker === undefined) throw this.#cannot('describe itself');
      return admin.describeBroker({ signal });
    });
  }

  /**
   * Whether this login may publish to a topic that is there. Nothing is stored for it, and no consumer gets anything.
   * @throws what `groups` throws
   */
  async mayPublish(topic: string, options: AskOptions = {}): Promise<boolean> {
    checkOptions(`inspect.mayPublish('${shown(topic)}')`, options, SIGNAL_OPTIONS);
    validateTopicName(topic);
    return this.#ask(`asking for the right to publish to '${topic}'`, options, async (admin, signal) => {
      if (admin.mayPublish === undefined) throw this.#cannot('tell who may publish');
      return admin.mayPublish(topic, { signal });
    });
  }

  /**
   * The rights that this login lacks to consume a topic that is there as a member of the group, in the broker's words; as far as the
   * broker tells. Joins no group.
   * @throws what `groups` throws
   */
  async missingRights(topic: string, group: string, options: AskOptions = {}): Promise<readonly string[]> {
    checkOptions(`inspect.missingRights('${shown(topic)}')`, options, SIGNAL_OPTIONS);
    validateTopicName(topic);
    return this.#ask(`asking for the right to consume '${topic}'`, options, async (admin, signal) => {
      if (admin.missingRights === undefined) throw this.#cannot('tell who may consume');
      return admin.missingRights(topic, group, { signal });
    });
  }

  /**
   * The messages of a persistent topic, up to its end at the time of the first `next()`. Oldest first within each partition;
   * partitions have no order among each other.
   * @throws TopicNameError, UnsupportedError; EbusError `TOPIC_NOT_FOUND`, `ABORTED`, and the broker's errors
   */
  browse(topic: string, options: LookOptions = {}): AsyncGenerator<Message, undefined> {
    return this.#look('browse', topic, 'earliest', options);
  }

  /**
   * The same, and further messages as they come, by default from now on. Asks every half second. Ends with its `limit`, its
   * signal (`ABORTED`), or when the caller leaves the loop. Once it waits for further messages it goes on where it was when a broker
   * that was away is back.
   */
  tail(topic: string, options: LookOptions = {}): AsyncGenerator<Message, undefined> {
    return this.#look('tail', topic, 'latest', options);
  }

  #look(
    method: 'browse' | 'tail',
    topic: string,
    byDefault: LookFrom,
    options: LookOptions,
  ): AsyncGenerator<Message, undefined> {
    checkOptions(`inspect.${method}('${shown(topic)}')`, options, LOOK_OPTIONS);
    validateTopicName(topic);
    const { driver, persistenceOf } = this.#options;
    if (!canBrowse(driver) || driver.capabilities(persistenceOf(topic)).browse !== true) {
      throw new UnsupportedError(
        `'${topic}' cannot be looked at: ${driver.system} keeps no messages of it, or cannot show them; subscribe to it`,
      );
    }
    return this.#messages(driver, topic, options.from ?? byDefault, options, method === 'tail');
  }

  async *#messages(
    driver: Browsed,
    topic: string,
    from: LookFrom,
    options: LookOptions,
    follow: boolean,
  ): AsyncGenerator<Message, undefined> {
    const { clock, closing } = this.#options;
    const { signal: own, ...rest } = options;
    const { signal, release } = linkedSignal(closing, ...(own === undefined ? [] : [own]));
    try {
      for await (const incoming of look(topic, from, { ...rest, follow }, { driver, clock, signal }))
        yield new ReceivedMessage(incoming);
    } catch (error) {
      throw orClosed(error, closing, own);
    } finally {
      release();
    }
  }

  async #ask<T>(
    what: string,
    { signal: own }: AskOptions,
    question: (admin: Asked, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { driver, clock, closing } = this.#options;
    const { admin } = driver;
    if (admin === undefined || !canTell(admin)) {
      throw this.#cannot("tell its topics and groups (capability 'inspect')");
    }
    const limits = [closing, clock.timeout(ASK_MS), ...(own === undefined ? [] : [own])];
    const { signal, release } = linkedSignal(...limits);
    try {
      return await abortable(question(admin, signal), signal, what);
    } catch (error) {
      throw orClosed(error, closing, own);
    } finally {
      release();
    }
  }

  #cannot(what: string): UnsupportedError {
    return new UnsupportedError(`${this.#options.driver.system} cannot ${what}`);
  }

  #rate(subscription: BusSubscription, handled: number): number | undefined {
    const now = { at: this.#options.clock.monotonic(), count: handled };
    const { perSecond, samples } = rateOf(this.#samples.get(subscription), now);
    this.#samples.set(subscription, samples);
    return perSecond;
  }
}

type Browsed = Driver & Required<Pick<Driver, 'browse'>>;

function canBrowse(driver: Driver): driver is Browsed {
  return driver.browse !== undefined;
}

type Asked = DriverTopicAdmin & Required<Pick<DriverTopicAdmin, 'listTopics' | 'listGroups'>>;

function canTell(admin: DriverTopicAdmin): admin is Asked {
  return admin.listTopics !== undefined && admin.listGroups !== undefined;
}
