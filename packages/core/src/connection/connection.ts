/** The state of the connection, as the client reports it. */
import type { Clock } from '../clock.js';
import type { ConnectionChange } from '../driver/driver.js';

/** The connection at one moment. It does not change: ask again. */
export interface ConnectionState {
  readonly status: 'connecting' | 'connected' | 'reconnecting' | 'failed' | 'closed';
  readonly since: Date;
  readonly lastConnectedAt?: Date;
  /** How often the connection came back. */
  readonly reconnects: number;
  readonly lastError?: unknown;
}

/** `bus.connection`. */
export interface Connection {
  /** The state that the client reports. */
  state(): ConnectionState;
  /**
   * Replaces the client and restores every subscription; concurrent calls share one outcome. Before the first
   * connection it is the next attempt to connect, made at once. `signal` gives up waiting, not the attempt.
   * @throws ConnectionError when it failed for good; it may be called again
   * @throws BusClosedError, also where the bus closes meanwhile
   */
  reconnect(options?: { signal?: AbortSignal }): Promise<void>;
}

/** Keeps the last state that the client reported, and tells of changes. */
export class TrackedConnection {
  readonly #clock: Clock;
  readonly #onChange: (status: ConnectionState['status'], cause: unknown) => void;
  #state: ConnectionState;
  /** Of the last change, in monotonic time. */
  #changedAt: number;
  /** How often a connection was reported lost. */
  losses = 0;

  constructor(clock: Clock, onChange: (status: ConnectionState['status'], cause: unknown) => void) {
    this.#clock = clock;
    this.#onChange = onChange;
    this.#changedAt = clock.monotonic();
    this.#state = { status: 'connecting', since: new Date(clock.now()), reconnects: 0 };
  }

  state(): ConnectionState {
    return this.#state;
  }

  /** Milliseconds since the status changed. */
  get lastedMs(): number {
    return this.#clock.monotonic() - this.#changedAt;
  }

  /** The client says so. Repeating a status changes nothing. */
  report(change: ConnectionChange | { status: 'connecting' | 'closed'; cause?: unknown }): void {
    const { status, cause } = change;
    if (this.#state.status === status || this.#state.status === 'closed') return;
    if (status === 'reconnecting' || status === 'failed') this.losses++;
    const now = new Date(this.#clock.now());
    this.#changedAt = this.#clock.monotonic();
    const cameBack = status === 'connected' && this.#state.lastConnectedAt !== undefined;
    this.#state = {
      ...this.#state,
      status,
      since: now,
      reconnects: this.#state.reconnects + (cameBack ? 1 : 0),
      ...(status === 'connected' ? { lastConnectedAt: now } : {}),
      ...(cause === undefined ? {} : { lastError: cause }),
    };
    this.#onChange(status, cause);
  }
}
