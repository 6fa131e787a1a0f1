/** Topics that ebus makes for itself: for dead letters and probes. */
import { roomForLettersOf, warnOfShortKeeping } from '../dead-letters/dead-letter-topics.js';
import { classOf } from '../driver/classified.js';
import type { Driver } from '../driver/driver.js';
import type { DriverTopicAdmin, TopicDescription } from '../driver/topic-admin.js';
import type { Logger } from '../logger.js';
import type { BrokerTopics } from './broker-topics.js';
import type { TopicGovernance } from './governance.js';
import { persistenceOf, toTopicSpec } from './topic-spec.js';
import type { TopicUse } from './topic-use.js';
import type { ConfigureOptions, TopicOptions } from './types.js';

/** The broker, and the rules for new topics. */
export interface OwnTopicsOptions {
  readonly driver: Driver;
  readonly logger: Logger;
  readonly strategy: NonNullable<ConfigureOptions['strategy']>;
  readonly governance: TopicGovernance | undefined;
  readonly broker: BrokerTopics;
  readonly use: Pick<TopicUse, 'own'>;
  isConfigured(topic: string): boolean;
  /** @throws TopicNameError */
  validateName(topic: string): void;
}

/** Remembers which of them are there. */
export class OwnTopics {
  readonly #options: OwnTopicsOptions;
  readonly #ensured = new Map<string, Promise<void>>();

  constructor(options: OwnTopicsOptions) {
    this.#options = options;
  }

  /** The broker does not have the topic any more. */
  forget(topic: string): void {
    this.#ensured.delete(topic);
  }

  /** Creates the topic where it is missing. Asks the broker once, until `forget`. `of`: topics whose letters it holds. */
  ensure(topic: string, options: TopicOptions, of?: () => readonly string[]): Promise<void> {
    let ensured = this.#ensured.get(topic);
    if (ensured === undefined) {
      ensured = this.#createOwnTopic(topic, options, of);
      ensured.catch(() => this.#ensured.delete(topic));
      this.#ensured.set(topic, ensured);
    }
    return ensured;
  }

  async #createOwnTopic(topic: string, wanted: TopicOptions, of?: () => readonly string[]): Promise<void> {
    this.#options.validateName(topic);
    const { driver, strategy, governance, broker } = this.#options;
    this.#options.use.own(topic, wanted);
    if (driver.admin === undefined || strategy === 'skip' || this.#options.isConfigured(topic)) return;
    // One that exists was made on purpose; whether it will do is judged when it is used.
    const present = await this.#present(topic, driver.admin);
    if (present !== undefined) {
      if (of !== undefined) warnOfShortKeeping(this.#options.logger, topic, present);
      return;
    }
    const maxMessageBytes = of && (await roomForLettersOf(of(), driver.admin, broker.call()));
    const options = governance?.fix(topic, wanted) ?? wanted;
    const written = toTopicSpec(topic, options, driver.defaultPersistence);
    const persistence = persistenceOf(options, driver);
    const { create } = broker.reconcile(
      { topic, options, written, persistence },
      {},
      undefined,
      driver.admin,
    );
    const room = maxMessageBytes === undefined ? {} : { maxMessageBytes };
    if (create !== undefined) await broker.create(topic, { ...create, ...room });
  }

  /** Publishing to it needs no right to administer it. */
  async #present(topic: string, admin: DriverTopicAdmin): Promise<TopicDescription | undefined> {
    const { driver, broker } = this.#options;
    try {
      return await admin.describe(topic, broker.call());
    } catch (error) {
      if (classOf(driver, error).code !== 'UNAUTHORIZED') throw error;
    }
    try {
      const spec = { persistence: 'persistent', use: 'publish' } as const;
      return (await admin.ensure?.(topic, spec, broker.call()))?.description ?? { name: topic };
    } catch (error) {
      if (classOf(driver, error).code === 'TOPIC_NOT_FOUND') return undefined;
      throw error;
    }
  }
}
