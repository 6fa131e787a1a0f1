/**
 * The only owner of reconnecting. Clients come back by themselves; a client is replaced only when it has given up,
 * or when the application asks for it.
 */
import { classOf } from '../driver/classified.js';
import type { AttemptOptions, ConnectionChange, DriverHost } from '../driver/driver.js';
import { abortError, BusClosedError } from '../errors.js';
import { anySignal, linkedSignal } from '../util/any-signal.js';
import type { BackoffOptions } from '../util/backoff.js';
import { SIGNAL_OPTIONS } from '../util/common-options.js';
import { checkOptions } from '../util/options.js';
import { deferred } from '../util/promise.js';
import { abortable, backOff, heeding, settledWithin } from '../util/waiting.js';
import { connectError, mayHelp } from './connect-error.js';
import { type Connection, type ConnectionState, TrackedConnection } from './connection.js';
import type { SupervisorOptions } from './supervisor-options.js';

/** Between attempts of the first connecting, which `connectTimeout` bounds. */
const FIRST_BACKOFF = { base: 100, max: 1_000, jitter: false };
const DISCONNECT_MS = 1_000;

/** Connects, watches the client and replaces it. One attempt at a time; callers share its outcome. */
export class ConnectionSupervisor implements Connection {
  readonly #options: SupervisorOptions;
  readonly #tracked: TrackedConnection;
  readonly #closed = new AbortController();
  /** Resolved at the next change of the status, and when it closes. */
  #changed = deferred();
  #host: DriverHost | undefined;
  /** The driver was asked to connect; it may have failed. */
  #asked = false;
  #everConnected = false;
  #onFirst: (() => void) | undefined;
  /** Connecting for the first time, or replacing the client; later callers share it. */
  #working: Promise<void> | undefined;
  /** The driver's attempt that is under way. */
  #attempting: Promise<void> = Promise.resolve();
  /** How many there were, and which of them brought the present client. */
  #attempts = 0;
  #succeeded = 0;
  /** Cuts the pause between two attempts short. */
  #pausing = new AbortController();
  #telling: Promise<void> = Promise.resolve();
  #lostAt: number | undefined;
  #follow: (state: ConnectionState) => void = () => {};

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#tracked = new TrackedConnection(options.clock, (status, cause) => {
      this.#follow(this.state());
      options.events.changed(status, cause);
    });
  }

  /** Calls `follow` now, and at every change before other listeners. One at a time. */
  onChange(follow: (state: ConnectionState) => void): void {
    this.#follow = follow;
    follow(this.state());
  }

  state(): ConnectionState {
    return this.#tracked.state();
  }

  /** Milliseconds since the status changed. */
  get lastedMs(): number {
    return this.#tracked.lastedMs;
  }

  /** How often a connection was reported lost. */
  get losses(): number {
    return this.#tracked.losses;
  }

  /**
   * Connects for the first time, trying again while that may help. Gives up when `connectTimeout` has passed or
   * `given` aborts, also where the driver does not heed its signal; the driver is closed then.
   * @throws ConnectionError once `connectTimeout` has passed
   */
  async connect(host: Omit<DriverHost, 'onState'>, given?: AbortSignal): Promise<void> {
    const { driver, connectTimeout, clock } = this.#options;
    const signal = anySignal(clock.timeout(connectTimeout), this.#closed.signal, given);
    this.#prepare(host);
    try {
      await heeding(this.#firstConnect(signal), signal, this.#options.clock, () => {
        throw undefined;
      });
    } catch (error) {
      const options = { signal: clock.timeout(DISCONNECT_MS) };
      await settledWithin(clock, (async () => driver.close(options))(), DISCONNECT_MS);
      if (given?.aborted === true) throw abortError(given, 'creating the event bus');
      throw connectError(this.#options, error, signal);
    }
    this.#connectedFirst();
  }

  /** The same in the background, for as long as it takes: `connect: 'lazy'`. `then` is called once connected. */
  connectLazily(host: Omit<DriverHost, 'onState'>, then: () => void): void {
    this.#prepare(host);
    this.#onFirst = then;
    void this.#work(async () => {
      const { signal } = this.#closed;
      try {
        await abortable(this.#firstConnect(signal), signal, 'connecting');
      } catch (error) {
        if (signal.aborted) throw new BusClosedError();
        const text = 'connecting failed for good; connection.reconnect() tries again';
        this.#options.logger.error({ err: error }, text);
        this.#report({ status: 'failed', cause: error });
        throw connectError(this.#options, error, signal);
      }
      this.#connectedFirst();
    });
  }

  /** There was a connection, so the driver knows what its broker can do. */
  get everConnected(): boolean {
    return this.#everConnected;
  }

  /** Resolves once connected. @throws EbusError `ABORTED`, BusClosedError, ConnectionError where connecting failed */
  async whenConnected(signal: AbortSignal, what: string): Promise<void> {
    while (this.state().status === 'connecting' && !this.#closed.signal.aborted) {
      await abortable(this.#changed.promise, signal, what);
    }
    if (this.#closed.signal.aborted) throw new BusClosedError();
    if (!this.#everConnected) throw connectError(this.#options, this.state().lastError, this.#closed.signal);
  }

  async reconnect(options: { signal?: AbortSignal } = {}): Promise<void> {
    checkOptions('connection.reconnect', options, SIGNAL_OPTIONS);
    if (this.#closed.signal.aborted || this.#options.closing?.aborted === true) throw new BusClosedError();
    this.#pausing.abort();
    await abortable(
      this.#working ?? this.#work(() => this.#rebuild(undefined)),
      options.signal,
      'reconnecting',
    );
  }

  /**
   * No further attempt from now on, and no news of the client. Waiting callers are released. Resolves when the driver
   * is done with the attempt under way. Never rejects.
   */
  shut(): Promise<void> {
    this.#closed.abort();
    this.#wake();
    return this.#attempting;
  }

  /** The bus is closed. */
  close(): void {
    void this.shut();
    this.#tracked.report({ status: 'closed' });
  }

  #prepare(host: Omit<DriverHost, 'onState'>): void {
    this.#host = { ...host, onState: (change) => this.#told(change) };
  }

  /** Work under way is shared by all its callers; its outcome is also reported as the connection's state. */
  #work(work: () => Promise<void>): Promise<void> {
    const working = deferred();
    this.#working = working.promise;
    working.promise.catch(() => {});
    const over = () => {
      this.#working = undefined;
    };
    work().finally(over).then(working.resolve, working.reject);
    return working.promise;
  }

  async #firstConnect(signal: AbortSignal): Promise<void> {
    const { driver } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(signal);
      } catch (error) {
        if (signal.aborted || driver.reconnect === undefined || !this.#mayHelp(error)) throw error;
        await this.#pause(FIRST_BACKOFF, attempt, signal);
        if (signal.aborted) throw error;
      }
    }
  }

  /** One attempt: the first one connects, the later ones replace the client. */
  async #attempt(signal: AbortSignal): Promise<void> {
    const attempt = ++this.#attempts;
    const attempting = this.#ask({ signal, attempt });
    this.#attempting = attempting.catch(() => {});
    await attempting;
    this.#succeeded = attempt;
  }

  async #ask(options: AttemptOptions): Promise<void> {
    const { driver } = this.#options;
    if (!this.#asked || (!this.#everConnected && driver.reconnect === undefined)) {
      this.#asked = true;
      await driver.connect(this.#host as DriverHost, options);
    } else if (driver.reconnect !== undefined) {
      await driver.reconnect(options);
    } else {
      // A driver without a client of its own to replace only shows that it still answers.
      await driver.ping(options);
    }
  }

  #connectedFirst(): void {
    if (this.#closed.signal.aborted) throw new BusClosedError();
    this.#everConnected = true;
    this.#report({ status: 'connected' });
    this.#onFirst?.();
  }

  /** The client says so. */
  #told(change: ConnectionChange): void {
    if (this.#closed.signal.aborted || !this.#everConnected) return;
    // What a client says that was replaced is about nothing any more.
    if (change.attempt !== undefined && change.attempt < this.#succeeded) return;
    // The new client is there; its subscriptions are not, until the driver has said that it is done.
    if (change.status === 'connected' && this.#working !== undefined) return;
    if (change.status !== 'failed' || !this.#mayHelp(change.cause)) return this.#report(change);
    this.#report({ status: 'reconnecting', cause: change.cause });
    if (this.#working === undefined) void this.#work(() => this.#rebuild(change.cause));
  }

  async #rebuild(cause: unknown): Promise<void> {
    const { connectTimeout, maxReconnectAttempts, initialBackoff, maxBackoff, logger } = this.#options;
    this.#report({ status: this.#everConnected ? 'reconnecting' : 'connecting', cause });
    const { signal: closed } = this.#closed;
    for (let attempt = 1; ; attempt++) {
      const began = this.#options.clock.monotonic();
      try {
        const signal = anySignal(this.#options.clock.timeout(connectTimeout), closed);
        // Not given up at the timeout: two attempts at once would be two clients. The driver heeds its signal.
        await abortable(this.#attempt(signal), closed, 'reconnecting');
        if (closed.aborted) throw new BusClosedError();
        if (!this.#everConnected) return this.#connectedFirst();
        return this.#report({ status: 'connected' });
      } catch (error) {
        if (closed.aborted) throw new BusClosedError();
        this.#options.metrics?.recordReconnect(false, (this.#options.clock.monotonic() - began) / 1_000);
        const usedUp = maxReconnectAttempts > 0 && attempt >= maxReconnectAttempts;
        if (usedUp || !this.#mayHelp(error)) {
          this.#report({ status: 'failed', cause: error });
          throw connectError(this.#options, error, closed);
        }
        logger.warn({ err: error, attempt }, 'reconnecting failed; trying again');
        await this.#pause({ base: initialBackoff, max: maxBackoff }, attempt, closed);
        if (closed.aborted) throw new BusClosedError();
      }
    }
  }

  /** Until the next attempt is due or asked for, or the signal aborts. */
  async #pause(backoff: BackoffOptions, attempt: number, signal: AbortSignal): Promise<void> {
    this.#pausing = new AbortController();
    const either = linkedSignal(this.#pausing.signal, signal);
    await backOff(this.#options.clock, backoff, attempt, either.signal);
    either.release();
  }

  #report(change: ConnectionChange | { status: 'connecting'; cause?: unknown }): void {
    if (this.#closed.signal.aborted) return;
    const before = this.state();
    this.#tracked.report(change);
    const { status } = this.state();
    if (status === before.status) return;
    this.#wake();
    const now = this.#options.clock.monotonic();
    if (status === 'reconnecting' || status === 'failed') this.#lostAt ??= now;
    if (status !== 'connected' || before.lastConnectedAt === undefined) return;
    this.#options.metrics?.recordReconnect(true, (now - (this.#lostAt ?? now)) / 1_000);
    this.#lostAt = undefined;
    // One reconnect after the other, also where the connection breaks again while listeners are at work.
    this.#telling = this.#telling.then(async () => {
      if (!this.#closed.signal.aborted) await this.#options.events.cameBack();
    });
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = deferred();
  }

  #mayHelp(error: unknown): boolean {
    if (error === undefined) return true;
    return mayHelp(classOf(this.#options.driver, error), this.#everConnected);
  }
}
