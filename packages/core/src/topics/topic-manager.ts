/** Declares topics to the broker through the driver's administration. */
import type { CallOptions, Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import type { DriverTopicAdmin, TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import { TopicMismatchError, UnsupportedError } from '../errors.js';
import type { Logger } from '../logger.js';
import { type Reconciliation, reconcile } from './reconcile.js';
import { TOPIC_DEFAULTS, toTopicSpec } from './topic-spec.js';
import type { ConfigureOptions, TopicManager, TopicOptions, TopicOutcome } from './types.js';

const CALL_TIMEOUT_MS = 30_000;
/** Dead letters are for people to look at: they are kept longer than the default. */
const DEAD_LETTER_TOPIC: TopicOptions = { persistence: 'persistent', retention: '30d' };

export interface TopicManagerOptions {
  driver: Driver;
  logger: Logger;
  strategy: NonNullable<ConfigureOptions['strategy']>;
  onMismatch: NonNullable<ConfigureOptions['onMismatch']>;
  validateName(topic: string): void;
  /** What was configured about a topic changed; whoever remembered its route must ask again. */
  onChange(topic: string): void;
}

/** Topics that are configured concurrently. */
const APPLIED_AT_ONCE = 16;

export class BusTopicManager implements TopicManager {
  readonly #options: TopicManagerOptions;
  readonly #configured = new Map<string, TopicOptions>();
  readonly #ensured = new Map<string, Promise<void>>();

  constructor(options: TopicManagerOptions) {
    this.#options = options;
  }

  async configure(topic: string, options: TopicOptions, how: ConfigureOptions = {}): Promise<TopicOutcome> {
    const { create, alter, outcome } = await this.#decide(topic, options, how);
    const admin = this.#options.driver.admin;
    if (create !== undefined) await admin?.create(topic, create, call());
    if (alter !== undefined) await admin?.alter(topic, alter, call());
    this.#configured.set(topic, { ...options });
    this.#options.onChange(topic);
    this.#report(outcome, how);
    return outcome;
  }

  /** Not yet: moving live publishers and subscriptions over is more than changing a setting. */
  setPersistence(topic: string, persistent: boolean): Promise<TopicOutcome> {
    const persistence: Persistence = persistent ? 'persistent' : 'ephemeral';
    if (this.persistenceOf(topic) === persistence)
      return this.configure(topic, { ...this.#given(topic), persistence });
    const text = `changing the persistence of '${topic}' at run time is not supported yet; configure it before use`;
    return Promise.reject(new UnsupportedError(text));
  }

  get(topic: string): TopicOptions {
    return { ...TOPIC_DEFAULTS, ...this.#given(topic) };
  }

  describe(topic: string): Promise<TopicDescription | undefined> {
    return this.#admin('describe').describe(topic, call());
  }

  list(): string[] {
    return [...this.#configured.keys()];
  }

  forget(topic: string): boolean {
    const known = this.#configured.delete(topic);
    if (known) this.#options.onChange(topic);
    return known;
  }

  /** Remembers topics as configured without asking the broker, which cannot be asked yet. */
  declare(configs: Record<string, TopicOptions>): void {
    for (const [topic, options] of Object.entries(configs)) {
      this.#spec(topic, options);
      this.#configured.set(topic, { ...options });
    }
  }

  async apply(configs: Record<string, TopicOptions>, how?: ConfigureOptions): Promise<TopicOutcome[]> {
    // All of them are looked at before the broker is asked to change anything.
    for (const [topic, options] of Object.entries(configs)) this.#spec(topic, options);
    const outcomes: TopicOutcome[] = [];
    const entries = Object.entries(configs);
    // Some at a time: one after the other is slow where there are many, and all at once is much for a broker.
    for (let i = 0; i < entries.length; i += APPLIED_AT_ONCE) {
      const some = entries.slice(i, i + APPLIED_AT_ONCE);
      outcomes.push(
        ...(await Promise.all(some.map(([topic, options]) => this.configure(topic, options, how)))),
      );
    }
    return outcomes;
  }

  async plan(configs: Record<string, TopicOptions>, how: ConfigureOptions = {}): Promise<TopicOutcome[]> {
    const outcomes: TopicOutcome[] = [];
    for (const [topic, options] of Object.entries(configs)) {
      outcomes.push((await this.#decide(topic, options, how)).outcome);
    }
    return outcomes;
  }

  persistenceOf(topic: string): Persistence {
    const { persistence = 'auto' } = this.#given(topic);
    return persistence === 'auto' ? this.#options.driver.defaultPersistence : persistence;
  }

  /** What was configured, completed by the defaults; undefined where nothing was. */
  specOf(topic: string): TopicSpec | undefined {
    const options = this.#configured.get(topic);
    if (options === undefined) return undefined;
    return toTopicSpec(topic, { ...TOPIC_DEFAULTS, ...options }, this.#options.driver.defaultPersistence);
  }

  /** Creates a dead-letter topic, durable, where it is missing; asks the broker once. */
  ensureDeadLetterTopic(topic: string): Promise<void> {
    let ensured = this.#ensured.get(topic);
    if (ensured === undefined) {
      ensured = this.#createDeadLetterTopic(topic);
      ensured.catch(() => this.#ensured.delete(topic));
      this.#ensured.set(topic, ensured);
    }
    return ensured;
  }

  async #createDeadLetterTopic(topic: string): Promise<void> {
    this.#options.validateName(topic);
    const { driver, strategy } = this.#options;
    if (driver.admin === undefined || strategy === 'skip' || this.#configured.has(topic)) return;
    // One that exists is as somebody wanted it.
    if ((await driver.admin.describe(topic, call())) !== undefined) return;
    const spec = completed(this.#spec(topic, DEAD_LETTER_TOPIC), driver.admin, driver, topic);
    await driver.admin.create(topic, spec, call());
  }

  async #decide(topic: string, options: TopicOptions, how: ConfigureOptions): Promise<Reconciliation> {
    const { driver, strategy: configured } = this.#options;
    const given = this.#spec(topic, options);
    const strategy = how.strategy ?? configured;
    const { allowPartitionIncrease = false } = how;
    const common = { topic, strategy, allowPartitionIncrease };
    if (strategy === 'skip')
      return reconcile({ ...common, desired: given, actual: undefined, supports: new Set() });
    const admin = this.#admin('configure');
    const actual = await admin.describe(topic, call());
    const decision = reconcile({ ...common, desired: given, actual, supports: admin.supports });
    if (decision.create !== undefined) decision.create = completed(decision.create, admin, driver, topic);
    return decision;
  }

  /** @throws TopicNameError, ConfigError */
  #spec(topic: string, options: TopicOptions): TopicSpec {
    this.#options.validateName(topic);
    return toTopicSpec(topic, options, this.#options.driver.defaultPersistence);
  }

  #given(topic: string): TopicOptions {
    return this.#configured.get(topic) ?? {};
  }

  #admin(what: string): DriverTopicAdmin {
    const { admin, system } = this.#options.driver;
    if (admin !== undefined) return admin;
    throw new UnsupportedError(`${system} cannot ${what} topics; use strategy 'skip'`);
  }

  #report(outcome: TopicOutcome, how: ConfigureOptions): void {
    const { logger, onMismatch } = this.#options;
    const { topic, mismatches, unsupported } = outcome;
    if (unsupported.length > 0) logger.warn({ topic, unsupported }, 'the broker has no such topic settings');
    if (mismatches.length === 0) return;
    if ((how.onMismatch ?? onMismatch) === 'fail') throw new TopicMismatchError(mismatches);
    logger.warn({ topic, mismatches }, 'the topic on the broker is not as configured');
  }
}

/** A topic is created with the defaults for what was not said, as far as the broker has such settings. */
function completed(given: TopicSpec, admin: DriverTopicAdmin, driver: Driver, topic: string): TopicSpec {
  const defaults = toTopicSpec(topic, TOPIC_DEFAULTS, driver.defaultPersistence);
  const supported = Object.entries(defaults).filter(([field]) =>
    admin.supports.has(field as keyof TopicSpec),
  );
  const wanted = Object.entries(given).filter(([field]) => admin.supports.has(field as keyof TopicSpec));
  return Object.fromEntries([...supported, ...wanted]) as unknown as TopicSpec;
}

function call(): CallOptions {
  return { signal: AbortSignal.timeout(CALL_TIMEOUT_MS) };
}
