/** Declares topics to the broker through the driver's administration. */
import type { Clock } from '../clock.js';
import {
  DEAD_LETTER_TOPIC,
  roomForLettersOf,
  warnOfShortKeeping,
} from '../dead-letters/dead-letter-topics.js';
import { classified } from '../driver/classified.js';
import type { CallOptions, Driver } from '../driver/driver.js';
import type { Persistence } from '../driver/message.js';
import type { DriverTopicAdmin, NewTopicSpec, TopicDescription, TopicSpec } from '../driver/topic-admin.js';
import {
  ConfigError,
  type ConfigProblem,
  EbusError,
  TopicMismatchError,
  UnsupportedError,
} from '../errors.js';
import type { Logger } from '../logger.js';
import { mapLimited } from '../util/map-limited.js';
import * as kinds from '../util/option-kinds.js';
import { checkOptions, isOptionsObject, optionTable } from '../util/options.js';
import { TopicApplyError, type TopicFailure } from './apply-error.js';
import type { TopicGovernance } from './governance.js';
import { type Reconciliation, reconcile } from './reconcile.js';
import { logTopicChanges, logTopicCreated, logUnconfiguredCreated, logUnwritten } from './topic-log.js';
import { creationSpec, readTopicOptions, throwProblems, toTopicSpec, writtenOptions } from './topic-spec.js';
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

const CALL_TIMEOUT_MS = 30_000;
/** Topics that are asked about and changed at once. */
const CONCURRENCY = 16;
/** Looks at a topic that others keep creating before this one gives up. */
const MAX_ROUNDS = 5;
/** Probes say how things are now. */
const PROBE_TOPIC: TopicOptions = { retention: '1h' };

const HOW = optionTable<ConfigureOptions>({
  strategy: kinds.oneOf('skip', 'createOnly', 'createOrUpdate', 'validateOnly'),
  onMismatch: kinds.oneOf('warn', 'fail'),
  allowPartitionIncrease: kinds.flag,
});

/** Strategy, rules and parts of a topic manager. */
export interface TopicManagerOptions {
  driver: Driver;
  logger: Logger;
  clock: Clock;
  strategy: NonNullable<ConfigureOptions['strategy']>;
  onMismatch: NonNullable<ConfigureOptions['onMismatch']>;
  /** What becomes of topics that are used without being configured, and that the broker does not have. */
  unconfigured: 'create' | 'refuse';
  governance: TopicGovernance | undefined;
  readTopics: ReadTopics;
  validateName(topic: string): void;
}

/** Who uses topics, and has to know of changes. */
export interface TopicFollower {
  /** What was configured about a topic changed; whoever remembered something of it must ask again. */
  changed(topic: string): void;
  /**
   * The topic's persistence changes: moves live publishers and subscriptions over, and calls `commit` at the moment
   * from which on the new one holds. Rejects where it cannot, with everything as it was and nothing committed.
   */
  move(topic: string, persistence: Persistence, commit: () => void): Promise<void>;
}

const NOBODY: TopicFollower = {
  changed: () => {},
  move: async (_topic, _persistence, commit) => commit(),
};

interface Wanted {
  readonly topic: string;
  /** What was written, and nothing else. */
  readonly options: TopicOptions;
  /** The same in plain units. */
  readonly written: Partial<TopicSpec>;
  /** As written, else the transport's. */
  readonly persistence: Persistence;
  /** Said by `setPersistence`: the persistence is to change, and nothing else is. */
  readonly moves?: boolean;
}

/** `bus.topics`. Calls about one topic run one after the other. */
export class BusTopicManager implements TopicManager {
  readonly #options: TopicManagerOptions;
  readonly #configured = new Map<string, TopicOptions>();
  readonly #ensured = new Map<string, Promise<void>>();
  /** The last call for a topic that is under way. */
  readonly #busy = new Map<string, Promise<unknown>>();
  /** Topics that were forgotten, and whose publishers and subscriptions are still where they were. */
  readonly #live = new Map<string, Persistence>();
  readonly #watches = new Set<TopicsWatch>();
  #closed = false;
  #follower: TopicFollower = NOBODY;

  /** What happens where a topic is used that the broker may not have. */
  readonly use: TopicUse;

  constructor(options: TopicManagerOptions) {
    this.#options = options;
    const { driver, logger, clock, strategy, unconfigured, governance } = options;
    this.use = new TopicUse({
      ...{ driver, logger, clock, strategy, unconfigured, governance },
      configured: (topic) => this.#configured.get(topic),
      create: (topic, spec, isConfigured) => this.#create(topic, spec, isConfigured),
      created: (topic, spec, isConfigured) => this.#logCreated(topic, spec, isConfigured),
    });
  }

  /** Tells this one of changes from now on, and nobody else. */
  follow(follower: TopicFollower): void {
    this.#follower = follower;
  }

  async configure(topic: string, options: TopicOptions, how: ConfigureOptions = {}): Promise<TopicOutcome> {
    checkOptions('topics.configure', how, HOW);
    const [wanted] = this.#prepare([[topic, options]]);
    return this.#inTurn(topic, () => this.#configure(wanted as Wanted, how));
  }

  async setPersistence(topic: string, persistent: boolean): Promise<TopicOutcome> {
    if (typeof persistent !== 'boolean') {
      throw new ConfigError(
        `setPersistence('${topic}', persistent) needs true or false, got ${typeof persistent}`,
      );
    }
    return this.#inTurn(topic, () => {
      const persistence: Persistence = persistent ? 'persistent' : 'ephemeral';
      const [wanted] = this.#prepare([[topic, { ...this.#given(topic), persistence }]]);
      return this.#configure({ ...(wanted as Wanted), moves: true }, {});
    });
  }

  get(topic: string): TopicOptions {
    return { ...this.#given(topic) };
  }

  async describe(topic: string): Promise<TopicDescription | undefined> {
    this.#options.validateName(topic);
    return this.#admin('describe').describe(topic, this.#call());
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
    void this.#inTurn(topic, () => this.#moveIfNeeded(topic)).catch((err: unknown) => {
      this.#options.logger.error({ err, topic }, 'a forgotten topic could not be moved back to the default');
    });
    return true;
  }

  /** Remembers topics as configured without asking the broker, which cannot be asked yet. */
  declare(configs: Record<string, TopicOptions>): void {
    for (const { topic, options } of this.#prepare(Object.entries(configs))) {
      this.#configured.set(topic, options);
    }
  }

  async apply(configs: Record<string, TopicOptions>, how: ConfigureOptions = {}): Promise<TopicOutcome[]> {
    checkOptions('topics.apply', how, HOW);
    const all = this.#prepare(entriesOf(configs));
    const failures: TopicFailure[] = [];
    const outcomes = await mapLimited(all, CONCURRENCY, async (wanted) => {
      const { topic } = wanted;
      try {
        return await this.#inTurn(topic, () => this.#configure(wanted, how));
      } catch (error) {
        failures.push({ topic, error: this.#toError(topic, error) });
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
    const all = this.#prepare(entriesOf(configs));
    return mapLimited(all, CONCURRENCY, async (wanted) => (await this.#decide(wanted, how)).outcome);
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

  /** Ends what watches files; the configuration stays for what the closing bus still publishes. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#watches].map((watch) => watch.close()));
  }

  /** The persistence that the topic's publishers and subscriptions use at this moment. */
  persistenceOf(topic: string): Persistence {
    const live = this.#live.size === 0 ? undefined : this.#live.get(topic);
    return live ?? this.#configuredPersistence(this.#given(topic));
  }

  /** What was written about a topic; undefined where nothing was. */
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
    return this.#ensureOwn(topic, DEAD_LETTER_TOPIC, of);
  }

  /** The broker says that it does not have the topic, whatever was known: the next use looks for it anew. */
  noteMissing(topic: string): void {
    this.#ensured.delete(topic);
    this.use.missed(topic);
  }

  /** The same for the topic of health probes, which are not kept for long. */
  ensureProbeTopic(topic: string): Promise<void> {
    return this.#ensureOwn(topic, PROBE_TOPIC);
  }

  #ensureOwn(topic: string, options: TopicOptions, of?: () => readonly string[]): Promise<void> {
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
    const { driver, strategy, governance } = this.#options;
    this.use.own(topic, wanted);
    if (driver.admin === undefined || strategy === 'skip' || this.#configured.has(topic)) return;
    // One that exists is as somebody wanted it.
    const present = await driver.admin.describe(topic, this.#call());
    if (present !== undefined) {
      this.use.found(topic);
      if (of !== undefined) warnOfShortKeeping(this.#options.logger, topic, present);
      return;
    }
    const maxMessageBytes = of && (await roomForLettersOf(of(), driver.admin, this.#call()));
    const options = governance?.fix(topic, wanted) ?? wanted;
    const written = toTopicSpec(topic, options, driver.defaultPersistence);
    const persistence = this.#configuredPersistence(options);
    const { create } = this.#reconcile({ topic, options, written, persistence }, {}, undefined, driver.admin);
    const room = maxMessageBytes === undefined ? {} : { maxMessageBytes };
    if (create !== undefined) await this.#create(topic, { ...create, ...room });
  }

  /** One at a time for a topic, in the order of the calls. */
  #inTurn<T>(topic: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(topic);
    const running = before === undefined ? work() : before.then(work, work);
    this.#busy.set(topic, running);
    const done = () => {
      if (this.#busy.get(topic) === running) this.#busy.delete(topic);
    };
    running.then(done, done);
    return running;
  }

  async #configure(wanted: Wanted, how: ConfigureOptions): Promise<TopicOutcome> {
    const { topic, options } = wanted;
    const outcome = await this.#bringAbout(wanted, how);
    this.#report(outcome, how);
    const commit = () => {
      logUnwritten(this.#options.logger, topic, this.#given(topic), options);
      this.#configured.set(topic, options);
      this.#live.delete(topic);
      this.#follower.changed(topic);
    };
    if (this.#configuredPersistence(options) === this.persistenceOf(topic)) commit();
    else await this.#follower.move(topic, this.#configuredPersistence(options), commit);
    return outcome;
  }

  async #moveIfNeeded(topic: string): Promise<void> {
    const to = this.#configuredPersistence(this.#given(topic));
    const commit = () => {
      this.#live.delete(topic);
      this.#follower.changed(topic);
    };
    if (this.persistenceOf(topic) === to) commit();
    else await this.#follower.move(topic, to, commit);
  }

  /**
   * Another process may create or change the topic meanwhile, and brokers change settings by reading and writing them
   * all: so what was done is looked at again.
   */
  async #bringAbout(wanted: Wanted, how: ConfigureOptions): Promise<TopicOutcome> {
    const { topic } = wanted;
    const { admin } = this.#options.driver;
    let altered: TopicOutcome | undefined;
    for (let round = 1; ; round++) {
      const { actual, create, alter, outcome } = await this.#decide(wanted, how);
      if (create !== undefined) {
        if (await this.#create(topic, create)) return outcome;
        if (round < MAX_ROUNDS) continue;
        throw new EbusError(
          `topic '${topic}' was there whenever it was to be created, and missing whenever it was looked for; ` +
            'look whether something else creates and deletes it',
          { code: 'TOPIC_NOT_FOUND', retryable: true },
        );
      }
      if (alter === undefined || round > MAX_ROUNDS) return altered ?? outcome;
      await admin?.alter(topic, alter, this.#call());
      logTopicChanges(this.#options.logger, topic, actual, alter);
      altered ??= outcome;
    }
  }

  /** False where it is there by now. */
  async #create(topic: string, spec: NewTopicSpec, isConfigured = true): Promise<boolean> {
    if ((await this.#options.driver.admin?.create(topic, spec, this.#call())) === false) return false;
    this.use.found(topic);
    this.#logCreated(topic, spec, isConfigured);
    return true;
  }

  #logCreated(topic: string, spec: NewTopicSpec, isConfigured: boolean): void {
    const { driver, logger } = this.#options;
    if (isConfigured) logTopicCreated(logger, topic, spec);
    else logUnconfiguredCreated(logger, topic, driver.system);
  }

  async #decide(
    wanted: Wanted,
    how: ConfigureOptions,
  ): Promise<Reconciliation & { actual?: TopicDescription | undefined }> {
    if ((how.strategy ?? this.#options.strategy) === 'skip') {
      return this.#reconcile(wanted, how, undefined, undefined);
    }
    const admin = this.#admin('configure');
    const actual = await admin.describe(wanted.topic, this.#call());
    if (actual !== undefined) this.use.found(wanted.topic);
    return { ...this.#reconcile(wanted, how, actual, admin), actual };
  }

  #reconcile(
    { topic, options, written, persistence, moves: alone = false }: Wanted,
    { strategy = this.#options.strategy, allowPartitionIncrease = false }: ConfigureOptions,
    actual: TopicDescription | undefined,
    admin: DriverTopicAdmin | undefined,
  ): Reconciliation {
    const before = this.persistenceOf(topic);
    // Taking the option out of the configuration moves this bus; what the broker has stays.
    const isChanged =
      this.#configured.has(topic) && options.persistence !== undefined && persistence !== before;
    const ofDriver = admin?.defaults?.(persistence) ?? {};
    const other: Persistence = persistence === 'persistent' ? 'ephemeral' : 'persistent';
    return reconcile({
      topic,
      written,
      persistence,
      actual,
      strategy,
      allowPartitionIncrease,
      supports: admin?.supports ?? new Set(),
      persistenceIs: admin?.persistenceIs,
      moves: alone || isChanged ? { from: admin?.defaults?.(other) ?? {}, to: ofDriver, alone } : undefined,
      creation: creationSpec(written, persistence, ofDriver),
    });
  }

  /**
   * Everything is checked before the broker is asked for anything.
   * @throws TopicNameError, ConfigError
   */
  #prepare(configs: readonly (readonly [string, TopicOptions])[]): Wanted[] {
    const { driver, governance, validateName } = this.#options;
    const problems: ConfigProblem[] = [];
    let nameError: unknown;
    const all = configs.map(([topic, given]): Wanted => {
      try {
        validateName(topic);
      } catch (error) {
        nameError = error;
        problems.push({ path: `topics.${topic}`, message: (error as Error).message });
      }
      const found: ConfigProblem[] = [];
      const written = readTopicOptions(topic, given, driver.defaultPersistence, found);
      const options = found.length === 0 ? writtenOptions(given) : {};
      const persistence = this.#configuredPersistence(options);
      if (found.length === 0) {
        for (const { field, message } of governance?.check(topic, { ...options, persistence }) ?? []) {
          found.push({ path: `topics.${topic}.${field}`, message });
        }
      }
      problems.push(...found);
      return { topic, options, written, persistence };
    });
    if (nameError !== undefined && problems.length === 1) throw nameError;
    const what =
      configs.length === 1
        ? `the configuration of topic '${configs[0]?.[0]}'`
        : 'the configuration of topics';
    throwProblems(`${what} is wrong`, problems);
    return all;
  }

  #given(topic: string): TopicOptions {
    return this.#configured.get(topic) ?? {};
  }

  #configuredPersistence({ persistence = 'auto' }: TopicOptions): Persistence {
    return persistence === 'auto' ? this.#options.driver.defaultPersistence : persistence;
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

  #call(): CallOptions {
    return { signal: this.#options.clock.timeout(CALL_TIMEOUT_MS) };
  }

  #toError(topic: string, error: unknown): EbusError {
    return EbusError.from(error, (reason) => {
      const { driver } = this.#options;
      const { code, retryable } = classified(driver, error);
      return new EbusError(`configuring topic '${topic}' over ${driver.system} failed: ${reason}`, {
        code: code === 'PUBLISH_FAILED' ? 'TOPIC_APPLY_FAILED' : code,
        retryable,
        cause: error,
      });
    });
  }
}

function entriesOf(configs: Record<string, TopicOptions>): [string, TopicOptions][] {
  if (isOptionsObject(configs)) return Object.entries(configs);
  throw new ConfigError("topics are given as an object of options by name, { 'orders': { … } }");
}
