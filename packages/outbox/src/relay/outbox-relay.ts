/** The relay: takes committed events out of the outbox and publishes them. */
import { checkOptions, type Duration, EbusError, kinds, optionTable, parseDuration } from '@ebus/core/driver';
import type { BatchReport } from './batch.js';
import { Figures } from './figures.js';
import { Pruning } from './pruning.js';
import { relayHealth } from './relay-health.js';
import { type OutboxRelayOptions, type RelaySettings, settingsOf } from './relay-options.js';
import type { RelayStats } from './relay-stats.js';
import { RetryTimes } from './retry-times.js';
import { Session } from './session.js';
import { WakeUp } from './wake-up.js';

const STOP = optionTable<{ timeout?: Duration }>({ timeout: kinds.duration });

/**
 * Publishes the events of an outbox through a bus: at least once, and per aggregate in the order of the commits. Any
 * number of relays may work on one outbox, in any number of processes; each event is leased by one at a time. What a
 * relay held when it was killed is published by another once its lease ran out.
 *
 * Stop it before the bus is closed.
 */
export class OutboxRelay implements AsyncDisposable {
  readonly #settings: RelaySettings;
  readonly #figures: Figures;
  readonly #wakeUp: WakeUp;
  readonly #retries: RetryTimes;
  readonly #pruning: Pruning;
  #session: Session;
  #starting: Promise<void> | undefined;
  /** Ends what the loop began; undefined while it does not run. */
  #detach: (() => Promise<void>) | undefined;

  /** @throws ConfigError for options that are missing, unknown or of another kind */
  constructor(options: OutboxRelayOptions) {
    this.#settings = settingsOf(options);
    const { clock, logger } = this.#settings;
    this.#figures = new Figures(logger);
    this.#wakeUp = new WakeUp(clock);
    this.#retries = new RetryTimes(clock);
    this.#pruning = new Pruning(this.#settings);
    this.#session = this.#newSession();
  }

  /**
   * Begins to publish. Resolves once the schema is found to be right, or the database cannot be reached: then the relay
   * waits for it. Idempotent.
   * @throws ConfigError where the schema is missing or of another version, or another relay on this bus has a health check
   *   of that name, by rejecting
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
      this.#figures.storeFailed(error);
    }
    this.#detach = this.#attach();
    void this.#loop(this.#session);
  }

  /** Has itself woken and its health looked at. */
  #attach(): () => Promise<void> {
    const { bus, store, health } = this.#settings;
    const wake = () => this.#wakeUp.call();
    const checks =
      health === undefined
        ? []
        : [bus.health.register(relayHealth({ ...health, stats: () => this.stats() }))];
    const ends = [...checks, bus.on('connected', wake), bus.on('reconnected', wake)];
    const unwatch = store.watch?.(wake);
    return async () => {
      for (const end of ends) end();
      await unwatch?.();
    };
  }

  /**
   * Ends in order: claims no more, waits for the publishes under way, writes what became of them, and hands the rest back.
   * Until the timeout (default 30 s); leases that are left then run out. May be started again. Idempotent.
   */
  async stop(options: { timeout?: Duration } = {}): Promise<void> {
    checkOptions('stop', options, STOP);
    await this.#starting?.catch(() => {});
    this.#starting = undefined;
    const session = this.#session;
    const detach = this.#detach;
    this.#session = this.#newSession();
    this.#detach = undefined;
    const ended = session.end(parseDuration(options.timeout ?? '30s'));
    this.#wakeUp.call();
    await Promise.all([ended, detach?.()]);
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
    const batch = await this.#session.claim();
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
    const stored = await this.#settings.store.stats();
    const { published, publishFailures, gaveUp, storeError } = this.#figures;
    const running = this.#detach !== undefined;
    return {
      ...stored,
      ...{ published, publishFailures, gaveUp, storeError, running, held: this.#session.held },
    };
  }

  async #loop(session: Session): Promise<void> {
    while (!session.isOver) await this.#step(session);
  }

  /** One look at the store at most, then a wait where nothing was found. */
  async #step(session: Session): Promise<void> {
    const { bus, pollInterval } = this.#settings;
    await session.room();
    if (session.isOver) return;
    // Events that cannot be sent are better left to a relay that can.
    if (bus.connection.state().status !== 'connected') return this.#wakeUp.wait(pollInterval);
    try {
      const found = this.#pruning.isDue ? await this.#pruning.next() : (await session.claim()).held.length;
      this.#figures.storeAnswered();
      if (found > 0) return;
    } catch (error) {
      this.#figures.storeFailed(error);
    }
    if (!session.isOver) await this.#wakeUp.wait(Math.min(pollInterval, this.#retries.untilNext()));
  }

  #newSession(): Session {
    return new Session(this.#settings, this.#figures, {
      onBatchDone: () => this.#wakeUp.call(),
      onRetry: (delay) => this.#retries.add(delay),
    });
  }
}
