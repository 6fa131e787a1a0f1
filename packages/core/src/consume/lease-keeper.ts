/** Renews the broker's leases of everything unsettled, running and queued alike, on one timer. */
import type { Clock, TimerHandle } from '../clock.js';
import type { DriverSubscription } from '../driver/driver.js';
import type { InFlight } from './in-flight.js';

export class LeaseKeeper {
  readonly #driver: DriverSubscription;
  readonly #clock: Clock;
  readonly #inFlight: InFlight;
  readonly #onError: (error: unknown) => void;
  #timer: TimerHandle | undefined;

  constructor(
    driver: DriverSubscription,
    clock: Clock,
    inFlight: InFlight,
    onError: (error: unknown) => void,
  ) {
    this.#driver = driver;
    this.#clock = clock;
    this.#inFlight = inFlight;
    this.#onError = onError;
  }

  /** Renews three times per lease; does nothing where deliveries have none. */
  start(): void {
    const { leaseMs } = this.#driver;
    if (leaseMs === undefined || this.#driver.extendLease === undefined) return;
    this.#timer = this.#clock.setTimeout(() => {
      this.#renew();
      this.start();
    }, leaseMs / 3);
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }

  #renew(): void {
    if (this.#inFlight.count === 0) return;
    try {
      this.#driver.extendLease?.([...this.#inFlight].map((delivery) => delivery.token));
    } catch (error) {
      this.#onError(error);
    }
  }
}
