/** Declares topics to the broker through the driver's administration. */
import type { Clock } from '../clock.js';
import { DEAD_LETTER_TOPIC } from '../dead-letters/dead-letter-topics.js';
import { driverError } from '../driver/classified.js';
import type { Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import type { TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import { ConfigError, type EbusError, TopicMismatchError } from '../errors.js';
import type { Logger } from '../logger.js';
import { mapLimited } from '../util/map-limited.js';
import * as kinds from '../util/option-kinds.js';
import { checkOptions, optionTable } from '../util/options.js';
import { Turns } from '../util/turns.js';
import { TopicApplyError, type TopicFailure } from './apply-error.js';
import { BrokerTopics, type Wanted } from './broker-topics.js';
import type { TopicGovernance } from './governance.js';
import { OwnTopics } from './own-topics.js';
import { entriesOf, prepareTopics } from './prepare-topics.js';
import { NO_FOLLOWER, type TopicFollower } from './topic-follower.js';
import { logUnwritten } from './topic-log.js';
import { persistenceOf, toTopicSpec } from './topic-spec.js';
import { TopicUse } from './topic-use.js';
import { type ReadTopics, TopicsFile } from './topics-file.js';
import type {
  ConfigureOptions,
  TopicManager,
  TopicOptions,
  TopicOutcome,
  TopicsWatch,
  WatchOptions,
} from './types.js';

/** Topics that are asked about and changed at once. */
const CONCURRENCY = 16;
/** Probes say how things are now. */
const PROBE_TOPIC: TopicOptions = { retention: '1h' };

const HOW = optionTable<ConfigureOptions>({
  strategy: kinds.oneOf('skip', 'createOnly', 'createOrUpdate', 'validateOnly'),
  onMismatch: kinds.oneOf('warn', 'fail'),
  allowPartitionIncrease: kinds.flag,
  allowPartitionDecrease: kinds.flag,
});

/** Strategy, rules and parts of a topic manager. */
export interface TopicManagerOptions {
  driver: Driver;
  logger: Logger;
  clock: Clock;
  strategy: NonNullable<ConfigureOptions['strategy']>;
  onMismatch: NonNullable<ConfigureOptions['onMismatch']>;
  /** The policy for topics that are used and neither configured nor on the broker. */
  unconfigured: 'create' | 'refuse';
  governance: TopicGovernance | undefined;
  readTopics: ReadTopics;
  validateName(topic: string): void;
}

/** `bus.topics`. Calls about one topic run one after the other. */
export class BusTopicManager implements TopicManager {
  readonly #options: TopicManagerOptions;
  readonly #configured = new Map<string, TopicOptions>();
  readonly #broker: BrokerTopics;
  readonly #own: OwnTopics;
  readonly #turns = new Turns();
  /** Topics that were forgotten, and whose publishers and subscriptions are still where they were. */
  readonly #live = new Map<string, Persistence>();
  readonly #watches = new Set<TopicsWatch>();
  #closed = false;
  #follower: TopicFollower = NO_FOLLOWER;

  /** The checks before a topic is used that the broker may not have. */
  readonly use: TopicUse;

  constructor(options: TopicManagerOptions) {
    this.#options = options;
    const { driver, logger, clock, strategy, unconfigured, governance } = options;
    this.use = new TopicUse({
      ...{ driver, logger, clock, strategy, unconfigured, governance },
      configured: (topic) => this.#configured.get(topic),
      created: (topic, spec, isConfigured) => this.#broker.logCreated(topic, spec, isConfigured),
    });
    const isConfigured = (topic: string) => this.#configured.has(topic);
    this.#broker = new BrokerTopics({
      ...{ driver, clock, logger, strategy, use: this.use, isConfigured },
      persistenceOf: (topic) => this.persistenceOf(topic),
    });
    this.#own = new OwnTopics({
      ...{ driver, logger, strategy, governance, use: this.use, broker: this.#broker, isConfigured },
      validateName: options.validateName,
    });
  }

  /** Makes this the only follower of changes. */
  follow(follower: TopicFollower): void {
    this.#follower = follower;
  }

  async configure(topic: string, options: TopicOptions, how: ConfigureOptions = {}): Promise<TopicOutcome> {
    checkOptions('topics.configure', how, HOW);
    const [wanted] = prepareTopics([[topic, options]], this.#options);
    return this.#turns.run(topic, () => this.#configure(wanted as Wanted, how));
  }

  async setPersistence(topic: string, persistent: boolean): Promise<TopicOutcome> {
    if (typeof persistent !== 'boolean') {
      throw new ConfigError(
        `setPersistence('${topic}', persistent) needs true or false, got ${typeof persistent}`,
      );
    }
    return this.#turns.run(topic, () => {
      const persistence: Persistence = persistent ? 'persistent' : 'ephemeral';
      const [wanted] = prepareTopics([[topic, { ...this.#given(topic), persistence }]], this.#options);
      return this.#configure({ ...(wanted as Wanted), moves: true }, {});
    });
  }

  get(topic: string): TopicOptions {
    return { ...this.#given(topic) };
  }

  async describe(topic: string): Promise<TopicDescription | undefined> {
    this.#options.validateName(topic);
    return this.#broker.admin('describe').describe(topic, this.#broker.call());
  }

  list(): string[] {
    return [...this.#configured.keys()];
  }

  forget(topic: string): boolean {
    const options = this.#configured.get(topic);
    if (options === undefined) return false;
    const before = this.persistenceOf(topic);
    this.#configured.delete(topic);
    const after = this.persistenceOf(topic);
    if (after === before) return true;
    // What is live goes on where it is until it has been moved.
    this.#live.set(topic, before);
    void this.#turns
      .run(topic, () => this.#moveIfNeeded(topic))
      .catch((err: unknown) => {
        this.#options.logger.error(
          { err, topic },
          'a forgotten topic could not be moved back to the default',
        );
      });
    return true;
  }

  /** Remembers topics as configured without asking the broker, which cannot be asked yet. */
  declare(configs: Record<string, TopicOptions>): void {
    for (const { topic, options } of prepareTopics(Object.entries(configs), this.#options)) {
      this.#configured.set(topic, options);
    }
  }

  async apply(configs: Record<string, TopicOptions>, how: ConfigureOptions = {}): Promise<TopicOutcome[]> {
    checkOptions('topics.apply', how, HOW);
    const all = prepareTopics(entriesOf(configs), this.#options);
    const failures: TopicFailure[] = [];
    const outcomes = await mapLimited(all, CONCURRENCY, async (wanted) => {
      const { topic } = wanted;
      try {
        return await this.#turns.run(topic, () => this.#configure(wanted, how));
      } catch (error) {
        failures.push({ topic, error: this.#applyError(topic, error) });
        return undefined;
      }
    });
    if (failures.length === 0) return outcomes as TopicOutcome[];
    const order = new Map(all.map(({ topic }, index) => [topic, index]));
    failures.sort((a, b) => (order.get(a.topic) ?? 0) - (order.get(b.topic) ?? 0));
    const mismatches = failures.map(({ error }) =>
      TopicMismatchError.isInstance(error) ? error.mismatches : [],
    );
    if (mismatches.every(({ length }) => length > 0)) throw new TopicMismatchError(mismatches.flat());
    throw new TopicApplyError(
      failures,
      outcomes.filter((outcome) => outcome !== undefined),
    );
  }

  async plan(configs: Record<string, TopicOptions>, how: ConfigureOptions = {}): Promise<TopicOutcome[]> {
    checkOptions('topics.plan', how, HOW);
    const all = prepareTopics(entriesOf(configs), this.#options);
    return mapLimited(all, CONCURRENCY, async (wanted) => (await this.#broker.decide(wanted, how)).outcome);
  }

  async watch(file: string, options: WatchOptions = {}): Promise<TopicsWatch> {
    const { clock, logger, readTopics } = this.#options;
    const watch = new TopicsFile(file, options, {
      clock,
      logger,
      readTopics,
      topics: this,
      onClosed: (closed) => this.#watches.delete(closed),
    });
    if (this.#closed) await watch.close();
    this.#watches.add(watch);
    await watch.start();
    return watch;
  }

  /** Ends the watching of files; the configuration stays for the last publishes of the closing bus. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#watches].map((watch) => watch.close()));
  }

  /** The persistence that the topic's publishers and subscriptions use at this moment. */
  persistenceOf(topic: string): Persistence {
    const live = this.#live.size === 0 ? undefined : this.#live.get(topic);
    return live ?? persistenceOf(this.#given(topic), this.#options.driver);
  }

  /** The written options of a topic; undefined where there are none. */
  writtenOf(topic: string): Partial<TopicSpec> | undefined {
    const options = this.#configured.get(topic);
    if (options === undefined) return undefined;
    return toTopicSpec(topic, options, this.#options.driver.defaultPersistence);
  }

  /**
   * Creates a dead-letter topic where it is missing: durable, and for messages as large as those of the topics `of` which it
   * holds letters. Asks the broker once.
   */
  ensureDeadLetterTopic(topic: string, of: () => readonly string[]): Promise<void> {
    return this.#own.ensure(topic, DEAD_LETTER_TOPIC, of);
  }

  /** The broker says that it does not have the topic: the next use looks for it anew. */
  noteMissing(topic: string): void {
    this.#own.forget(topic);
    this.use.missed(topic);
  }

  /** The same for the topic of health probes, which are not kept for long. */
  ensureProbeTopic(topic: string): Promise<void> {
    return this.#own.ensure(topic, PROBE_TOPIC);
  }

  async #configure(wanted: Wanted, how: ConfigureOptions): Promise<TopicOutcome> {
    const { topic, options } = wanted;
    const outcome = await this.#broker.bringAbout(wanted, how);
    this.#report(outcome, how);
    const commit = () => {
      logUnwritten(this.#options.logger, topic, this.#given(topic), options);
      this.#configured.set(topic, options);
      this.#live.delete(topic);
      this.#follower.changed(topic);
    };
    if (persistenceOf(options, this.#options.driver) === this.persistenceOf(topic)) commit();
    else await this.#follower.move(topic, persistenceOf(options, this.#options.driver), commit);
    return outcome;
  }

  async #moveIfNeeded(topic: string): Promise<void> {
    const to = persistenceOf(this.#given(topic), this.#options.driver);
    const commit = () => {
      this.#live.delete(topic);
      this.#follower.changed(topic);
    };
    if (this.persistenceOf(topic) === to) commit();
    else await this.#follower.move(topic, to, commit);
  }

  #applyError(topic: string, error: unknown): EbusError {
    return driverError(this.#options.driver, error, `configuring topic '${topic}'`, 'TOPIC_APPLY_FAILED');
  }

  #given(topic: string): TopicOptions {
    return this.#configured.get(topic) ?? {};
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
