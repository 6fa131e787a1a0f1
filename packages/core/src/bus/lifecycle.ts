/** The life of a bus from its creation to its end. docs/guides/lifecycle.md has the table of its states. */
import type { Clock } from '../clock.js';
import type { ConnectionSupervisor } from '../connection/supervisor.js';
import type { Subscriptions } from '../consume/subscriptions.js';
import type { CloseReport } from '../consume/types.js';
import type { Driver } from '../driver/driver.js';
import { type Duration, parseDuration } from '../duration.js';
import { BusClosedError } from '../errors.js';
import type { Publisher } from '../publish/publisher.js';
import type { Extension } from '../registry/plugin.js';
import type { BusLogger } from '../util/bus-logger.js';
import { CLOSE_OPTIONS } from '../util/common-options.js';
import { checkOptions } from '../util/options.js';
import { deferred } from '../util/promise.js';
import { settledWithin } from '../util/waiting.js';
import type { Monitoring } from './monitoring.js';
import { StartStop } from './start-stop.js';

const DEFAULT_CLOSE_TIMEOUT_MS = 30_000;
/** The least time of a step, where the timeout is used up: flushing after the handlers, saying goodbye to the broker. */
const LEAST_MS = 250;
const LEAST_DISCONNECT_MS = 1_000;
const DISCONNECT_TIMEOUT_MS = 5_000;
/** Extensions may hang while they start or stop. */
const STOP_TIMEOUT_MS = 5_000;

/** Parts that end with the bus. */
export interface LifecycleOptions {
  topics: { close(): Promise<void> };
  driver: Driver;
  connection: ConnectionSupervisor;
  subscriptions: Subscriptions;
  publisher: Publisher;
  /** Those that read them leave the broker before the driver closes. */
  deadLetters: { ended(): Promise<void> };
  monitoring: Monitoring;
  extensions: readonly Extension[];
  /** Made by the bus itself, and closed with it. */
  ownMetrics: { close?(): void | Promise<void> } | undefined;
  clock: Clock;
  logger: BusLogger;
  /** Aborted when closing begins: questions to the broker are given up then. */
  closing: AbortController;
}

/** Starts, stops and closes a bus. Closing is shared by all callers and has one outcome. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #startStop: StartStop;
  #closing: Promise<CloseReport> | undefined;

  constructor(options: LifecycleOptions) {
    this.#options = options;
    const { monitoring, extensions, closing } = options;
    this.#startStop = new StartStop({ monitoring, extensions, closing: closing.signal });
  }

  /** @throws BusClosedError once closing has begun */
  start(): Promise<void> {
    return this.#startStop.start();
  }

  /** Harmless on a bus that closes or is closed: its monitors have stopped. */
  async stop(): Promise<void> {
    if (!this.isClosing) await this.#startStop.stop();
  }

  /** True once `close` was called. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  async close(options: { timeout?: Duration }): Promise<CloseReport> {
    checkOptions('close', options, CLOSE_OPTIONS);
    if (this.#closing !== undefined) return this.#closing;
    // Taken before anybody is told, who may call `close` in turn.
    const closing = deferred<CloseReport>();
    this.#closing = closing.promise;
    const { timeout } = options;
    const ms = timeout === undefined ? DEFAULT_CLOSE_TIMEOUT_MS : parseDuration(timeout);
    this.#close(ms).then(closing.resolve, closing.reject);
    return closing.promise;
  }

  async #close(timeout: number): Promise<CloseReport> {
    const { driver, connection, subscriptions, publisher, topics, closing, ownMetrics, clock, deadLetters } =
      this.#options;
    const deadline = clock.monotonic() + timeout;
    const left = (least = LEAST_MS) => Math.max(least, deadline - clock.monotonic());
    // All of this begins before the first await: what the caller does next finds the bus closing.
    closing.abort(new BusClosedError());
    const told = this.#tellExtensions('closing');
    const unwatched = this.#attempt('ending topics.watch()', () => topics.close());
    const drains = subscriptions.refuse().map((subscription) => subscription.close({ timeout }));
    await settledWithin(clock, told, left());
    await settledWithin(clock, unwatched, left());
    const stopped = this.#attempt('stopping', () => this.#startStop.stop());
    await settledWithin(clock, stopped, Math.min(left(), STOP_TIMEOUT_MS));

    // Handlers drain first, and may publish while they do; then publishing is refused and flushed.
    const drained = await Promise.all(drains);
    // The driver closes last, so a subscription that is just being made is given the time to give up.
    await settledWithin(clock, subscriptions.atRest(), Math.min(left(), LEAST_DISCONNECT_MS));
    publisher.refuse();
    const flushed = await settledWithin(clock, publisher.flush(), left());
    const { unpublished } = publisher.close();
    await settledWithin(clock, deadLetters.ended(), LEAST_DISCONNECT_MS);

    // The driver is asked nothing more once it is asked to close.
    await settledWithin(clock, connection.shut(), LEAST_MS);
    const ms = Math.min(left(LEAST_DISCONNECT_MS), DISCONNECT_TIMEOUT_MS);
    const disconnected = this.#attempt('disconnecting', () => driver.close({ signal: clock.timeout(ms) }));
    await settledWithin(clock, disconnected, ms + LEAST_MS);
    connection.close();
    await settledWithin(clock, this.#tellExtensions('close'), left(LEAST_DISCONNECT_MS));
    const measured = this.#attempt("the metrics collector's close()", async () => ownMetrics?.close?.());
    await settledWithin(clock, measured, left(LEAST_DISCONNECT_MS));
    this.#options.logger.flush();
    return {
      handled: sum(drained.map((report) => report.handled)),
      abandoned: sum(drained.map((report) => report.abandoned)),
      unpublished,
      timedOut: !flushed || drained.some((report) => report.timedOut),
    };
  }

  async #tellExtensions(moment: 'closing' | 'close'): Promise<void> {
    for (const extension of this.#options.extensions) {
      await this.#attempt(`an extension's ${moment}()`, async () => extension[moment]?.());
    }
  }

  /** Closing goes on when one part of it fails. */
  async #attempt(what: string, action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (err) {
      this.#options.logger.error({ err, what }, 'closing the bus: a step failed');
    }
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
