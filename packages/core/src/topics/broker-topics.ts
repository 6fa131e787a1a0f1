/** Bringing topics about on the broker: look, decide, create or alter, and look again. */
import type { Clock } from '../clock.js';
import type { CallOptions, Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import type { DriverTopicAdmin, NewTopicSpec, TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import { EbusError, UnsupportedError } from '../errors.js';
import type { Logger } from '../logger.js';
import { type Reconciliation, reconcile } from './reconcile.js';
import { logTopicChanges, logTopicCreated, logUnconfiguredCreated } from './topic-log.js';
import { creationSpec } from './topic-spec.js';
import type { TopicUse } from './topic-use.js';
import type { ConfigureOptions, TopicOptions, TopicOutcome } from './types.js';

const CALL_TIMEOUT_MS = 30_000;
/** Looks at a topic that others keep creating before this one gives up. */
const MAX_ROUNDS = 5;

/** A topic as it is to be. */
export interface Wanted {
  readonly topic: string;
  /** The written options, without defaults. */
  readonly options: TopicOptions;
  /** The same in plain units. */
  readonly written: Partial<TopicSpec>;
  /** As written, else the transport's. */
  readonly persistence: Persistence;
  /** Said by `setPersistence`: the persistence is to change, and nothing else is. */
  readonly moves?: boolean;
}

/** The broker, and the manager's view of a topic. */
export interface BrokerTopicsOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly strategy: NonNullable<ConfigureOptions['strategy']>;
  readonly use: Pick<TopicUse, 'found'>;
  /** The persistence that the topic's publishers and subscriptions use at this moment. */
  persistenceOf(topic: string): Persistence;
  isConfigured(topic: string): boolean;
}

/** Asks and changes the broker. Each call has a time limit of its own. */
export class BrokerTopics {
  readonly #options: BrokerTopicsOptions;

  constructor(options: BrokerTopicsOptions) {
    this.#options = options;
  }

  /**
   * Another process may create or change the topic meanwhile, and brokers change settings by reading and writing them
   * all: so the result is checked again.
   */
  async bringAbout(wanted: Wanted, how: ConfigureOptions): Promise<TopicOutcome> {
    const { topic } = wanted;
    const { admin } = this.#options.driver;
    let altered: TopicOutcome | undefined;
    for (let round = 1; ; round++) {
      const { actual, create, alter, outcome } = await this.decide(wanted, how);
      if (create !== undefined) {
        if (await this.create(topic, create)) return outcome;
        if (round < MAX_ROUNDS) continue;
        throw new EbusError(
          `topic '${topic}' was there whenever it was to be created, and missing whenever it was looked for; ` +
            'look whether something else creates and deletes it',
          { code: 'TOPIC_NOT_FOUND', retryable: true },
        );
      }
      if (alter === undefined || round > MAX_ROUNDS) return altered ?? outcome;
      await admin?.alter(topic, alter, this.call());
      logTopicChanges(this.#options.logger, topic, actual, alter);
      altered ??= outcome;
    }
  }

  /** Creates it, and logs that. False where it is there by now. */
  async create(topic: string, spec: NewTopicSpec, isConfigured = true): Promise<boolean> {
    if ((await this.#options.driver.admin?.create(topic, spec, this.call())) === false) return false;
    this.#options.use.found(topic);
    this.logCreated(topic, spec, isConfigured);
    return true;
  }

  /** Logs a topic that was made. */
  logCreated(topic: string, spec: NewTopicSpec, isConfigured: boolean): void {
    const { driver, logger } = this.#options;
    if (isConfigured) logTopicCreated(logger, topic, spec);
    else logUnconfiguredCreated(logger, topic, driver.system);
  }

  /** Looks at the topic, and decides what to do. Changes nothing. */
  async decide(
    wanted: Wanted,
    how: ConfigureOptions,
  ): Promise<Reconciliation & { actual?: TopicDescription | undefined }> {
    if ((how.strategy ?? this.#options.strategy) === 'skip') {
      return this.reconcile(wanted, how, undefined, undefined);
    }
    const admin = this.admin('configure');
    const actual = await admin.describe(wanted.topic, this.call());
    return { ...this.reconcile(wanted, how, actual, admin), actual };
  }

  reconcile(
    { topic, options, written, persistence, moves: alone = false }: Wanted,
    {
      strategy = this.#options.strategy,
      allowPartitionIncrease = false,
      allowPartitionDecrease = false,
    }: ConfigureOptions,
    actual: TopicDescription | undefined,
    admin: DriverTopicAdmin | undefined,
  ): Reconciliation {
    const before = this.#options.persistenceOf(topic);
    // Taking the option out of the configuration moves this bus; what the broker has stays.
    const isChanged =
      this.#options.isConfigured(topic) && options.persistence !== undefined && persistence !== before;
    const ofDriver = admin?.defaults?.(persistence) ?? {};
    const other: Persistence = persistence === 'persistent' ? 'ephemeral' : 'persistent';
    return reconcile({
      topic,
      written,
      persistence,
      actual,
      strategy,
      allowPartitionIncrease,
      allowPartitionDecrease,
      canReducePartitions: admin?.canReducePartitions,
      supports: admin?.supports ?? new Set(),
      only: this.#options.driver.defaultPersistence,
      persistenceIs: admin?.persistenceIs,
      moves: alone || isChanged ? { from: admin?.defaults?.(other) ?? {}, to: ofDriver, alone } : undefined,
      creation: creationSpec(written, persistence, ofDriver),
    });
  }

  /** @throws UnsupportedError where the transport has no administration */
  admin(what: string): DriverTopicAdmin {
    const { admin, system } = this.#options.driver;
    if (admin !== undefined) return admin;
    throw new UnsupportedError(`${system} cannot ${what} topics; use strategy 'skip'`);
  }

  /** The signal of one question. */
  call(): CallOptions {
    return { signal: this.#options.clock.timeout(CALL_TIMEOUT_MS) };
  }
}
