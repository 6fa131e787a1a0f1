/** The broker's leases of everything in flight, buffered and queued alike: renewed on one timer, and known to run out. */
import type { Clock } from '../clock.js';
import type { DriverSubscription } from '../driver/subscription.js';
import { Ticker } from '../util/ticker.js';
import { type Delivery, isBusy } from './delivery.js';
import type { InFlight } from './in-flight.js';

export interface LeasesOptions {
  readonly clock: Clock;
  readonly inFlight: InFlight;
  onError(error: unknown): void;
  /** The leases of these ran out before they could be renewed, and none of them is running. */
  onRunOut(deliveries: readonly Delivery[]): void;
}

export class Leases {
  readonly #options: LeasesOptions;
  #driver: DriverSubscription | undefined;
  #leaseMs = Number.POSITIVE_INFINITY;
  #ticker: Ticker | undefined;
  /** Monotonic milliseconds. */
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Renews three times per lease from now on; does nothing where deliveries have none. */
  start(driver: DriverSubscription): void {
    if (driver.leaseMs === undefined) return;
    this.#driver = driver;
    this.#leaseMs = driver.leaseMs;
    this.#ticker = new Ticker(this.#options.clock, this.#leaseMs / 3, () => this.#renew());
    this.#ticker.start();
  }

  /** Whether deliveries have leases. */
  get any(): boolean {
    return this.#driver !== undefined;
  }

  /** When the lease of what arrives now began: 0 where there are none. */
  now(): number {
    return this.#driver === undefined ? 0 : this.#options.clock.monotonic();
  }

  /**
   * Whether the lease ran out before it could be renewed: this process slept, or its event loop was busy for too long. The
   * broker may have given the message to another by now, so it must not be begun here.
   */
  hasRunOut(delivery: Delivery): boolean {
    return this.#driver !== undefined && this.#ranOut(delivery, this.#options.clock.monotonic());
  }

  stop(): void {
    void this.#ticker?.stop();
    this.#driver = undefined;
  }

  /** Tells of everything whose lease ran out. */
  drop(): void {
    const now = this.#options.clock.monotonic();
    this.#tell(
      [...this.#options.inFlight].filter((delivery) => !isBusy(delivery) && this.#ranOut(delivery, now)),
    );
  }

  #renew(): void {
    const { inFlight, clock, onError } = this.#options;
    if (inFlight.count === 0) return;
    const now = clock.monotonic();
    const tokens: unknown[] = [];
    const runOut: Delivery[] = [];
    for (const delivery of inFlight) {
      // What runs is renewed all the same: it cannot be taken back, and the broker may not have given it away yet.
      if (isBusy(delivery) || !this.#ranOut(delivery, now)) tokens.push(delivery.token);
      else runOut.push(delivery);
    }
    try {
      if (tokens.length > 0) this.#driver?.extendLease?.(tokens);
      this.#renewedAt = now;
    } catch (error) {
      onError(error);
    }
    this.#tell(runOut);
  }

  #tell(runOut: readonly Delivery[]): void {
    if (runOut.length > 0) this.#options.onRunOut(runOut);
  }

  #ranOut({ leasedAt }: Delivery, now: number): boolean {
    return now - Math.max(leasedAt, this.#renewedAt) > this.#leaseMs;
  }
}
