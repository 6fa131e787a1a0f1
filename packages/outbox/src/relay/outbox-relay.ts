/** The relay: takes committed events out of the outbox and publishes them. */
import { checkOptions, type Duration, EbusError, kinds, optionTable, parseDuration } from '@ebus/core/driver';
import { Batch, type BatchReport, type Held, type Outcome } from './batch.js';
import { Ledger } from './ledger.js';
import { Pruning } from './pruning.js';
import { publishRun } from './publish-run.js';
import { relayHealth } from './relay-health.js';
import { type OutboxRelayOptions, type RelaySettings, settingsOf } from './relay-options.js';
import { type RelayStats, relayStats } from './relay-stats.js';
import { RetryTimes } from './retry-times.js';
import { RunQueue } from './run-queue.js';
import { WakeUp } from './wake-up.js';

const STOP = optionTable<{ timeout?: Duration }>({ timeout: kinds.duration });

/**
 * Publishes the events of an outbox through a bus: at least once, and per aggregate in the order of the commits. Any
 * number of relays may work on one outbox, in any number of processes; each event is leased by one at a time. What a
 * relay held when it was killed is published by another once its lease ran out.
 */
export class OutboxRelay implements AsyncDisposable {
  readonly #settings: RelaySettings;
  readonly #wakeUp: WakeUp;
  readonly #runs: RunQueue;
  readonly #retries: RetryTimes;
  readonly #pruning: Pruning;
  #ledger: Ledger;
  #loop: Promise<void> | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;
  #published = 0;
  #publishFailures = 0;
  #gaveUp = 0;
  #storeError: unknown;
  #isFailing = false;

  /** @throws ConfigError for options that are missing, unknown or of another kind */
  constructor(options: OutboxRelayOptions) {
    this.#settings = settingsOf(options);
    const { clock, concurrency } = this.#settings;
    this.#wakeUp = new WakeUp(clock);
    this.#retries = new RetryTimes(clock);
    this.#pruning = new Pruning(this.#settings);
    this.#ledger = this.#newLedger();
    this.#runs = new RunQueue(concurrency, (run) => this.#publish(run));
  }

  /**
   * Begins to publish. Resolves once the schema is found to be right, or the database cannot be reached: then the relay
   * waits for it. Idempotent.
   * @throws ConfigError where the schema is missing or of another version, by rejecting
   */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error: unknown) => {
      this.#starting = undefined;
      throw error;
    });
    return this.#starting;
  }

  async #start(): Promise<void> {
    try {
      await this.#settings.store.verify?.();
    } catch (error) {
      if (!EbusError.isInstance(error) || !error.retryable) throw error;
      this.#storeFailed(error);
    }
    this.#loop = this.#run();
  }

  /**
   * Ends in order: claims no more, waits for the publishes under way, writes what became of them, and hands the rest back.
   * Until the timeout (default 30 s); leases that are left then run out. May be started again. Idempotent.
   */
  async stop(options: { timeout?: Duration } = {}): Promise<void> {
    checkOptions('stop', options, STOP);
    await this.#starting?.catch(() => {});
    this.#starting = undefined;
    this.#stopping = true;
    this.#wakeUp.call();
    const { clock } = this.#settings;
    const timer = clock.setTimeout(() => this.#ledger.giveUp(), parseDuration(options.timeout ?? '30s'));
    await this.#ledger.atMost(0);
    clock.clearTimeout(timer);
    this.#ledger = this.#newLedger();
    await this.#loop;
    this.#loop = undefined;
    this.#stopping = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /**
   * Claims one batch, publishes it, and resolves once what became of it is written. Works whether the relay was started or
   * not, as a job of a scheduler does. Nothing is left where `claimed` is 0.
   * @throws ConnectionError and ConfigError where the store cannot be asked, by rejecting
   */
  async runOnce(): Promise<BatchReport> {
    const batch = await this.#claim();
    return batch.done;
  }

  /** Publishes a failed event after all, with all its tries. False where no failed event has that id. */
  async retry(id: string): Promise<boolean> {
    const found = await this.#settings.store.retry(id);
    if (found) this.#wakeUp.call();
    return found;
  }

  /** Gives a failed event up, so that its aggregate goes on. False where no failed event has that id. */
  async skip(id: string): Promise<boolean> {
    const found = await this.#settings.store.skip(id);
    if (found) this.#wakeUp.call();
    return found;
  }

  /**
   * How much waits and how long, asked from the store; and the relay's own figures.
   * @throws ConnectionError and ConfigError where the store cannot be asked, by rejecting
   */
  async stats(): Promise<RelayStats> {
    const { store, clock } = this.#settings;
    const stored = await store.stats();
    return relayStats(
      stored,
      {
        published: this.#published,
        publishFailures: this.#publishFailures,
        gaveUp: this.#gaveUp,
        held: this.#ledger.size,
        running: this.#loop !== undefined,
        storeError: this.#storeError,
      },
      clock.now(),
    );
  }

  async #run(): Promise<void> {
    const { bus, store, health } = this.#settings;
    const wake = () => this.#wakeUp.call();
    const ends = [bus.on('connected', wake), bus.on('reconnected', wake)];
    if (health !== undefined) {
      ends.push(bus.health.register(relayHealth({ ...health, stats: () => this.stats() })));
    }
    const unwatch = store.watch?.(wake);
    while (!this.#stopping) await this.#step();
    for (const end of ends) end();
    await unwatch?.();
  }

  /** One look at the store at most, then a wait where nothing was found. */
  async #step(): Promise<void> {
    const { bus, batchSize, pollInterval } = this.#settings;
    await this.#ledger.atMost(batchSize);
    if (this.#stopping) return;
    // Events that cannot be sent are better left to a relay that can.
    if (bus.connection.state().status !== 'connected') return this.#wakeUp.wait(pollInterval);
    try {
      const found = this.#pruning.isDue ? await this.#pruning.next() : (await this.#claim()).held.length;
      this.#storeAnswers();
      if (found > 0) return;
    } catch (error) {
      this.#storeFailed(error);
    }
    await this.#wakeUp.wait(Math.min(pollInterval, this.#retries.untilNext()));
  }

  async #claim(): Promise<Batch> {
    const { store, clock, batchSize, lease } = this.#settings;
    // The lease begins when the store answers; counted from the question, it ends here before it ends there.
    const expiresAt = clock.now() + lease;
    const batch = new Batch(await store.claim(batchSize, lease), expiresAt);
    this.#ledger.add(batch.held);
    this.#runs.add(batch.runs());
    // Later events of its aggregates may be claimed now.
    if (batch.held.length > 0) void batch.done.then(() => this.#wakeUp.call());
    return batch;
  }

  #publish(run: readonly Held[]): Promise<void> {
    const { bus, clock, maxRetries, backoff, logger } = this.#settings;
    return publishRun(run, {
      ...{ bus, clock, maxRetries, backoff, ledger: this.#ledger },
      stopping: () => this.#stopping,
      onPublished: () => {
        this.#published++;
        this.#isFailing = false;
      },
      onFailure: ({ event }, err, failure) => {
        this.#publishFailures++;
        const { topic, id, attempts } = event;
        const fields = {
          topic,
          eventId: id,
          aggregateId: event.envelope.aggregateId,
          attempt: attempts + 1,
          err,
        };
        if (failure.final) {
          this.#gaveUp++;
          logger.error(
            fields,
            'the event is failed and holds its aggregate; call retry(id) or skip(id) of the relay',
          );
          return;
        }
        this.#retries.add(failure.delay);
        // A broker that is away fails every event: one line says so.
        const level = this.#isFailing && !failure.counts ? 'debug' : 'warn';
        this.#isFailing = true;
        logger[level](
          { ...fields, delayMs: Math.round(failure.delay) },
          'the event was not published, and is tried again',
        );
      },
    });
  }

  #newLedger(): Ledger {
    const { store, clock, lease, logger } = this.#settings;
    return new Ledger({
      ...{ store, clock, lease },
      onWritten: ({ batch }: Held, outcome: Outcome) => batch.settle(outcome),
      onError: (error) => this.#storeFailed(error),
      onLost: ({ event }) => {
        const { topic, id } = event;
        logger.warn(
          { topic, eventId: id },
          'the lease ran out and another relay has the event; it may come twice',
        );
      },
    });
  }

  #storeFailed(err: unknown): void {
    const { logger } = this.#settings;
    if (this.#storeError === undefined)
      logger.warn({ err }, 'the outbox cannot be reached; the relay goes on trying');
    this.#storeError = err;
  }

  #storeAnswers(): void {
    if (this.#storeError === undefined) return;
    this.#storeError = undefined;
    this.#settings.logger.info('the outbox can be reached again');
  }
}
