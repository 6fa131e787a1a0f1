/**
 * The only owner of reconnecting. Clients come back by themselves; a client is replaced only when it has given up,
 * or when somebody asks for it.
 */
import type { Clock } from '../clock.js';
import type { ConnectionChange, Driver, DriverHost } from '../driver/driver.js';
import { abortError, BusClosedError, ConnectionError, EbusError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { MetricsCollector } from '../metrics/collector.js';
import { backoffDelay } from '../util/backoff.js';
import { pause } from '../util/pause.js';
import { type Connection, type ConnectionState, TrackedConnection } from './connection.js';

/** Between attempts of the first connecting, which `connectTimeout` bounds. */
const FIRST_BACKOFF = { base: 100, max: 1_000, jitter: false };
const DISCONNECT_MS = 1_000;

export interface SupervisorEvents {
  changed(status: ConnectionState['status'], cause: unknown): void;
  /** The connection is back; resolves when those who want to know were told. */
  cameBack(): Promise<void>;
}

export interface SupervisorOptions {
  driver: Driver;
  clock: Clock;
  logger: Logger;
  metrics: MetricsCollector | undefined;
  events: SupervisorEvents;
  /** For one attempt to replace the client, and for all attempts of the first connecting together. */
  connectTimeout: number;
  /** 0: for ever. */
  maxReconnectAttempts: number;
  initialBackoff: number;
  maxBackoff: number;
}

export class ConnectionSupervisor implements Connection {
  readonly #options: SupervisorOptions;
  readonly #tracked: TrackedConnection;
  readonly #closed = new AbortController();
  readonly #waiting = new Set<() => void>();
  #rebuilding: Promise<void> | undefined;
  #telling: Promise<void> = Promise.resolve();
  #lostAt: number | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#tracked = new TrackedConnection(options.clock, (status, cause) =>
      options.events.changed(status, cause),
    );
  }

  state(): ConnectionState {
    return this.#tracked.state();
  }

  /** How often a connection was reported lost. */
  get losses(): number {
    return this.#tracked.losses;
  }

  /**
   * Connects for the first time, trying again while that may help.
   * @throws ConnectionError once `connectTimeout` has passed
   */
  async connect(host: Omit<DriverHost, 'onState'>): Promise<void> {
    const { driver, connectTimeout } = this.#options;
    const signal = AbortSignal.timeout(connectTimeout);
    try {
      await this.#firstConnect(host, signal);
    } catch (error) {
      await driver.close({ signal: AbortSignal.timeout(DISCONNECT_MS) }).catch(() => {});
      throw this.#connectError(error, signal);
    }
    this.#report({ status: 'connected' });
  }

  /** The same in the background, for as long as it takes: `connect: 'lazy'`. */
  connectLazily(host: Omit<DriverHost, 'onState'>, then: () => Promise<void>): void {
    const { logger } = this.#options;
    this.#firstConnect(host, this.#closed.signal)
      .then(() => {
        this.#report({ status: 'connected' });
        return then();
      })
      .catch((err: unknown) => {
        if (this.#closed.signal.aborted) return;
        logger.error({ err }, 'connecting failed for good; connection.reconnect() tries again');
        this.#report({ status: 'failed', cause: err });
      });
  }

  /** Resolves once connected. @throws EbusError `ABORTED`, BusClosedError */
  async whenConnected(signal: AbortSignal, what: string): Promise<void> {
    while (this.state().status === 'connecting') {
      if (signal.aborted) throw abortError(signal, what);
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    if (this.#closed.signal.aborted) throw new BusClosedError();
  }

  /**
   * Replaces the client, also one that claims to be well. Concurrent calls share one attempt.
   * @throws ConnectionError when the attempts are used up, or trying again cannot help
   */
  reconnect(): Promise<void> {
    if (this.#closed.signal.aborted) return Promise.reject(new BusClosedError());
    this.#rebuilding ??= this.#rebuild(undefined).finally(() => {
      this.#rebuilding = undefined;
    });
    return this.#rebuilding;
  }

  /** The bus is closed; whoever waits here is let go. */
  close(): void {
    this.#closed.abort();
    this.#tracked.report({ status: 'closed' });
    this.#wake();
  }

  async #firstConnect(host: Omit<DriverHost, 'onState'>, signal: AbortSignal): Promise<void> {
    const { driver } = this.#options;
    const full: DriverHost = { ...host, onState: (change) => this.#told(change) };
    for (let attempt = 1; ; attempt++) {
      try {
        if (attempt === 1) await driver.connect(full, { signal });
        else await driver.reconnect?.({ signal });
        return;
      } catch (error) {
        if (signal.aborted || driver.reconnect === undefined || !this.#mayHelp(error)) throw error;
        await pause(this.#options.clock, backoffDelay(FIRST_BACKOFF, attempt), signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** The client says so. */
  #told(change: ConnectionChange): void {
    if (this.#closed.signal.aborted || this.state().status === 'connecting') return;
    // The new client is there; its subscriptions are not, until the driver has said that it is done.
    if (change.status === 'connected' && this.#rebuilding !== undefined) return;
    const canHelp = change.status === 'failed' && this.#mayHelp(change.cause);
    if (!canHelp) return this.#report(change);
    this.#report({ status: 'reconnecting', cause: change.cause });
    this.#rebuilding ??= this.#rebuild(change.cause).finally(() => {
      this.#rebuilding = undefined;
    });
    // Its outcome is reported as the connection's state.
    this.#rebuilding.catch(() => {});
  }

  async #rebuild(cause: unknown): Promise<void> {
    const { driver, connectTimeout, maxReconnectAttempts, initialBackoff, maxBackoff, logger } =
      this.#options;
    this.#report({ status: 'reconnecting', cause });
    const { signal: closed } = this.#closed;
    for (let attempt = 1; ; attempt++) {
      const began = performance.now();
      try {
        const signal = AbortSignal.any([AbortSignal.timeout(connectTimeout), closed]);
        // A driver without a client of its own to replace only shows that it still answers.
        await (driver.reconnect === undefined ? driver.ping({ signal }) : driver.reconnect({ signal }));
        if (closed.aborted) throw new BusClosedError();
        return this.#report({ status: 'connected' });
      } catch (error) {
        if (closed.aborted) throw new BusClosedError();
        this.#options.metrics?.recordReconnect(false, (performance.now() - began) / 1_000);
        const usedUp = maxReconnectAttempts > 0 && attempt >= maxReconnectAttempts;
        if (usedUp || !this.#mayHelp(error)) {
          this.#report({ status: 'failed', cause: error });
          throw this.#connectError(error, closed);
        }
        logger.warn({ err: error, attempt }, 'reconnecting failed; trying again');
        await pause(
          this.#options.clock,
          backoffDelay({ base: initialBackoff, max: maxBackoff }, attempt),
          closed,
        );
        if (closed.aborted) throw new BusClosedError();
      }
    }
  }

  #report(change: ConnectionChange): void {
    const before = this.state().status;
    this.#tracked.report(change);
    const { status } = this.state();
    if (status === before) return;
    this.#wake();
    if (status === 'reconnecting' || status === 'failed') this.#lostAt ??= performance.now();
    if (status !== 'connected' || before === 'connecting') return;
    this.#options.metrics?.recordReconnect(
      true,
      (performance.now() - (this.#lostAt ?? performance.now())) / 1_000,
    );
    this.#lostAt = undefined;
    // One reconnect after the other, also where the connection breaks again while listeners are at work.
    this.#telling = this.#telling.then(() => this.#options.events.cameBack());
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  #mayHelp(error: unknown): boolean {
    if (error === undefined) return true;
    return EbusError.isInstance(error) ? error.retryable : this.#options.driver.classify(error).retryable;
  }

  #connectError(error: unknown, signal: AbortSignal): EbusError {
    return EbusError.from(error, (reason) => {
      const { driver, connectTimeout } = this.#options;
      const why = signal.aborted ? `no connection within ${connectTimeout} ms` : reason;
      return new ConnectionError(`cannot connect to ${driver.system}: ${why}`, { cause: error });
    });
  }
}
