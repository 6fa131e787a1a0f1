/**
 * The broker's leases of all deliveries in flight, buffered and queued alike: renewed on one timer, and known to run
 * out.
 */
import type { Clock } from '../clock.js';
import type { DriverSubscription } from '../driver/subscription.js';
import { Ticker } from '../util/ticker.js';
import { type Delivery, isBusy } from './delivery.js';
import type { InFlight } from './in-flight.js';

interface LeasesOptions {
  readonly clock: Clock;
  readonly inFlight: InFlight;
  /** Of partitions that go to another member: their handlers may end in time, and keep their messages until then. */
  leaving(): Iterable<Delivery>;
  onError(error: unknown): void;
  /** The leases of these ran out before they could be renewed, and none of them is running. */
  onRunOut(deliveries: readonly Delivery[]): void;
}

/** Renewed that often within a lease. A timer that comes half as much later than it should tells of a sleep. */
const PER_LEASE = 3;

/** Renews leases three times per lease. After a sleep of the machine it drops leases that ran out. */
export class Leases {
  readonly #options: LeasesOptions;
  #driver: DriverSubscription | undefined;
  #leaseMs = Number.POSITIVE_INFINITY;
  #ticker: Ticker | undefined;
  /** Monotonic milliseconds at which the timer fired last. */
  #firedAt = 0;
  /** Messages that arrived before that moment (monotonic) have been taken in since. */
  #awakeAt = 0;

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** Renews three times per lease from now on; does nothing where deliveries have none. */
  start(driver: DriverSubscription): void {
    if (driver.leaseMs === undefined) return;
    this.#driver = driver;
    this.#leaseMs = driver.leaseMs;
    this.#firedAt = this.#options.clock.monotonic();
    this.#awakeAt = this.#firedAt;
    this.#ticker = new Ticker(this.#options.clock, this.#leaseMs / PER_LEASE, () => this.#tick());
    this.#ticker.start();
  }

  /** Whether deliveries have leases. */
  get any(): boolean {
    return this.#driver !== undefined;
  }

  /**
   * When the lease of what arrives now began at the latest: 0 where there are none. Not now: in a process that slept, what
   * arrives has waited for it to wake up.
   */
  now(): number {
    return this.#driver === undefined ? 0 : this.#awakeAt;
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

  /** Reports the deliveries whose lease ran out. */
  drop(): void {
    const now = this.#options.clock.monotonic();
    this.#tell(
      [...this.#options.inFlight].filter((delivery) => !isBusy(delivery) && this.#ranOut(delivery, now)),
    );
  }

  #tick(): void {
    const { clock } = this.#options;
    const before = this.#firedAt;
    const now = clock.monotonic();
    this.#firedAt = now;
    this.#awakeAt = now;
    if (now - before > (1.5 * this.#leaseMs) / PER_LEASE) {
      this.#awakeAt = before;
      // After I/O had a turn.
      clock.setImmediate(() => {
        this.#awakeAt = now;
      });
    }
    this.#renew(now);
  }

  #renew(now: number): void {
    const { inFlight, leaving, onError } = this.#options;
    if (inFlight.count === 0) return;
    const renewed: Delivery[] = [...leaving()];
    const runOut: Delivery[] = [];
    for (const delivery of inFlight) {
      // What runs is renewed all the same: it cannot be taken back, and the broker may not have given it away yet.
      if (isBusy(delivery) || !this.#ranOut(delivery, now)) renewed.push(delivery);
      else runOut.push(delivery);
    }
    try {
      if (renewed.length > 0) this.#driver?.extendLease?.(renewed.map(({ token }) => token));
      for (const delivery of renewed) delivery.leasedAt = now;
    } catch (error) {
      onError(error);
    }
    this.#tell(runOut);
  }

  #tell(runOut: readonly Delivery[]): void {
    if (runOut.length > 0) this.#options.onRunOut(runOut);
  }

  #ranOut({ leasedAt }: Delivery, now: number): boolean {
    return now - leasedAt > this.#leaseMs;
  }
}
